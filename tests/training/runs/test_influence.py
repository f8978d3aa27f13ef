"""Directions of a latent's influence against closed forms, and what a small step along them changes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.rng import torch_stream
from gantlet.training.networks import NETWORKS
from gantlet.training.runs.influence import influence


class Linear(nn.Module):
    """G(z) = W z as an image, with W's first half for class 0 and its second for class 1 where there are labels."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        weights = self.weights[0].expand(len(z), -1, -1) if labels is None else self.weights[labels]
        return (weights @ z[:, :, None])[:, :, 0].view(len(z), 1, 3, 4)


def test_of_a_linear_generator_they_are_the_right_singular_vectors() -> None:
    weights = torch.randn(1, 12, 70, generator=torch.Generator().manual_seed(0))  # more numbers than one pass takes
    _, values, vectors = np.linalg.svd(weights[0].double().numpy())
    found = influence(Linear(weights), 70, 0, most=5)
    np.testing.assert_allclose(np.abs(np.sum(found.directions * vectors[:5], axis=1)), 1, atol=1e-5)
    np.testing.assert_allclose(found.shares, values[:5] ** 2 / np.sum(values**2), rtol=1e-4)
    largest = found.directions[np.arange(5), np.abs(found.directions).argmax(axis=1)]
    assert (largest > 0).all()


def test_of_a_conditional_one_they_are_of_the_mean_over_classes() -> None:
    weights = torch.randn(2, 12, 6, generator=torch.Generator().manual_seed(1))
    double = weights.double().numpy()
    values, vectors = np.linalg.eigh(np.mean([one.T @ one for one in double], axis=0))
    found = influence(Linear(weights), 6, 2, most=6)
    np.testing.assert_allclose(np.abs(np.sum(found.directions * vectors[:, ::-1].T, axis=1)), 1, atol=1e-4)
    np.testing.assert_allclose(found.shares, values[::-1] / values.sum(), rtol=1e-3)


def test_of_a_curved_one_the_mean_is_over_its_latents() -> None:
    """G(z)_i = a_i tanh z_i: M is diagonal, with a_i² times the mean of (1 − tanh² z_i)² over the same latents."""
    gains = torch.tensor([0.3, 2.0, 1.0])

    class Bent(nn.Module):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return (gains * torch.tanh(z)).view(-1, 3, 1, 1)

    z = torch.randn(16, 3, generator=torch_stream(0, "influence")).double().numpy()
    diagonal = gains.double().numpy() ** 2 * np.mean((1 - np.tanh(z) ** 2) ** 2, axis=0)
    order, found = np.argsort(-diagonal), influence(Bent(), 3, 0)
    np.testing.assert_allclose(np.abs(found.directions), np.eye(3)[order], atol=1e-4)
    np.testing.assert_allclose(found.shares, np.sort(diagonal)[::-1] / diagonal.sum(), rtol=5e-3)


def test_a_small_step_along_the_first_changes_a_networks_images_most() -> None:
    """On fresh latents, against ten random unit vectors and the last direction; a mean over 16 latents need not be exact."""
    torch.manual_seed(0)
    network: Any = NETWORKS.build("dcgan[width=8]")
    generator = network.generator(ImageShape(16, 1), 12, "none", 0).eval()
    found = influence(generator, 12, 0, most=12)
    assert np.allclose(found.directions @ found.directions.T, np.eye(12), atol=1e-6) and np.isclose(
        found.shares.sum(), 1
    )
    z, others = torch.randn(64, 12), torch.nn.functional.normalize(torch.randn(10, 12), dim=1)

    @torch.no_grad()
    def change(direction: Tensor) -> float:
        return float((generator(z + 0.1 * direction) - generator(z)).square().sum())

    first, last = (change(torch.from_numpy(found.directions[i]).float()) for i in (0, -1))
    assert first > 1.2 * max(change(other) for other in others) and last < min(change(other) for other in others)


def test_a_generator_that_ignores_its_latent_has_no_influence() -> None:
    class Still(nn.Module):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return torch.ones(len(z), 1, 2, 2)

    found = influence(Still(), 4, 0)
    assert found.shares.tolist() == [0, 0, 0, 0] and np.isfinite(found.directions).all()
