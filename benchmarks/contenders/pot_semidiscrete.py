"""POT's side of the semi-discrete race: see benchmarks/semidiscrete_race.py. Runs without gantlet."""

import json
import time
from pathlib import Path

import numpy as np
from ot.semidiscrete import solve_semidiscrete


def race(folder: Path):
    """Solve the instance in the folder within the processor seconds of its task, by ot.semidiscrete."""

    def run():
        task = json.loads((folder / "POT.json").read_text())
        sites = np.load(folder / "sites.npy")

        def solved(steps):
            rng = np.random.default_rng(task["seed"])
            start = time.process_time()
            g = solve_semidiscrete(sites, lambda b: rng.random((b, 2)), max_iter=steps, **task["options"])
            return g, time.process_time() - start

        solved(5)
        steps = max(1, int(task["seconds"] / (solved(40)[1] / 40)))
        g, seconds = solved(steps)
        np.save(folder / "POT.npy", g)
        return [steps, seconds]

    return run
