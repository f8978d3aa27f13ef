"""The lab collapse-is-discontinuity: its targets, its law, its verdicts on planted runs, and a smoke run."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree

from gantlet.labs import collapse_is_discontinuity as lab
from gantlet.labs.collapse_targets import CENTRES, INNER, OUTER, TARGETS
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab
from gantlet.transport.critic_audit import least_bridging


def test_the_implied_mass_is_the_symmetric_law_where_the_bridge_is_in_the_middle() -> None:
    for gap, slope in ((1.0, 2.0), (4.0, 3.0)):
        between = least_bridging(gap, slope)
        assert lab.implied_mass((1 - between) / 2, gap, slope) == pytest.approx(between)
    assert lab.implied_mass(0.0, 1.0, 1.0) == 0 == lab.implied_mass(1.0, 1.0, 1.0)


def test_modes_have_nothing_between_and_a_line_has() -> None:
    points = lab.two_modes(4000, 2.0, np.random.default_rng(0))
    between, left = lab.bridging(points, 2.0)
    assert between < 0.01 and left == pytest.approx(0.5, abs=0.04)  # 0.13 % beyond three sigma; 0.5 ± 5·0.5/√4000


@pytest.mark.parametrize("name", TARGETS)
def test_the_distance_to_a_target_is_that_to_a_fine_sample_of_it(name: str) -> None:
    target, rng = TARGETS[name], np.random.default_rng(0)
    points = rng.uniform(-2.5, 2.5, (300, 2))
    fine = CENTRES / 2 if name == "grid" else target.draw(60_000, rng)
    nearest = KDTree(fine).query(points)[0]
    # 60,000 points on an area of 6.4: a disc of radius .06 holds 100 of them, half a one at the border and near a corner 25.
    np.testing.assert_allclose(target.distance(points), nearest, atol=1e-12 if name == "grid" else 0.06)


@pytest.mark.parametrize("name", TARGETS)
def test_a_sample_of_a_target_has_all_pieces_equally_and_nothing_outside(name: str) -> None:
    target = TARGETS[name]
    points = target.draw(9000, np.random.default_rng(1))
    counts = np.bincount(target.piece(points), minlength=target.pieces)
    # Binomial, five standard errors.
    share = 9000 / target.pieces
    assert np.abs(counts - share).max() <= 5 * np.sqrt(share)
    assert target.pieces_found(points) == target.pieces
    # Outside a mode lies what is over six of its own standard deviations away: exp(−18) of the mass.
    assert target.outside(points).sum() == 0
    assert target.pieces_found(points[target.piece(points) == 0]) == 1
    assert target.pieces_found(np.zeros((100, 2)) + 0.7) == 0


def test_the_hole_the_opening_and_the_far_side_are_outside() -> None:
    points = np.array([[0.0, 0.0], [(INNER + OUTER) / 2, 0.0], [-(INNER + OUTER) / 2, 0.0], [0.0, OUTER + 0.3]])
    np.testing.assert_array_equal(TARGETS["ring"].outside(points), [True, False, False, True])
    np.testing.assert_array_equal(TARGETS["C"].outside(points), [True, True, False, True])


@pytest.mark.parametrize("arm", lab.ARMS)
def test_every_game_moves_its_generator_to_the_data(arm: str) -> None:
    points = 0.1 * np.random.default_rng(0).standard_normal((1000, 2)) + 1.5
    z = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    before, after = (lab.train_generator(points, lab.ARMS[arm], steps, 0) for steps in (1, 200))
    with torch.no_grad():
        gaps = [float((generator(z).mean(dim=0) - 1.5).norm()) for generator in (before, after)]
    assert gaps[1] < 0.5 * gaps[0]


def run(between: float, implied: float) -> lab.Run:
    return lab.Run("GAN", 1.0, 5.0, between, 0.45, implied)


def fits(pieces_found: int = 25, outside: float = 0.0) -> list[lab.Fit]:
    return [
        lab.Fit("grid", "transport", outside, pieces_found),
        *(lab.Fit(name, "transport", 0.0, TARGETS[name].pieces) for name in ("ring", "C")),
        *(lab.Fit(name, arm, 0.3, 4) for name in TARGETS for arm in lab.ARMS),
    ]


@pytest.mark.parametrize(
    ("runs", "target_fits", "verdict"),
    [
        ([run(0.2, 0.1)], fits(), "reproduced"),
        ([run(0.2, 0.1), run(0.05, 0.1)], fits(), "not reproduced"),
        ([run(0.2, 0.1)], fits(pieces_found=24), "not reproduced"),
        ([run(0.2, 0.1)], fits(outside=0.02), "not reproduced"),
    ],
)
def test_verdicts(runs: list[lab.Run], target_fits: list[lab.Fit], verdict: str) -> None:
    assert lab.conclude(Setting("smoke"), (0,), runs, target_fits, "x.png").verdict == verdict


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("collapse-is-discontinuity", Setting("smoke", out=tmp_path))
    assert result.verdict == "reproduced", result.why
    assert len(result.rows) == 3 + 3 * 4 and (tmp_path / result.figures[0]).stat().st_size > 10_000
