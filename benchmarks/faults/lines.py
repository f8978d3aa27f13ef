"""Random command lines, built from the real options (the fields of the dataclasses behind the commands) and values that fit or do not.

Held: exit status 0, 1, 2, 3, 4 or 130, no traceback, at least one line on stderr or stdout where it is not 0, and no hang.
"""

import dataclasses
import os
import shutil
import tempfile
import typing
from pathlib import Path
from random import Random
from typing import Any

from .forked import in_child
from .mutate import of_text

LIMIT = 60
"""Seconds of one command line."""
STATUSES = (0, 1, 2, 3, 4, 130)
SOURCES = (
    "small.npz", "fakes.zip", "run:run", "fakes.npz", "digits", "digits[split=test]", "run:run@ema", "run:points", "a.safetensors",
    "mixture[kind=ring,n=200]", "paired[of=digits,task=edges]", "none.zip", "rep", "math:pi", "mnist[root=none]", "", "points.npy",
    "run:half", "digits[split=no]", "small.npz[key=x]", "-", "folder[path=rep/pictures]", "\udcff.zip",
)  # fmt: skip
FEATURES = (
    "pixels",
    "pixels",
    "random-conv",
    "auto",
    "pixels,random-conv",
    "classifier",
    "coordinates",
    "nothing",
    "pixels[x=1]",
    "",
)
METRICS = (
    "precision",
    "frechet_distance",
    "coverage",
    "headline",
    "all",
    "precision,recall",
    "psnr",
    "no_such",
    "precision[k=3]",
    "precision@pixels",
    "",
)
TEXTS: dict[str, tuple[str, ...]] = {
    "data": SOURCES, "real": SOURCES, "held_out": SOURCES, "train": SOURCES,
    "features": FEATURES, "metrics": METRICS, "select": METRICS,
    "out": ("new", "new", "new.zip", "new.npz", "new.npy", "new.safetensors", "new.onnx", "small.npz", "run", "", "a/b/c", "/proc/x", "new/\x1b"),
    "network": ("dcgan[width=2]", "mlp[width=8,depth=2]", "resnet[width=2]", "dcgan[width=0]", "dcgan[width=-1]", "x"),
    "discriminator": ("", "patch[width=2]", "x"), "objective": ("hinge", "wgan", "nonsaturating", "lsgan", "rpgan", "x", "hinge[x=1]"),
    "penalties": ("r1[gamma=0.3]", "gradient-penalty[weight=10]", "r1[gamma=nan]", "r1[gamma=-1]", "x"),
    "techniques": ("ema[half_life=100]", "ema", "lecam", "x", "ema[half_life=0]"), "conditioning": ("none", "concat", "projection", "x"),
    "decay": ("constant", "linear", "cosine", "x"), "optimizer": ("adam", "rmsprop", "x"), "fakes": ("fresh", "shared", "x"),
    "which": ("newest", "ema", "best", "final", "generator", "x"), "memory": ("2GB", "100MB", "1B", "x", "1e400"),
    "protocol": ("", "trusted", "fid", "x"), "on_bad": ("fail", "skip", "x"), "pairs": ("names", "order", "none", "x"),
    "until": ("", "50%", "1%", "0%", "-1%", "x"),
    "size": ("laptop", "laptop", "paper", "x"), "to": ("tensorboard", "wandb", "x"), "device": ("cpu", "auto", "mps", "x"),
    "precision": ("32-true", "bf16-mixed", "x"), "failures": ("noise", "all", "x", "blur"), "push_to_hub": ("", "x", "a/b/c"),
    "weights": ("", "none.pt", "small.npz"),
    "recipe": ("", "x"), "project": ("x", ""),
}  # fmt: skip
INTEGERS = ("1", "2", "3", "60", "7", "0", "-1", "10", "x", "1.5", "1e3", "99999999999999999999", "", "nan", "９")
FLOATS = ("0.5", "0.95", "0.0002", "0", "1", "-1", "nan", "inf", "1e-300", "0.95", "x", "1e999")
CHEAP = {"steps": "2", "batch": "8", "evaluate_samples": "50", "features": "pixels", "size": "smoke", "seeds": "1", "n": "60", "metrics": "precision",
         "failures": "noise", "data": "small.npz", "resolution": "8"}  # fmt: skip
"""Given where the line does not give them: what a command takes otherwise would be long."""
LARGE = ("steps", "evaluate_samples", "seeds", "discriminator_steps")
LABS = ("inception-score-blind", "no-such-lab", "list", "")


