"""gantlet's side of the semi-discrete race: see benchmarks/semidiscrete_race.py."""

import json
import time
from pathlib import Path

import numpy as np

from gantlet.transport import solve
from gantlet.transport.continuous import Box


def race(folder: Path):
    """Solve the instance in the folder within the processor seconds of its task, by semidiscrete-stochastic."""

    def run():
        task = json.loads((folder / "gantlet.json").read_text())
        sites = np.load(folder / "sites.npy")

        def solved(steps):
            given = ",".join(f"{k}={v}" for k, v in task["options"].items())
            method = f"semidiscrete-stochastic[rounds=1,steps={steps},seed={task['seed']},{given}]"
            start = time.process_time()
            found = solve(Box.unit(2), sites, method=method)
            return found, time.process_time() - start

        fixed, one = solved(1)[1], solved(51)[1]
        steps = max(1, int((task["seconds"] - fixed) / max((one - fixed) / 50, 1e-6)))
        found, seconds = solved(steps)
        np.save(folder / "gantlet.npy", found.target_potential)
        return [steps, seconds]

    return run
