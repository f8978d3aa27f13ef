"""Latents: great circles move at constant speed, walks close, and truncation is the truncated normal distribution."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest, truncnorm

from gantlet.core.errors import NonFiniteError
from gantlet.core.numerics.latents import closed_walk, slerp, truncated_normal


def test_slerp_on_the_circle_moves_at_constant_speed() -> None:
    a, b = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    for t in (0.0, 0.25, 1.0):
        angle = t * np.pi / 2
        assert slerp(a, b, np.array([t])) == pytest.approx(np.array([[np.cos(angle), np.sin(angle)]]), abs=1e-12)
    with pytest.raises(NonFiniteError, match="two dimensions"):
        slerp(a, -a, np.array([0.5]))


def test_a_walk_goes_through_its_keys_and_back() -> None:
    """On a circle of radius 2, three keys a third of a turn apart: all points on the circle, equally far from each other."""
    angles = np.arange(3) * 2 * np.pi / 3
    keys = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    walk = closed_walk(keys, 4)
    turn = np.arange(12) * 2 * np.pi / 12
    assert walk == pytest.approx(2 * np.stack([np.cos(turn), np.sin(turn)], axis=1), abs=1e-12)
    assert walk[::4] == pytest.approx(keys, abs=1e-12)


@pytest.mark.parametrize("threshold", [0.3, 1.0, 3.0])
def test_truncation_has_the_distribution_of_values_that_are_drawn_again(threshold: float) -> None:
    z = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = truncated_normal(z, threshold)
    assert float(found.abs().max()) <= threshold
    assert kstest(found.flatten().numpy(), truncnorm(-threshold, threshold).cdf).pvalue > 1e-3
    assert torch.equal(found.argsort(0), z.argsort(0))  # one seed's images stay comparable
    far = truncated_normal(torch.tensor([[-40.0, 40.0, 0.0]]), threshold)
    assert far.tolist() == [[pytest.approx(-threshold), pytest.approx(threshold), pytest.approx(0, abs=1e-7)]]


def test_a_wide_truncation_changes_nothing() -> None:
    z = torch.linspace(-3, 3, 101)[None]
    assert torch.allclose(truncated_normal(z, 8.0), z, atol=1e-5)