def _kinds() -> dict[str, tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Return each command's options and what its positional words may be."""
    from gantlet.cli import options
    from gantlet.core.config import EvaluateConfig, TrainConfig
    from gantlet.evaluation.audit.config import AuditConfig

    folders = ("run", "rep", "half", "points", "none", "small.npz", "new")
    return {
        "train": (
            ("dcgan", "ring", "digits", "wgan-gp", "pix2pix", "no-recipe", "run/config.toml", "small.npz"),
            (options.Train, TrainConfig),
        ),
        "sample": (folders, (options.Sample,)),
        "export": (folders, (options.Export,)),
        "evaluate": (SOURCES, (options.Evaluate, EvaluateConfig)),
        "compare": (SOURCES, (options.Compare, EvaluateConfig)),
        "audit": ((), (options.Audit, AuditConfig)),
        "stats make": (SOURCES, (options.StatsMake, EvaluateConfig)),
        "stats merge": (("a.safetensors", "b.safetensors", "none", "small.npz"), (options.StatsMerge,)),
        "stats show": (
            ("a.safetensors", "none", "small.npz", "run/checkpoints/final.safetensors"),
            (options.StatsShow,),
        ),
        "lab": (LABS, (options.Lab,)),
        "report": (folders, (options.ReportCommand,)),
        "log": (folders, (options.Log,)),
        "list": (("", "metrics", "labs", "no-kind"), (options.List,)),
        "explain": (("fid", "r1", "dcgan", "no-name"), (options.Explain,)),
        "doctor": ((), (options.Doctor,)),
        "quickstart": ((), (options.Quickstart,)),
    }


def tasks(lines: int, block: int = 20) -> list[dict[str, Any]]:
    """Return the lines in blocks."""
    return [{"block": number, "lines": block} for number in range(max(1, lines // block))]


def line(number: int) -> list[str]:
    """Return one random command line."""
    rng = Random(f"line {number}")
    kinds = _kinds()
    weights = {"train": 6, "evaluate": 6, "audit": 3, "compare": 3, "lab": 0.3, "quickstart": 0.1}
    name = rng.choices(list(kinds), [weights.get(kind, 2) for kind in kinds])[0]
    positions, classes = kinds[name]
    wanted = {"compare": 2, "stats merge": rng.randrange(1, 4)}.get(name, 1) if positions else 0
    words = [
        *name.split(),
        *(rng.choice(positions) for _ in range(wanted if rng.random() < 0.96 or not positions else rng.randrange(3))),
    ]
    fields = {field.name: (field, kind) for kind in classes for field in dataclasses.fields(kind)}
    chosen = {key for key in fields if rng.random() < min(0.5, rng.choice((1, 3, 6)) / len(fields))} - set(LARGE)
    chosen -= {"size"} if name == "lab" else set()
    chosen |= {"real"} & set(fields) if rng.random() < 0.9 else set()
    for key in sorted(chosen):
        words += _option(rng, key, typing.get_type_hints(fields[key][1])[key])
    if any(word.startswith("--") for word in words) and rng.random() < 0.1:
        place = rng.randrange(1, len(words))
        words[place] = of_text(rng, words[place])
    words = [word.replace("\0", "").replace("\ud83d", "\udcff") for word in words]  # what a command line can hold
    for key, value in CHEAP.items():
        option = f"--{key.replace('_', '-')}"
        fits = name == {"size": "lab", "data": "train"}.get(key, name)
        if (
            fits
            and key in fields
            and option not in [word.partition("=")[0].replace("_", "-") for word in words]
            and name not in ("stats show",)
        ):
            words += [option, value]
    return words


def _option(rng: Random, key: str, kind: Any) -> list[str]:
    option = f"--{key}" if rng.random() < 0.1 else f"--{key.replace('_', '-')}"
    if kind is bool:
        return [option.replace("--", rng.choice(("--", "--no-")), 1)]
    values = TEXTS.get(
        key, FLOATS if kind is float else INTEGERS if kind in (int, int | None) else ("x", "", "é", "\udcff")
    )
    value = rng.choice(values if rng.random() < 0.25 else values[:3])  # the first ones are usual
    many = typing.get_origin(kind) is tuple and rng.random() < 0.3
    extra = [rng.choice(TEXTS.get(key, ("x",)))] if many else []
    return [f"{option}={value}"] if rng.random() < 0.1 else [option, value, *extra]


def _link(source: str, target: str) -> None:
    """Link a file instead of copying it: files are replaced and not changed, but for logs."""
    if source.endswith((".jsonl", ".lock")):
        shutil.copyfile(source, target)
    else:
        os.link(source, target)


def measure(block: int, lines: int, place: Path) -> dict[str, Any]:
    """Run one block of lines, each in a fresh copy of the prepared folder."""
    from .commands import prepared
    from .forked import command

    statuses: dict[str, int] = {}
    faults = []
    slowest = 0.0
    for number in range(block * lines, (block + 1) * lines):
        words = line(number)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(prepared(place), folder, copy_function=_link, dirs_exist_ok=True)
            os.environ["GANTLET_CACHE"] = "cache"
            ended = in_child(command(words, Path(folder)), limit=LIMIT)
        slowest = max(slowest, ended.seconds)
        statuses[str(ended.status)] = statuses.get(str(ended.status), 0) + 1
        silent = ended.status != 0 and not (ended.err + ended.out).strip()
        if ended.hung or ended.traceback or ended.status not in STATUSES or silent:
            why = "hung" if ended.hung else "silent" if silent else f"status {ended.status}"
            faults.append({"line": words, "why": why, "err": ended.err[-700:]})
    return {"statuses": statuses, "slowest": round(slowest, 1), "held": not faults, "faults": faults}
