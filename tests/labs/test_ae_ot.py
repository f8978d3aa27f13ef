"""The lab ae-ot: verdicts on planted measures, nearest training images against brute force, copies seen, a smoke run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gantlet.labs import ae_ot as lab
from gantlet.labs.ae_ot_measures import Measures, nearest
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab

GOOD = Measures(10, 0.6, 0.02, (5.0, 4.5, 5.5), 0.9, 0.8)
BAD = Measures(9, 0.0, 0.10, (9.0, 8.5, 9.5), 1.1, 1.0)


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        (GOOD, "reproduced"),
        (replace(GOOD, least=0.1), "not reproduced"),
        (replace(GOOD, bridging=0.11), "not reproduced"),
        (replace(GOOD, distance=(8.4, 7.9, 8.9)), "not reproduced"),
        (replace(GOOD, image=0.4), "not reproduced"),
    ],
)
def test_verdicts(tmp_path: Path, ours: Measures, verdict: str) -> None:
    image_grid = np.zeros((48, 64, 1), np.uint8)
    arms = [
        lab.Arm(name, seed, measures, 1.0, image_grid)
        for seed, mine in ((0, GOOD), (1, ours))
        for name, measures in (("copies", GOOD), ("ae-ot", mine), ("GAN", BAD))
    ]
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), arms, "digits")
    assert result.verdict == verdict and len(result.rows) == 6


def test_the_nearest_training_row_is_that_of_brute_force_and_a_copy_is_at_distance_0() -> None:
    rng = np.random.default_rng(0)
    train, query = (rng.uniform(size=(n, 20)).astype(np.float32) for n in (300, 40))
    query[3] = train[17]
    distance, index = nearest(train, query)
    whole = np.linalg.norm(query[:, None].astype(np.float64) - train, axis=2)
    np.testing.assert_array_equal(index, whole.argmin(axis=1))
    np.testing.assert_allclose(distance, whole.min(axis=1), rtol=1e-12)
    assert index[3] == 17 and distance[3] == 0


@pytest.mark.slow
def test_smoke(tmp_path: Path) -> None:
    result = run_lab("ae-ot", Setting("smoke", out=tmp_path))
    rows = {str(row[0]): row for row in result.rows}
    assert set(rows) == {"copies", "ae-ot", "GAN"} and (tmp_path / "ae-ot.png").stat().st_size > 20_000
    assert float(rows["copies"][5] or 0) < float(
        rows["GAN"][5] or 0
    )  # the decoder at its best beats 100 steps of a GAN
