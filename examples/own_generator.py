"""Evaluate any function (n, seed) → images. Usage: python own_generator.py [FOLDER]

On the command line the same is: gantlet evaluate own_generator:circles --real own_generator:discs
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import gantlet


def discs(n: int, seed: int, inner: float = 0.0) -> np.ndarray:
    """Return n images of one disc each at a random place with a random radius, floats in [0, 1], [n, 16, 16]."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(5, 10, (2, n, 1, 1))
    radius = rng.uniform(2, 5, (n, 1, 1))
    rows, columns = np.mgrid[:16, :16]
    distance = np.hypot(columns - x, rows - y)
    return np.clip(radius - distance + 0.5, 0, 1) * np.clip(distance - inner * radius + 0.5, 0, 1)


def circles(n: int, seed: int) -> np.ndarray:
    """Return n images of a disc with a hole."""
    return discs(n, seed, inner=0.7)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    metrics = ("frechet_distance_debiased", "precision", "recall", "one_nn_accuracy")
    config = gantlet.EvaluateConfig(features="pixels[channels=1]", metrics=metrics)
    for name in ("discs", "circles"):
        fake, real = f"own_generator:{name}[n=500,seed=1]", "own_generator:discs[n=500,seed=0]"
        report = gantlet.evaluate(fake, real, config, out=folder / name)
        print(name, *(f"  {e.metric:28} {e.text}" for e in report.estimates), sep="\n")
