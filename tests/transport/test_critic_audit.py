"""The critic audit on potentials that are known, flat or wrong, and the bound from Lipschitz constants."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from gantlet.core.errors import ConfigError, NonFiniteError, ShapeError
from gantlet.transport import audit
from gantlet.transport.critic_audit import layer_bound, least_bridging, sampled_slope
from gantlet.transport.ground_truth import gaussian_pair

PAIR = gaussian_pair(3, condition=4.0)


def exact(weight: float):  # type: ignore[no-untyped-def]
    """D = K(ψ − |x|²/2): its gradient is K(T(x) − x)."""
    target, matrix = PAIR.details["target"], torch.from_numpy(np.stack([PAIR.map(e) for e in np.eye(3)[:, None]])[:, 0])
    origin = torch.from_numpy(PAIR.map(np.zeros((1, 3)))[0])
    linear = (matrix - origin).double()
    assert target.dim == 3

    def critic(x: torch.Tensor) -> torch.Tensor:
        y = x.double()
        return weight * (y @ origin + ((y @ linear) * y).sum(1) / 2 - y.square().sum(1) / 2)

    return critic


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_the_exact_potential_is_the_map(weight: float) -> None:
    x, y = PAIR.draw(300, 0, "x"), PAIR.draw_target(300, 0, "y")
    result = audit(exact(weight), x, y, true_map=PAIR.map, cost=weight)
    # float32 points: relative rounding 1e-7.
    assert result.uvp is not None and result.uvp < 1e-8 and result.cosine == pytest.approx(1.0)
    assert result.divergence_ratio < 0.2 and result.slope_bound is None and "Sequential" in result.notes[0]


def test_a_flat_critic_moves_nothing_and_a_wrong_sign_moves_away() -> None:
    x, y = PAIR.draw(300, 0, "x"), PAIR.draw_target(300, 0, "y")
    flat = audit(lambda p: 0 * p.sum(1), x, y, true_map=PAIR.map)
    assert flat.divergence_ratio == pytest.approx(1.0) and flat.cosine == 0 and flat.slope == 0
    away = audit(lambda p: -exact(1.0)(p), x, y, true_map=PAIR.map)
    assert away.cosine == pytest.approx(-1.0) and away.divergence_ratio > 1


def test_slopes_between_their_bounds() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    bound, _ = layer_bound(network)
    slope = sampled_slope(network, np.random.default_rng(0).standard_normal((200, 3)))
    assert bound is not None and 0 < slope <= bound
    matrix = torch.randn(4, 3)
    seen = sampled_slope(lambda z: z @ matrix.T, np.zeros((2, 3)))
    assert seen == pytest.approx(float(np.linalg.norm(matrix.numpy(), 2)), rel=1e-5)
    assert layer_bound(nn.Sequential(nn.BatchNorm1d(3)))[0] is None


def test_the_law_is_reached_by_the_steepest_slope_and_holds_for_others() -> None:
    # In one dimension G(z) = clip(Lz, ±Δ/2) has mass Φ(−Δ/2L) at each end: what lies between is the bound exactly.
    for slope in (1.0, 4.0, 40.0):
        expected = stats.norm.cdf(2 / (2 * slope)) - stats.norm.cdf(-2 / (2 * slope))
        assert least_bridging(2.0, slope) == pytest.approx(expected)
    assert least_bridging(1.0, 40.0) <= 0.01 < least_bridging(1.0, 39.0) * 1.05
    z = np.random.default_rng(0).standard_normal(200_000)
    inside = np.abs(2 * z + 0.3 * np.tanh(z)) < 1  # steeper than 2, at most 2.3
    assert inside.mean() >= least_bridging(2.0, 2.3) - 5 * 0.5 / 447


def test_bad_input() -> None:
    x = np.zeros((4, 2))
    with pytest.raises(ShapeError, match=r"\[n, d\] to \[n\]"):
        audit(lambda p: p, x, x + 1)
    with pytest.raises(NonFiniteError, match="gradient"):
        audit(lambda p: (p - p).square().sum(1).sqrt(), x, x + 1)
    with pytest.raises(ConfigError, match="K"):
        audit(lambda p: p.sum(1), x, x + 1, cost=0.0)
    with pytest.raises(ShapeError, match="dimension"):
        audit(lambda p: p.sum(1), x, np.ones((4, 3)))
    with pytest.raises(ConfigError, match="slope"):
        least_bridging(1.0, 0.0)
