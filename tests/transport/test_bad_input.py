"""Wrong or hard input to the semi-discrete solvers gives one clear sentence, an honest result, or the right one."""

from typing import Any

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, DataError, NonFiniteError, ShapeError, TooFewSamples, UnknownName
from gantlet.transport import SOLVERS, solve
from gantlet.transport.continuous import Box, Gaussian
from gantlet.transport.power_diagram import facets, masses

NEWTON, STOCHASTIC = "semidiscrete-newton", "semidiscrete-stochastic[steps=100,batch=512]"
Y = np.random.default_rng(0).uniform(size=(8, 2))
LINE = np.outer(np.linspace(0.1, 0.9, 5), [1.0, 0.3])


@pytest.mark.parametrize("method", [NEWTON, STOCHASTIC])
@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"target": Y[[0, 1, 2, 1]]}, DataError, "points 1 and 3 are equal"),
        ({"target": Y[:0]}, TooFewSamples, "1 target point"),
        ({"target": Y * np.nan}, NonFiniteError, "target points"),
        ({"target": np.full((8, 2), np.inf)}, NonFiniteError, "target points"),
        ({"target": Y * 1e150}, DataError, "float64 loses their squares"),
        ({"target": Y * 1e-150}, DataError, "float64 loses their squares"),
        ({"target_masses": [-0.1, *[1.1 / 7] * 7]}, DataError, r"target_masses\[0\] is -0.1"),
        ({"target_masses": [0.0, *[1 / 7] * 7]}, DataError, r"target_masses\[0\] is 0"),
        ({"target_masses": [0.25] * 8}, DataError, "sum to 2"),
        ({"target_masses": [0.5] * 2}, ShapeError, r"shape \[8\]"),
        ({"source": Box.unit(3)}, ShapeError, "dimension 3, target 2"),
        ({"source": Y}, ConfigError, "continuous source"),
        ({"target": Gaussian.standard(2)}, ConfigError, "target points"),
        ({"cost": "euclidean"}, ConfigError, "takes the cost quadratic"),
        ({"cost": "cubic"}, UnknownName, "quadratic"),
    ],
)
def test_wrong_input_is_one_clear_sentence(
    method: str, options: dict[str, Any], error: type[Exception], says: str
) -> None:
    call = {"source": Box.unit(2), "target": Y, "method": method, **options}
    with pytest.raises(error, match=says):
        solve(**call)


@pytest.mark.parametrize("name", SOLVERS.names())
def test_no_solver_takes_numbers_whose_squares_are_lost(name: str) -> None:
    source = Box.unit(2) if name.startswith("semi") else Y
    with pytest.raises(DataError, match="Multiply source and target by one number"):
        solve(source, Y * 1e200, method=name)


@pytest.mark.parametrize("points", [Y[:1], Y[:2], LINE], ids=["one", "two", "line"])
@pytest.mark.parametrize("method", [NEWTON, STOCHASTIC])
def test_one_two_and_collinear_targets_are_solved(method: str, points: np.ndarray) -> None:
    result = solve(Box.unit(2), points, method=method)
    assert result.converged and result.brenier is not None
    shares = result.brenier.barycentres()[1]
    # χ² ≤ .02 leaves |w − ν| ≤ ν(.02/ν)^½ = (.02 ν)^½.
    np.testing.assert_allclose(shares, 1 / len(points), atol=1e-12 if method == NEWTON else (0.02 / len(points)) ** 0.5)
    x = np.random.default_rng(1).uniform(size=(10_000, 2))
    drawn = np.bincount(result.brenier.cells(x), minlength=len(points)) / 10_000
    assert (np.abs(drawn - shares) <= 5 * 0.5 / 100).all()  # binomial, five standard errors


@pytest.mark.parametrize("method", [NEWTON, STOCHASTIC])
@pytest.mark.parametrize("off", [5 * Y + 100, np.vstack([Y, [[50.0, 50.0]]])], ids=["all", "one"])
def test_targets_outside_the_domain_get_their_masses(method: str, off: np.ndarray) -> None:
    result = solve(Box.unit(2), off, method=method)
    assert result.converged and result.target_potential is not None, result.reason
    # The power cells of the potential returned, in coordinates about the targets' mean: g' = g − 2⟨y', t⟩ + const.
    shift = off.mean(axis=0)
    sites = off - shift
    cells = result.target_potential - 2 * sites @ (shift - 0.5)
    domain = Box(np.full(2, -0.5), np.full(2, 0.5)).polygon
    shares = masses(sites, cells, domain, facets(sites, cells, domain))
    exact = 1e-6 if method == NEWTON else 0.15  # χ² ≤ .02 means |w/ν − 1| ≤ .14 in the mean square
    np.testing.assert_allclose(shares * len(off), 1.0, atol=exact * np.sqrt(len(off)))


def test_targets_that_float64_cannot_tell_apart_are_not_called_converged() -> None:
    # Two targets 10⁻¹³ of the spread apart: the border between their cells is known to 10⁻³ of the domain.
    y = np.vstack([Y, Y[:1] + np.array([1e-13, 0.0])])
    near = solve(Box.unit(2), Y, method=NEWTON)
    assert near.converged and near.details["rounding"] < 1e-12
    lost = solve(Box.unit(2), y, method=NEWTON)
    assert not lost.converged and "nearly coincide" in lost.reason and lost.details["rounding"] > 1e-5


def test_more_pairs_than_a_tile_holds_give_the_same_cells() -> None:
    y = np.random.default_rng(2).uniform(size=(1500, 3))
    method = "semidiscrete-stochastic[steps=20,batch=512,rounds=1,audit=2,memory={}]"
    whole, tiled = (solve(Box.unit(3), y, method=method.format(memory)) for memory in (2**26, 2**13))
    # Products of other shapes differ by rounding, which moves a point on a cell's border in some step.
    assert whole.target_potential is not None
    np.testing.assert_allclose(tiled.target_potential, whole.target_potential, atol=1e-3)
    assert whole.certificate.chi2 is not None
    assert tiled.certificate.chi2 == pytest.approx(whole.certificate.chi2, rel=0.02)
