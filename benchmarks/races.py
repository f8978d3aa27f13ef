"""Races against other programs, interleaved in one run: ``python -m benchmarks.races --rivals PYTHON [RACE …]``.

PYTHON is the interpreter of an environment that holds the rivals (torch-fidelity, pytorch-fid, prdc). Each contender is a
process that stays alive; they take turns, ``--rounds`` times. What is compared are medians: of seconds on the clock, and of
CPU seconds, which other work on the machine disturbs less.
"""

import argparse
import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.stats.moments import Moments

HERE = Path(__file__).parent
CONTENDERS = HERE / "contenders"


@dataclass(frozen=True)
class Contender:
    """One side of a race: a task of a script, run by our interpreter or by the rivals'."""

    name: str
    script: str
    task: str
    rival: bool = True


OURS, FIDELITY, OTHER = "ours.py", "torch_fidelity_tasks.py", "other_tasks.py"
RACES = {
    "features": (
        Contender("gantlet", OURS, "features", False),
        Contender("gantlet bf16", OURS, "features_bf16", False),
        Contender("torch-fidelity", FIDELITY, "features"),
    ),
    "frechet": (
        Contender("gantlet", OURS, "frechet", False),
        Contender("torch-fidelity", FIDELITY, "frechet"),
        Contender("pytorch-fid", OTHER, "frechet"),
    ),
    "prdc": (
        Contender("gantlet", OURS, "prdc", False),
        Contender("products alone", OURS, "products", False),
        Contender("prdc", OTHER, "prdc"),
    ),
    "kernel": (Contender("gantlet", OURS, "kernel", False), Contender("torch-fidelity", FIDELITY, "kernel")),
    "everything": (
        Contender("gantlet", OURS, "everything", False),
        Contender("torch-fidelity", FIDELITY, "everything"),
    ),
}


def start(contender: Contender, folder: Path, rivals: str) -> subprocess.Popen[str]:
    """Start a contender's process and wait until it has loaded what it needs."""
    python = rivals if contender.rival else sys.executable
    words = [python, CONTENDERS / "loop.py", CONTENDERS / contender.script, contender.task, folder]
    process = subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise SystemExit(f"{contender.name} did not start; its own message stands above")
    return process


def once(process: subprocess.Popen[str]) -> dict[str, object]:
    """Let one process run its task; return seconds, cpu, peak_gb, grown_gb and value."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def race(name: str, folder: Path, rivals: str, rounds: int) -> None:
    """Run one race and print a line for each contender, ratios to the first."""
    entered = RACES[name]
    processes = [start(contender, folder, rivals) for contender in entered]
    results: list[list[dict[str, object]]] = [[] for _ in entered]
    for _ in range(rounds):
        for index, process in enumerate(processes):
            results[index].append(once(process))
    for process in processes:
        process.terminate()
    print(f"{name}, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    medians = [
        {k: statistics.median(r[k] for r in runs) for k in ("seconds", "cpu", "peak_gb", "grown_gb")}
        for runs in results
    ]
    for contender, median, runs in zip(entered, medians, results, strict=True):
        ratios = {k: median[k] / medians[0][k] for k in median}
        print(
            f"  {contender.name:<16} {median['seconds']:8.2f} s ({ratios['seconds']:5.2f} ×)  CPU {median['cpu']:8.2f} s "
            f"({ratios['cpu']:5.2f} ×)  peak {median['peak_gb']:.2f} GB, above the loaded data {median['grown_gb']:.2f} GB "
            f"({ratios['grown_gb']:.2f} ×)  {runs[-1]['value']}",
            flush=True,
        )


def make_images(folder: Path, n: int, seed: int, blur: float) -> None:
    """Write n smooth random 128 × 128 PNG pictures."""
    from PIL import Image
    from scipy import ndimage

    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(n):
        smooth = ndimage.gaussian_filter(rng.standard_normal((128, 128, 3)), (blur, blur, 0))
        Image.fromarray(np.uint8((128 + 60 * smooth / smooth.std()).clip(0, 255))).save(folder / f"{i:04d}.png")


def make_features(folder: Path, n: int, d: int) -> None:
    """Write two sets of rectified correlated Gaussian features [n, d]."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((d, d), dtype=np.float32) * np.arange(1, d + 1, dtype=np.float32) ** -0.5
    for side, shift in (("real", 0.0), ("fake", 0.2)):
        rows = rng.standard_normal((n, d), dtype=np.float32) @ mixing.T
        np.save(folder / f"{side}-features.npy", np.maximum(rows + np.float32(shift), 0))


def make_weights(path: Path) -> None:
    """Write Inception v3's tensors with random values: the speed and the agreement do not depend on them."""
    import torch

    made = runpy.run_path(str(HERE.parent / "tests" / "features" / "conftest.py"))
    torch.save({name: made["_value"](name, shape) for name, shape in made["inception_shapes"]().items()}, path)


def main() -> None:
    """Make the data in a temporary folder and run the races asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("races", nargs="*", default=list(RACES), metavar="RACE", help=", ".join(RACES))
    parser.add_argument(
        "--rivals",
        default=os.environ.get("GANTLET_RIVALS", ""),
        help="the Python interpreter that has the rivals; default: $GANTLET_RIVALS",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--n", type=int, default=10_000, help="feature rows a side")
    parser.add_argument("--d", type=int, default=2048)
    options = parser.parse_args()
    if not options.rivals:
        print("no races were run: they need --rivals PYTHON or $GANTLET_RIVALS, an interpreter that has the rivals")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"features", "everything"} & set(options.races):
            make_weights(folder / "inception.pth")
            make_images(folder / "fake", options.images, 0, 3.0)
            make_images(folder / "real", options.images, 1, 2.5)
        if {"frechet", "prdc", "kernel"} & set(options.races):
            make_features(folder, options.n, options.d)
        for which in options.races:
            race(which, folder, options.rivals, options.rounds)
        if "features" in options.races:
            ours, half, theirs = (np.load(folder / f"features-{k}.npy") for k in ("float32", "bfloat16", "rival"))
            for kind, found in (("float32", ours), ("bfloat16", half)):
                print(f"  {kind}: relative difference {np.linalg.norm(found - theirs) / np.linalg.norm(theirs):.1e}")
            distances = [
                frechet_distance(Moments.of(a), Moments.of(b)) for a, b in ((ours, half), (ours[::2], ours[1::2]))
            ]
            print(
                f"  Fréchet distance float32 to bfloat16 {distances[0]:.3g}; between halves of the images {distances[1]:.3g}"
            )


if __name__ == "__main__":
    main()
