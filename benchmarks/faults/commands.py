"""The commands that write, on small data, and the folder that each starts from."""

import functools
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .forked import Ended, command, in_child
from .whole import tree

SOME = "frechet_distance,precision,coverage"
TRAIN = (
    "train", "dcgan", "--data", "small.npz", "--network", "dcgan[width=2]", "--batch", "8", "--latent", "4", "--features", "pixels",
    "--log-every", "1", "--sample-every", "2", "--checkpoint-every", "2", "--keep", "2", "--evaluate-every", "32",
    "--evaluate-samples", "50", "--conditioning", "none",
)  # fmt: skip
POINTS = ("train", "ring", "--data", "mixture[kind=ring,n=300]", "--batch", "16", "--steps", "6", "--log-every", "1", "--sample-every", "2",
          "--checkpoint-every", "2", "--evaluate-samples", "50")  # fmt: skip


@dataclass(frozen=True)
class Writes:
    """A command line that writes; ``again`` is what a user types after a failure where that differs."""

    words: tuple[str, ...]
    again: tuple[str, ...] = ()
    call: Callable[[Path], Callable[[], int]] | None = None

    def work(self, folder: Path) -> Callable[[], int]:
        """Return the command's work in a folder."""
        return self.call(folder) if self.call else command(self.words, folder)

    def run(self, folder: Path) -> Ended:
        """Run it undisturbed; where it has begun before, as a user goes on."""
        first = in_child(self.work(folder), limit=120)
        if first.status == 1 and "--resume" in first.err and self.again:
            return in_child(command((*self.words, *self.again), folder), limit=120)
        return first


def _fetch(folder: Path) -> Callable[[], int]:
    """Return the work of a download into the cache."""

    def work() -> int:
        import os

        from gantlet.core.errors import GantletError
        from gantlet.data.download import fetch

        os.chdir(folder)
        content = (folder / "small.npz").read_bytes()
        try:
            fetch(Path("cache/weights.npz"), [(folder / "small.npz").as_uri()], hashlib.sha256(content).hexdigest())
        except GantletError as error:
            import sys

            sys.stderr.write(f"gantlet: {error}\n")
            return error.exit_status
        return 0

    return work


PIXELS = ("--features", "pixels")
COMMANDS: dict[str, Writes] = {
    "train": Writes((*TRAIN, "--steps", "6", "--out", "new"), ("--resume",)),
    "train points": Writes((*POINTS, "--out", "new"), ("--resume",)),
    "train --resume": Writes((*TRAIN, "--steps", "6", "--out", "half", "--resume")),
    "quickstart": Writes(("quickstart", "--steps", "2", "--out", "new")),
    "evaluate": Writes(("evaluate", "fakes.zip", "--real", "small.npz", *PIXELS, "--out", "new")),
    "evaluate again": Writes(
        ("evaluate", "fakes.zip", "--real", "small.npz", *PIXELS, "--metrics", SOME, "--out", "rep")
    ),
    "compare": Writes(
        ("compare", "fakes.zip", "fakes.npz", "--real", "small.npz", *PIXELS, "--metrics", SOME, "--json")
    ),
    "sample folder": Writes(("sample", "run", "--n", "30", "--out", "new")),
    "sample zip": Writes(("sample", "run", "--n", "30", "--out", "new.zip")),
    "sample npz": Writes(("sample", "run", "--n", "30", "--out", "new.npz")),
    "sample npy": Writes(("sample", "points", "--n", "30", "--out", "new.npy")),
    "stats make": Writes(("stats", "make", "fakes.zip", *PIXELS, "--out", "new.safetensors")),
    "stats merge": Writes(("stats", "merge", "a.safetensors", "b.safetensors", "--out", "new.safetensors")),
    "report": Writes(("report", "rep")),
    "export": Writes(("export", "run", "--out", "new.onnx")),
    "audit": Writes(
        (
            "audit",
            "--data",
            "digits",
            *PIXELS,
            "--metrics",
            "frechet_distance",
            "precision",
            "--failures",
            "noise",
            "--n",
            "60",
            "--out",
            "new",
        )
    ),
    "lab": Writes(("lab", "inception-score-blind", "--size", "smoke", "--seeds", "1", "--out", "new")),
    "log": Writes(("log", "run", "--out", "new")),
    "download": Writes((), call=_fetch),
}


def prepared(place: Path) -> Path:
    """Make, once, the folder that every trial starts from a copy of: small data, runs, samples, statistics, a report."""
    done, base = place / "prepared.json", place / "base"
    if done.exists():
        return base
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(120, 60, (80, 8, 8, 1)), 0, 255).astype(np.uint8)
    np.savez(base / "small.npz", x=images, y=np.arange(80) % 4)
    lines: tuple[Sequence[str], ...] = (
        (*TRAIN, "--steps", "6", "--out", "run"),
        (*TRAIN, "--steps", "3", "--out", "half"),
        (*POINTS, "--out", "points"),
        ("sample", "run", "--n", "60", "--out", "fakes.zip"),
        ("sample", "run", "--n", "60", "--seed", "1", "--out", "fakes.npz"),
        ("stats", "make", "fakes.zip", *PIXELS, "--out", "a.safetensors"),
        ("stats", "make", "fakes.npz", *PIXELS, "--out", "b.safetensors"),
        ("evaluate", "fakes.npz", "--real", "small.npz", *PIXELS, "--metrics", SOME, "--out", "rep"),
    )
    for words in lines:
        ended = in_child(command(words, base), limit=300)
        assert ended.status == 0, (words, ended.err)
    for name in (
        "report.html",
        "report.json",
        "report-best.json",
        "MODEL_CARD.md",
        "pictures",
        "checkpoints/final.safetensors",
    ):
        path = base / "half" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shutil.rmtree(base / "cache")
    done.write_text("{}")
    return base


@functools.cache
def undisturbed(name: str, place: Path) -> tuple[dict[str, str], float, str]:
    """Return the files after an undisturbed command, its seconds and, of one that prints its result, that; kept in ``place``."""
    kept = place / f"undisturbed-{name.replace(' ', '-')}.json"
    if not kept.exists():
        folder = place / "undisturbed"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(prepared(place), folder, symlinks=True)
        for _ in range(2):  # the second one counts: files that are in memory by then
            shutil.rmtree(folder)
            shutil.copytree(prepared(place), folder, symlinks=True)
            ended = COMMANDS[name].run(folder)
        assert ended.status == 0, ended.err
        files = tree(folder)
        kept.write_text(json.dumps([files, ended.seconds, ended.out if name == "compare" else ""]))
    return tuple(json.loads(kept.read_text()))
