"""What a coupling does for a flow: ``python -m benchmarks.flow_couplings [points digits mnist] --seeds 3 --seconds 60``.

Couplings none, mini-batch and semi-discrete at equal processor seconds of training (the solve of the semi-discrete one
included), the same network; straightness of the paths, then FD (points: sliced W₂) with its interval at 1, 4 and 16 Euler steps.
"""

import argparse
import dataclasses
import functools
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gantlet
from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.rng import torch_stream
from gantlet.data.opening import open_source
from gantlet.training import recipes
from gantlet.training.loop import run
from gantlet.training.observer import Silent
from gantlet.training.runs.generator import LoadedGenerator, load_generator
from gantlet.transport.flows import straightness

COUPLINGS = ("none", "mini-batch", "semi-discrete")
SETTINGS: dict[str, dict[str, Any]] = {
    "points": {
        "recipe": "flow-ring",
        "data": "mixture[kind=ring,n=10000]",
        "real": "mixture[kind=ring,split=test,n=2000]",
        "targets": 500,
    },
    "digits": {"recipe": "flow-matching", "data": "digits", "real": "digits[split=test]", "targets": 0},
    "mnist": {"recipe": "flow-matching", "data": "mnist", "real": "mnist[split=test]", "targets": 5000},
}
EVALUATED = {"points": "sliced_wasserstein", "digits": "frechet_distance", "mnist": "frechet_distance"}


def configured(setting: str, coupling: str, seed: int, out: Path, steps: int) -> TrainConfig:
    """Return the recipe with one coupling, without pictures and evaluations."""
    chosen = SETTINGS[setting]
    loaded = recipes.load(chosen["recipe"])
    targets = f",targets={chosen['targets']}" if coupling == "semi-discrete" else ""
    network = loaded.network if setting != "digits" else "flow[width=16,steps=8]"
    return dataclasses.replace(
        loaded, data=chosen["data"], seed=seed, out=str(out), steps=steps, sample_every=0, evaluate=False, network=network,
        objective=f"flow-matching[coupling={coupling}{targets}]", checkpoint_every=10**6, log_every=10**6, device="cpu",
        resolution=0 if setting != "mnist" else 16,
    )  # fmt: skip


def timed(config: TrainConfig) -> float:
    """Return the CPU seconds of one training."""
    data = training_data(open_source(config.data), config.resolution)
    start = time.process_time()
    run(config, data, observer=Silent())
    return time.process_time() - start


@functools.cache
def costs(setting: str, coupling: str) -> tuple[float, float]:
    """Return the CPU seconds of a training's start (the solve) and of a step, by two short ones."""
    with tempfile.TemporaryDirectory() as folder:
        few, more = (timed(configured(setting, coupling, 0, Path(folder) / f"t{n}", n)) for n in (20, 220))
    rate = max(more - few, 0.1) / 200
    return max(0.0, few - 20 * rate), rate


def bent(loaded: LoadedGenerator) -> float:
    """Return the straightness of 500 paths of the conditional field."""
    z = torch.randn(500, loaded.latent, generator=torch_stream(0, "straightness"))
    counts = loaded.n_classes
    labels = torch.arange(500) % counts if counts else None
    generator = loaded.generator
    return straightness(lambda x, t: generator(x.flatten(1), labels, t), z.view(500, *generator.shape), 50)  # type: ignore[operator]


def measured(setting: str, coupling: str, seed: int, seconds: float) -> str:
    """Train for so many CPU seconds and say straightness and distances."""
    with tempfile.TemporaryDirectory() as folder:
        fixed, rate = costs(setting, coupling)
        steps = max(50, int((seconds - fixed) / rate))
        out = Path(folder) / "run"
        spent = timed(configured(setting, coupling, seed, out, steps))
        loaded, found = load_generator(out), []
        real = SETTINGS[setting]["real"]
        for count in (1, 4, 16):
            loaded.generator.steps = count  # type: ignore[assignment]
            drawn = loaded.sample(2000, seed=seed)
            path = Path(folder) / f"fake-{count}.npy"
            np.save(path, drawn)
            report = gantlet.evaluate(
                path,
                real=real,
                metrics=(EVALUATED[setting],),
                cache=False,
                features="auto" if setting == "points" else "efficientnet-lite0",
            )
            found.append(f"{count}: {report[EVALUATED[setting]].text}")
        return f"{setting}, {coupling}, seed {seed}: {steps} steps, {spent:.0f} CPU s, straightness {bent(loaded):.3f}; {'; '.join(found)}"


def main() -> None:
    """Print one line per setting, coupling and seed, the couplings in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", nargs="*", default=["points", "digits"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60, help="processor seconds of training")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        timed(configured("points", "none", 0, Path(folder) / "warm", 50))
    for setting in given.settings:
        for seed in range(given.seeds):
            for coupling in COUPLINGS:
                print(measured(setting, coupling, seed, given.seconds), flush=True)


if __name__ == "__main__":
    main()
