"""OTT's side of the semi-discrete race: see benchmarks/semidiscrete_race.py. Runs without gantlet; compiling is not timed."""

import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from ott.geometry.semidiscrete_pointcloud import SemidiscretePointCloud
from ott.problems.linear.semidiscrete_linear_problem import SemidiscreteLinearProblem
from ott.solvers.linear.semidiscrete import SemidiscreteSolver


def race(folder: Path):
    """Solve the instance in the folder within the processor seconds of its task, by SemidiscreteSolver."""

    def run():
        task = json.loads((folder / "OTT.json").read_text())
        options = task["options"]
        sites = jnp.asarray(np.load(folder / "sites.npy"), jnp.float32)

        def solved(steps):
            rate = options["rate"]
            rate = optax.linear_schedule(rate, 0.0, steps) if options["decay"] else rate
            solver = SemidiscreteSolver(
                num_iterations=steps, batch_size=options["batch"], optimizer=getattr(optax, options["optimizer"])(rate),
                error_eval_every=steps, error_num_repeats=1, threshold=0.0, potential_ema=options["ema"],
            )  # fmt: skip
            cloud = SemidiscretePointCloud(jax.random.uniform, sites, epsilon=options["epsilon"])
            problem, key = SemidiscreteLinearProblem(cloud), jax.random.key(task["seed"])
            ready = jax.jit(lambda key: solver(key, problem).g).lower(key).compile()
            start = time.process_time()
            g = np.asarray(ready(key))
            return g, time.process_time() - start

        steps = max(1, int(task["seconds"] / (solved(100)[1] / 100)))
        g, seconds = solved(steps)
        np.save(folder / "OTT.npy", g.astype(np.float64))
        return [steps, seconds]

    return run
