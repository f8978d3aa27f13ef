"""Semi-discrete transport against POT and OTT: ``python -m benchmarks.semidiscrete_race --pot PYTHON --ott PYTHON``.

Unit square to 1,000 uniform points, equal processor seconds. Each contender runs in its own interpreter and hands back a
potential; we score all of them alike, by exact power cells. Every one is tuned first, over the options below, on an
instance of its own; then they take turns on fresh instances.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.races import Contender, once, start

from gantlet.transport.continuous import Box
from gantlet.transport.power_diagram import facets, masses

N, TUNING = 1000, 100
OPTIONS = {
    "gantlet": {"batch": (2048, 4096), "rate": (1.0, 3.0)},
    "POT": {"batch_size": (32, 512), "lr0": (None, 0.1, 0.01), "decreasing_reg_initial_eps": (0.1, 0.001)},
    "OTT": {
        "batch": (512, 2048), "optimizer": ("sgd", "adam"), "rate": (0.02, 0.002, 0.0005), "decay": (True,),
        "ema": (0.99,), "epsilon": (0.0,),
    },
}  # fmt: skip
"""Documented options of each; None is POT's own default, √(n · batch)."""


def variation(sites: np.ndarray, weights: np.ndarray) -> float:
    """Return the total variation between the exact masses of the cells and 1/n each; 1 where a potential is not finite."""
    if not np.isfinite(weights).all():
        return 1.0
    domain = Box.unit(2).polygon
    found = masses(sites, weights, domain, facets(sites, weights, domain))
    return float(np.abs(found - 1 / len(sites)).sum()) / 2


@dataclass(frozen=True)
class Racer:
    """A contender's process, and the folder by which it gets instances and hands back potentials."""

    name: str
    process: subprocess.Popen[str]
    folder: Path

    def trial(self, options: dict[str, object], seconds: float, seed: int) -> tuple[float, list[float]]:
        """Let it solve one instance; return its total variation, and its steps and seconds."""
        sites = np.random.default_rng(seed).uniform(size=(N, 2))
        np.save(self.folder / "sites.npy", sites)
        task = {"options": options, "seconds": seconds, "seed": seed}
        (self.folder / f"{self.name}.json").write_text(json.dumps(task))
        value = once(self.process)["value"]
        assert isinstance(value, list)
        return variation(sites, np.load(self.folder / f"{self.name}.npy")), value

    def tuned(self, seconds: float) -> dict[str, object]:
        """Return the best of all its options on the tuning instance."""
        values = itertools.product(*OPTIONS[self.name].values())
        grid: list[dict[str, object]] = [dict(zip(OPTIONS[self.name], chosen, strict=True)) for chosen in values]
        scores = [self.trial(options, seconds, TUNING)[0] for options in grid]
        best = grid[int(np.argmin(scores))]
        print(
            f"{self.name}: best of {len(grid)} options, TV {min(scores):.4f}, median {np.median(scores):.3f}: {best}",
            flush=True,
        )
        return best


def main() -> None:
    """Tune, race, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pot", default=os.environ.get("GANTLET_POT", ""), help="an interpreter that has POT ≥ 0.9.7")
    parser.add_argument("--ott", default=os.environ.get("GANTLET_OTT", ""), help="an interpreter that has OTT ≥ 0.6")
    parser.add_argument("--seconds", type=float, default=5.0, help="processor seconds of each solve")
    parser.add_argument("--tuning", type=float, default=5.0, help="processor seconds of each solve while tuning")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    entered = {
        "gantlet": (Contender("gantlet", "semidiscrete_ours.py", "race", False), ""),
        "POT": (Contender("POT", "pot_semidiscrete.py", "race"), given.pot),
        "OTT": (Contender("OTT", "ott_semidiscrete.py", "race"), given.ott),
    }
    absent = [name for name, (contender, python) in entered.items() if contender.rival and not python]
    if absent:
        print(f"not raced, for want of an interpreter (--pot, --ott): {', '.join(absent)}")
    if len(absent) == 2:
        return
    with tempfile.TemporaryDirectory() as place:
        racers = [
            Racer(name, start(contender, Path(place), python), Path(place))
            for name, (contender, python) in entered.items()
            if name not in absent
        ]
        compete(racers, given.tuning, given.seconds, given.rounds)
        for racer in racers:
            racer.process.terminate()


def compete(racers: list[Racer], tuning: float, seconds: float, rounds: int) -> None:
    """Tune each, let them take turns on fresh instances, print the medians."""
    best = {racer.name: racer.tuned(tuning) for racer in racers}
    found: dict[str, list[float]] = {racer.name: [] for racer in racers}
    for seed in range(rounds):
        for racer in racers:
            score, (steps, used) = racer.trial(best[racer.name], seconds, seed)
            found[racer.name].append(score)
            print(f"  seed {seed} {racer.name:<8} TV {score:.4f}, {steps:.0f} steps, {used:.1f} CPU s", flush=True)
    ours = statistics.median(found["gantlet"])
    for name, scores in found.items():
        median = statistics.median(scores)
        print(f"{name:<8} median TV {median:.4f}, ours is {ours / median:.2f} of it; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
