"""label-smoothing, feature-matching and historical-averaging against their papers' formulas written out."""

import math

import numpy as np
import pytest
import torch
from tiny import term_context
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import MayReplaceLoss
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.techniques import TECHNIQUES


def sigmoid(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-t))


@pytest.mark.parametrize("name", ["nonsaturating", "minimax"])
def test_label_smoothing_is_one_sided_cross_entropy(name: str) -> None:
    real, fake = np.array([2.0, -1.0, 4.0]), np.array([0.5, 3.0, -2.0])
    plain = OBJECTIVES.build(name)
    smooth = TECHNIQUES.build("label-smoothing").objective(plain)
    expected = -0.9 * np.log(sigmoid(real)) - 0.1 * np.log(1 - sigmoid(real)) - np.log(1 - sigmoid(fake))
    found = smooth.discriminator_loss(torch.from_numpy(real), torch.from_numpy(fake))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)
    assert torch.equal(
        smooth.generator_loss(torch.from_numpy(real), torch.from_numpy(fake)),
        plain.generator_loss(torch.from_numpy(real), torch.from_numpy(fake)),
    )


def test_label_smoothing_is_stationary_at_its_optimum() -> None:
    """On equal densities D = t·p/(p + q)… = t/2: the best common logit is log(t / (2 − t))."""
    logit = torch.tensor([math.log(0.8 / 1.2)], dtype=torch.float64, requires_grad=True)
    smooth = TECHNIQUES.build("label-smoothing[target=0.8]").objective(OBJECTIVES.build("nonsaturating"))
    (gradient,) = torch.autograd.grad(smooth.discriminator_loss(logit, logit).sum(), logit)
    assert abs(float(gradient)) < 1e-12


@pytest.mark.parametrize("name", ["wgan", "hinge", "lsgan", "rpgan"])
def test_label_smoothing_refuses_objectives_without_a_target(name: str) -> None:
    with pytest.raises(ConfigError, match="cross-entropy"):
        TECHNIQUES.build("label-smoothing").objective(OBJECTIVES.build(name))


def test_feature_matching_compares_means_not_pairs() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 6, 4))
    judged = [DiscriminatorOutput(torch.zeros(6, dtype=torch.float64), torch.from_numpy(side)) for side in (real, fake)]
    technique = TECHNIQUES.build("feature-matching[weight=3]")
    expected = 3 * np.sum((real.mean(0) - fake.mean(0)) ** 2)
    assert float(technique.generator_term(*judged, term_context())) == pytest.approx(expected, rel=1e-12)
    shuffled = judged[1]._replace(features=judged[1].features.flip(0))
    assert float(technique.generator_term(judged[0], shuffled, term_context())) == pytest.approx(expected, rel=1e-12)
    assert isinstance(technique, MayReplaceLoss)
    assert not technique.adversarial


def test_historical_averaging_is_the_distance_from_the_mean_of_all_past_weights() -> None:
    torch.manual_seed(0)
    players = {"generator": nn.Linear(3, 2).double(), "discriminator": nn.Linear(2, 1).double()}
    technique = TECHNIQUES.build("historical-averaging[weight=0.7]")
    memory = technique.memory(**players)
    past = {player: [nn.utils.parameters_to_vector(net.parameters()).detach()] for player, net in players.items()}
    rng = np.random.default_rng(0)
    for _ in range(4):
        for player, net in players.items():
            moved = torch.from_numpy(rng.normal(size=len(past[player][0])))
            nn.utils.vector_to_parameters(moved, net.parameters())
            technique.follow(memory, player, net)
            past[player].append(moved)
            mean = torch.stack(past[player]).mean(0)
            term = technique.weight_term(memory, player, net)
            torch.testing.assert_close(term, 0.7 * (moved - mean).square().sum(), rtol=1e-12, atol=0)
            gradient = torch.cat([g.flatten() for g in torch.autograd.grad(term, list(net.parameters()))])
            torch.testing.assert_close(gradient, 1.4 * (moved - mean), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "spec",
    [
        "label-smoothing[target=1]",
        "label-smoothing[target=0.5]",
        "feature-matching[weight=0]",
        "historical-averaging[weight=-1]",
        "pacgan[pack=1]",
        "unrolled[steps=0]",
        "minibatch-discrimination[kernels=0]",
        "minibatch-discrimination[kernel_dim=0]",
        "diffaugment[policy=]",
        "diffaugment[policy=color+rotation]",
    ],
)
def test_refuses_options_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        TECHNIQUES.build(spec)
