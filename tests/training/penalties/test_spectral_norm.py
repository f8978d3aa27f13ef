"""spectral-norm against NumPy's and torch's singular values; one iteration per training pass; its vectors travel with the state."""

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.game import Game
from gantlet.training.penalties import PENALTIES
from gantlet.training.penalties.spectral_norm import DividedByNorm, normalised_weights
from gantlet.training.state import TrainState


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(6, 5), nn.Embedding(3, 4)).double()


def test_divides_by_the_largest_singular_value() -> None:
    plain, wrapped = network(), network()
    PENALTIES.build("spectral-norm[warm_up=500]").prepare(wrapped)
    for before, after in zip(plain, wrapped, strict=True):
        matrix = before.weight.detach().flatten(1).numpy()
        # the power method's error falls as (σ₂/σ₁)^(2·500): far below rounding for these matrices
        expected = matrix / np.linalg.svd(matrix, compute_uv=False)[0]
        np.testing.assert_allclose(after.weight.detach().flatten(1).numpy(), expected, atol=1e-9)
    assert len(list(normalised_weights(wrapped))) == 3


def test_one_iteration_per_training_pass_is_the_papers() -> None:
    wrapped = network()
    PENALTIES.build("spectral-norm").prepare(wrapped)
    rule, weight = next(normalised_weights(wrapped))
    matrix, image = weight.detach().flatten(1).numpy(), torch.zeros(1, 3, 3, 3, dtype=torch.float64)
    wrapped.train()
    for _ in range(2):
        u = rule.u.clone().numpy()
        v = matrix.T @ u / np.linalg.norm(matrix.T @ u)
        wrapped[0](image)
        np.testing.assert_allclose(rule.v.numpy(), v, atol=1e-14)
        np.testing.assert_allclose(rule.u.numpy(), matrix @ v / np.linalg.norm(matrix @ v), atol=1e-14)
    before = rule.u.clone()
    wrapped.eval()
    wrapped[0](image)  # looking moves nothing
    assert torch.equal(rule.u, before)


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d, nn.Linear])
def test_the_matrix_has_one_row_per_output_as_torchs_own(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    ours, theirs = (kind(5, 3, 4) if kind is not nn.Linear else kind(5, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    PENALTIES.build("spectral-norm[warm_up=300]").prepare(ours.double())
    nn.utils.parametrizations.spectral_norm(theirs.double(), n_power_iterations=300)
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=1e-9)
    matrix = ours.weight.detach().transpose(0, 1) if kind is nn.ConvTranspose2d else ours.weight.detach()
    assert float(torch.linalg.svdvals(matrix.flatten(1))[0]) == pytest.approx(1, abs=1e-9)
    assert matrix.flatten(1).shape[0] == 3


def test_norms_lag_behind_a_training_and_are_one_after_it() -> None:
    """The iteration follows weights that move; after `finish` every layer's largest singular value is 1 by torch's svdvals."""
    penalty, wrapped = PENALTIES.build("spectral-norm"), nn.Sequential(nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 1))
    torch.manual_seed(0)
    penalty.prepare(wrapped)
    optimizer = torch.optim.Adam(wrapped.parameters(), 0.5)
    for _ in range(3):
        optimizer.zero_grad()
        wrapped(torch.randn(8, 20)).square().mean().backward()
        optimizer.step()
    wrapped.eval()

    def largest() -> list[float]:
        layers = [m for m in wrapped if isinstance(m, nn.Linear)]
        return [float(torch.linalg.svdvals(layer.weight.detach().double())[0]) for layer in layers]

    lagging = largest()
    assert max(lagging) > 1.001  # else there is nothing to converge
    said = penalty.finish(nn.Identity(), wrapped, [], 0)
    assert said["largest_norm_before"] == pytest.approx(max(lagging), rel=1e-6)
    assert largest() == pytest.approx([1.0, 1.0], abs=1e-6)  # float32


def test_the_gradient_is_the_papers_equation_twelve() -> None:
    """∂L/∂W = (G − λ·uvᵀ)/σ with G = ∂L/∂W̄, λ = ⟨G, W̄⟩, and by finite differences with u, v held."""
    torch.manual_seed(1)
    weight = torch.randn(4, 6, dtype=torch.float64)
    rule = DividedByNorm(weight, 200)
    push = torch.randn(4, 6, dtype=torch.float64)
    original = weight.clone().requires_grad_(True)
    divided = rule(original)
    (gradient,) = torch.autograd.grad((divided * push).sum(), original)
    sigma = torch.linalg.matrix_norm(weight, 2)
    expected = (push - (push * divided.detach()).sum() * torch.outer(rule.u, rule.v)) / sigma
    torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-9)
    step = torch.zeros_like(weight)
    step[1, 2] = 1e-6
    difference = ((rule(weight + step) - rule(weight - step)) * push).sum() / 2e-6
    assert float(gradient[1, 2]) == pytest.approx(float(difference), abs=1e-7)


def test_its_vectors_are_part_of_the_state() -> None:
    config = TrainConfig(network="dcgan[width=4,norm=none]", penalties=("spectral-norm",), conditioning="projection")
    state = TrainState.fresh(config, Game.of(config), ImageShape(8, 1), 3)
    vectors = [name for name in state.tensors() if name.startswith("discriminator/") and name.endswith(".u")]
    assert len(vectors) == 3  # one convolution and the two of the projection head


def test_refuses_batch_norm_and_no_warm_up() -> None:
    config = TrainConfig(network="dcgan[width=4]", penalties=("spectral-norm",))
    with pytest.raises(ConfigError, match="batch normalisation undoes"):
        TrainState.fresh(config, Game.of(config), ImageShape(16, 1), 0)
    with pytest.raises(ConfigError, match="warm_up ≥ 1"):
        PENALTIES.build("spectral-norm[warm_up=0]")


def test_refuses_layers_that_start_at_zero() -> None:
    """A zero matrix has no norm to divide by: the first step would give NaN."""
    layer = torch.nn.Linear(3, 2)
    assert PENALTIES.build("spectral-norm").refusal(TrainConfig(), {}, layer) is None
    torch.nn.init.zeros_(layer.weight)
    assert "all zero" in str(PENALTIES.build("spectral-norm").refusal(TrainConfig(), {}, layer))
