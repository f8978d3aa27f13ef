"""Steps a second of one DCGAN at 32 pixels against other programs: ``python -m benchmarks.training_race MNIST --rivals PYTHON``.

Equal: networks (`dcgan[width=64]`, one channel), batch 64, Adam 2e-4 with β1 = 0.5, non-saturating loss, one discriminator
step, MNIST padded to 32 pixels, one thread. Contenders are processes that stay alive and take turns of a few steps; medians
over the turns. Ours and the plain loop then go on to ``--steps``, and their samples are judged by the Fréchet distance.
"""

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path

import numpy as np
from benchmarks.races import Contender, once, start

from gantlet import EvaluateConfig, evaluate
from gantlet.data import open_images
from gantlet.data.reading import to_array

OURS, PLAIN = "training_ours.py", "training_plain.py"
FIELD = {
    "fp32": Contender("gantlet float32", OURS, "fp32", False),
    "bf16": Contender("gantlet bf16-mixed", OURS, "bf16", False),
    "plain": Contender("plain loop, our torch", PLAIN, "plain", False),
    "newer": Contender("plain loop, rivals' torch", PLAIN, "plain"),
    "mimicry": Contender("torch-mimicry", "training_mimicry.py", "mimicry"),
    "vegans": Contender("vegans", "training_vegans.py", "vegans"),
    "compiled": Contender("gantlet compiled", OURS, "compiled", False),
    "compiled-bf16": Contender("gantlet compiled bf16", OURS, "compiled_bf16", False),
}
JUDGED = ("fp32", "bf16", "plain")
TURN = 10


def prepare(folder: Path, mnist: str, steps: int, samples: int, n: int = 10_000) -> None:
    """Write n training and n held-out images, at 32 pixels, and the plan."""
    for split, count, name in (("train", n, "train"), ("test", n, "held-out")):
        source = open_images(f"mnist[root={mnist},split={split}]")
        np.save(folder / f"{name}.npy", to_array(source, 32, 1).pixels[:count])
    (folder / "plan.json").write_text(json.dumps({"turn": TURN, "steps": steps, "samples": samples}))


def race(folder: Path, names: list[str], rivals: str, rounds: int, steps: int) -> None:
    """Let everyone take ``rounds`` turns, then those to be judged go on; print medians, and ratios to ours."""
    processes = {name: start(FIELD[name], folder, rivals) for name in names}
    results: dict[str, list[dict[str, object]]] = {name: [] for name in names}
    for turn in range(steps // TURN if steps else rounds):
        for name, process in processes.items():
            if turn < rounds or name in JUDGED:
                results[name].append(once(process))
        if turn == rounds - 1:
            report(results, rounds)
    for process in processes.values():
        process.terminate()
    print("all turns:")
    report(results, steps // TURN)


def report(results: dict[str, list[dict[str, object]]], rounds: int) -> None:
    """Print a line a contender."""
    medians = {
        name: {key: statistics.median(float(str(run[key])) for run in runs) / TURN for key in ("seconds", "cpu")}
        for name, runs in results.items()
    }
    print(f"{rounds} rounds of {TURN} steps, load {os.getloadavg()[0]:.1f}")
    for name, median in medians.items():
        ratios = "".join(
            f"; {ours} {median['seconds'] / medians[ours]['seconds']:.2f} × the speed, {median['cpu'] / medians[ours]['cpu']:.2f} × by CPU"
            for ours in ("fp32", "bf16")
            if ours in medians
        )
        print(
            f"  {FIELD[name].name:<26} {1 / median['seconds']:5.2f} steps/s, {1e3 * median['cpu']:4.0f} CPU ms a step{ratios}",
            flush=True,
        )


def judge(folder: Path) -> None:
    """Print the Fréchet distance of everyone's samples from held-out images, with its interval."""
    config = EvaluateConfig(features="random-conv[channels=1]", metrics=("frechet_distance",), cache=False, held_out="")
    for path in sorted(folder.glob("samples-*.npy")):
        estimate = evaluate(str(path), str(folder / "held-out.npy"), config)["frechet_distance"]
        print(f"  FD of {path.stem[8:]:<10} {estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]")


def main() -> None:
    """Prepare, race, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mnist", help="the folder of MNIST's idx files")
    parser.add_argument("--rivals", default=os.environ.get("GANTLET_RIVALS", ""), help="the rivals' Python interpreter")
    parser.add_argument("--contenders", nargs="*", default=list(FIELD)[:6], choices=list(FIELD))
    parser.add_argument("--rounds", type=int, default=8, help="turns in which everyone takes part")
    parser.add_argument("--steps", type=int, default=400, help="steps after which samples are judged; 0: none are")
    parser.add_argument("--samples", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.mnist, options.steps, options.samples)
        race(folder, options.contenders, options.rivals, options.rounds, options.steps)
        judge(folder)


if __name__ == "__main__":
    main()
