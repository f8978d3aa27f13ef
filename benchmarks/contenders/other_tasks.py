"""pytorch-fid's and prdc's sides of the races: one function a task (see loop.py). Runs without gantlet."""

from pathlib import Path

import numpy as np


def frechet(folder: Path):
    """pytorch-fid: the Fréchet distance from means and covariances."""
    from pytorch_fid.fid_score import calculate_frechet_distance

    sides = []
    for side in ("real", "fake"):
        rows = np.load(folder / f"{side}-features.npy").astype(np.float64)
        sides += [rows.mean(axis=0), np.cov(rows, rowvar=False)]
    return lambda: [float(calculate_frechet_distance(*sides))]


def prdc(folder: Path):
    """prdc: precision, recall, density and coverage with k = 5."""
    from prdc import compute_prdc

    real, fake = (np.load(folder / f"{side}-features.npy") for side in ("real", "fake"))

    def run():
        found = compute_prdc(real, fake, nearest_k=5)
        return [float(found["density"]), float(found["coverage"])]

    return run
