"""Steps a second of one DCGAN at 32 pixels against other programs: ``python -m benchmarks.training_race MNIST --rivals PYTHON``.

Equal: networks (`dcgan[width=64]`, one channel), batch 64, Adam 2e-4 with β1 = 0.5, non-saturating loss, one discriminator
step, MNIST padded to 32 pixels, one thread. Contenders are processes that stay alive and take turns of a few steps; medians
over the turns. Ours and the plain loop then go on to ``--steps``, with ``--seeds`` seeds, and their samples are judged by the
Fréchet distance: how good a training is varies from seed to seed far more than from sample to sample.
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
from gantlet.data.opening import open_images
from gantlet.data.reading import to_array
from gantlet.evaluation.inference.seeds import over_seeds

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


def prepare(folder: Path, mnist: str, n: int = 10_000) -> None:
    """Write n training and n held-out images, at 32 pixels."""
    for split, count, name in (("train", n, "train"), ("test", n, "held-out")):
        source = open_images(f"mnist[root={mnist},split={split}]")
        np.save(folder / f"{name}.npy", to_array(source, 32, 1).pixels[:count])


def plan(folder: Path, steps: int, samples: int, seed: int) -> None:
    """Write what every contender reads when it starts."""
    (folder / "plan.json").write_text(json.dumps({"turn": TURN, "steps": steps, "samples": samples, "seed": seed}))


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
    if steps:
        print("all turns:")
        report(results, steps // TURN)


def again(folder: Path, names: list[str], rivals: str, steps: int) -> None:
    """Train those to be judged once more, one after the other."""
    for name in names:
        process = start(FIELD[name], folder, rivals)
        for _ in range(steps // TURN):
            once(process)
        process.terminate()


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


def judge(folder: Path) -> dict[str, float]:
    """Return the Fréchet distance of everyone's samples from held-out images; print it with its interval over samples."""
    config = EvaluateConfig(features="random-conv[channels=1]", metrics=("frechet_distance",), cache=False, held_out="")
    found = {}
    for path in sorted(folder.glob("samples-*.npy")):
        estimate = evaluate(str(path), str(folder / "held-out.npy"), config)["frechet_distance"]
        print(f"  FD of {path.stem[8:]:<10} {estimate.text}", flush=True)
        found[path.stem[8:]] = estimate.value
    return found


def main() -> None:
    """Prepare, race, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mnist", help="the folder of MNIST's idx files")
    parser.add_argument("--rivals", default=os.environ.get("GANTLET_RIVALS", ""), help="the rivals' Python interpreter")
    parser.add_argument("--contenders", nargs="*", default=list(FIELD)[:6], choices=list(FIELD))
    parser.add_argument("--rounds", type=int, default=8, help="turns in which everyone takes part")
    parser.add_argument("--steps", type=int, default=400, help="steps after which samples are judged; 0: none are")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of those to be judged; the first is the race's")
    options = parser.parse_args()
    judged = [name for name in options.contenders if name in JUDGED] if options.steps else []
    distances: dict[str, list[float]] = {name: [] for name in judged}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.mnist)
        for seed in range(options.seeds if judged else 1):
            plan(folder, options.steps, options.samples, seed)
            if seed == 0:
                race(folder, options.contenders, options.rivals, options.rounds, options.steps)
            else:
                again(folder, judged, options.rivals, options.steps)
            for who, distance in (judge(folder) if judged else {}).items():
                distances[who].append(distance)
    for who, found in distances.items():
        print(f"FD over {len(found)} seeds, {who}: {over_seeds('FD', found).text}")


if __name__ == "__main__":
    main()
