"""ra-hinge and ra-lsgan against Jolicoeur-Martineau's formulas written out, and their gradients by finite differences."""

import numpy as np
import pytest
import torch

from gantlet.training.objectives import OBJECTIVES

REAL, FAKE = np.array([2.0, -1.0, 0.3, 4.0]), np.array([0.5, 3.0, -2.0, 0.1])


def hinge(t: np.ndarray) -> np.ndarray:
    return np.maximum(0, 1 - t)


def both(name: str, up: np.ndarray, down: np.ndarray) -> float:
    """E[f₁(up − mean down)] + E[f₂(down − mean up)]."""
    over, under = up - down.mean(), down - up.mean()
    if name == "ra-hinge":
        return hinge(over).mean() + hinge(-under).mean()
    return ((over - 1) ** 2).mean() + ((under + 1) ** 2).mean()


@pytest.mark.parametrize("name", ["ra-hinge", "ra-lsgan"])
def test_losses_are_the_papers_with_the_sides_exchanged(name: str) -> None:
    objective = OBJECTIVES.build(name)
    real, fake = torch.from_numpy(REAL), torch.from_numpy(FAKE)
    assert float(objective.discriminator_loss(real, fake).mean()) == pytest.approx(both(name, REAL, FAKE), abs=1e-12)
    assert float(objective.generator_loss(real, fake).mean()) == pytest.approx(both(name, FAKE, REAL), abs=1e-12)
    assert objective.capabilities.whole_batch and objective.capabilities.relativistic


@pytest.mark.parametrize("name", ["ra-hinge", "ra-lsgan"])
def test_gradients_flow_through_the_means(name: str) -> None:
    objective = OBJECTIVES.build(name)
    fake = torch.from_numpy(FAKE).requires_grad_(True)
    loss = objective.generator_loss(torch.from_numpy(REAL), fake).mean()
    (gradient,) = torch.autograd.grad(loss, fake)
    for i in range(len(FAKE)):
        step = np.eye(len(FAKE))[i] * 1e-5
        difference = (both(name, FAKE + step, REAL) - both(name, FAKE - step, REAL)) / 2e-5
        # both are quadratic or piecewise linear here, with no kink within 1e-5: rounding alone, 1e-16/1e-5
        assert float(gradient[i]) == pytest.approx(difference, abs=1e-9)


@pytest.mark.parametrize("name", ["ra-hinge", "ra-lsgan"])
def test_where_both_sides_agree_either_loss_is_two(name: str) -> None:
    objective, same = OBJECTIVES.build(name), torch.full((5,), 3.7)
    assert (
        objective.discriminator_loss(same, same).tolist() == objective.generator_loss(same, same).tolist() == [2.0] * 5
    )
