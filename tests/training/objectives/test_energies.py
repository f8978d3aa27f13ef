"""ebgan with its pulling-away term and began against loops and closed forms."""

import math

import numpy as np
import pytest
import torch
from tiny import term_context

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.objectives.ebgan import pulling_away

REAL = torch.tensor([-2.0, -0.5], dtype=torch.float64)
FAKE = torch.tensor([-1.0, -7.0], dtype=torch.float64)


def test_ebgan_hand_computed() -> None:
    game = OBJECTIVES.build("ebgan[margin=5]")
    # E(x) = 2, .5; E(G) = 1, 7: 2 + (5 − 1), .5 + max(0, 5 − 7)
    assert game.discriminator_loss(REAL, FAKE).tolist() == [6.0, 0.5]
    assert game.generator_loss(REAL, FAKE).tolist() == [1.0, 7.0]


def test_ebgan_optimum_is_the_margin_times_one_minus_total_variation() -> None:
    """Zhao et al. 2017, Theorem 1: pointwise min of p·E + q·[m − E]₊ is m·min(p, q), so m·Σ min(p, q)."""
    p, q, margin = np.array([0.5, 0.2, 0.3]), np.array([0.1, 0.6, 0.3]), 3.0
    game = OBJECTIVES.build(f"ebgan[margin={margin}]")
    grid = torch.linspace(0, 6, 601, dtype=torch.float64)
    least = 0.0
    for a, b in zip(p, q, strict=True):
        zero = torch.zeros_like(grid)
        on_real = game.discriminator_loss(-grid, zero) - game.discriminator_loss(zero, zero)
        on_fake = game.discriminator_loss(zero, -grid)
        least += float((a * on_real + b * on_fake).min())
    assert least == pytest.approx(margin * (1 - np.abs(p - q).sum() / 2), abs=1e-12)


def test_pulling_away_is_the_mean_squared_cosine_over_different_rows() -> None:
    codes = np.random.default_rng(0).normal(size=(5, 3))
    total = 0.0
    for i in range(5):
        for j in range(5):
            if i != j:
                cosine = codes[i] @ codes[j] / (np.linalg.norm(codes[i]) * np.linalg.norm(codes[j]))
                total += cosine**2
    assert float(pulling_away(torch.from_numpy(codes))) == pytest.approx(total / 20, rel=1e-12)
    assert float(pulling_away(torch.eye(4, dtype=torch.float64))) == 0
    assert float(pulling_away(torch.ones(4, 2, dtype=torch.float64))) == pytest.approx(1)
    # opposite codes are as alike as equal ones: the cosine is squared
    assert float(pulling_away(torch.tensor([[1.0, 2.0], [-1.0, -2.0]], dtype=torch.float64))) == pytest.approx(1)


def test_pulling_away_has_the_finite_differences_gradient_in_both_rows_of_a_pair() -> None:
    codes = torch.from_numpy(np.random.default_rng(1).normal(size=(4, 3))).requires_grad_(True)
    assert torch.autograd.gradcheck(pulling_away, codes)
    with pytest.raises(TooFewSamples, match="at least 2"):
        pulling_away(torch.ones(1, 3))


def test_ebgan_adds_the_weighted_term_of_the_fakes() -> None:
    codes = torch.from_numpy(np.random.default_rng(2).normal(size=(2, 4, 3)))
    judged = [DiscriminatorOutput(torch.zeros(4, dtype=torch.float64), side) for side in codes]
    term = OBJECTIVES.build("ebgan[pulling_away=0.3]").generator_term(*judged, term_context())
    assert float(term) == pytest.approx(0.3 * float(pulling_away(codes[1])), rel=1e-12)


def test_began_losses_and_equilibrium() -> None:
    game = OBJECTIVES.build("began[k=0.25]")
    # L(x) − k·L(G): 2 − .25·1, .5 − .25·7
    assert game.discriminator_loss(REAL, FAKE).tolist() == [1.75, -1.25]
    assert game.generator_loss(REAL, FAKE).tolist() == [1.0, 7.0]
    memory = game.memory(torch.nn.Identity(), torch.nn.Identity())
    # at the wanted ratio, L(G) = γ·L(x), k rests and M_global is L(x)
    seen = game.observe(memory, torch.full((3,), -2.0), torch.full((3,), -1.0))
    assert float(seen["k"]) == 0.25
    assert float(seen["m_global"]) == 2.0
    game.observe(memory, torch.full((3,), -1e6), torch.zeros(3))
    assert float(memory["k"]) == 1.0
    game.observe(memory, torch.zeros(3), torch.full((3,), -1e6))
    assert float(memory["k"]) == 0.0
    assert math.isclose(game.at({"k": torch.tensor(0.75)}).k, 0.75)


@pytest.mark.parametrize(
    "spec",
    ["ebgan[margin=0]", "ebgan[pulling_away=-1]", "began[gamma=0]", "began[gamma=1.5]", "began[k=2]", "began[rate=0]"],
)
def test_refuses_options_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        OBJECTIVES.build(spec)
