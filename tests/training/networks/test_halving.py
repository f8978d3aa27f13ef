"""Halving and doubling convolutions against torch's own: values, gradients, gradients of gradients, autocast, state."""

import copy

import pytest
import torch
from torch import Tensor, nn

from gantlet.training.networks.halving import Doubling, FromPoint, Halving

CASES = {
    "to few maps of 4": (Halving(3, 5), nn.Conv2d(3, 5, 4, 2, 1), (2, 3, 8, 8)),
    "to maps of 8": (Halving(9, 10, bias=False), nn.Conv2d(9, 10, 4, 2, 1, bias=False), (2, 9, 16, 16)),
    "to an image": (Doubling(5, 1), nn.ConvTranspose2d(5, 1, 4, 2, 1), (3, 5, 8, 8)),
    "to many maps": (Doubling(6, 9, bias=False), nn.ConvTranspose2d(6, 9, 4, 2, 1, bias=False), (3, 6, 4, 4)),
    "from a point": (FromPoint(7, 5), nn.ConvTranspose2d(7, 5, 4), (3, 7, 1, 1)),
}


def pair(case: str) -> tuple[nn.Module, nn.Module, Tensor]:
    """Return our module, torch's with the same weights, and an input, in float64."""
    ours, theirs, shape = CASES[case]
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return ours.double(), theirs.double(), x


def everything(module: nn.Module, x: Tensor) -> list[Tensor]:
    """Return value, first derivatives by input and weights, and those of the penalty ‖∇ₓ sum(tanh y)‖²."""
    x = x.clone().requires_grad_(True)
    y = module(x)
    leaves = [x, *module.parameters()]
    first = torch.autograd.grad(y.tanh().sum(), leaves, create_graph=True)
    second = torch.autograd.grad(sum(g.square().sum() for g in first[:2]), leaves, allow_unused=True)
    return [y, *first, *(torch.zeros(()) if g is None else g for g in second)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_and_derivatives_are_those_of_torch(case: str, layout: torch.memory_format) -> None:
    """In float64 within 1e-12 of each tensor's largest number: sums of at most 10³ products in another order."""
    ours, theirs, x = pair(case)
    x = x.contiguous(memory_format=layout)
    for found, expected in zip(everything(ours, x), everything(theirs, x), strict=True):
        found, expected = found.detach(), expected.detach()
        assert float((found - expected).abs().max()) <= 1e-12 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("case", CASES)
def test_under_autocast_products_are_bfloat16_and_gradients_float32(case: str) -> None:
    """Input, weight, product and its gradient are each rounded to 8 bits (relative 2⁻⁹): at most eight roundings of each term.

    A sum may cancel, its terms' errors do not: they are measured against the sum of the terms' sizes, which the same layer
    gives for |x|, |w| and |∂|.
    """
    ours, theirs, x = pair(case)
    ours, theirs, x = ours.float(), theirs.float(), x.float()
    exact = theirs(x)
    with torch.autocast("cpu", torch.bfloat16):
        made = ours(x)
    assert made.dtype == torch.bfloat16
    sizes = copy.deepcopy(theirs)
    with torch.no_grad():
        for parameter in sizes.parameters():
            parameter.abs_()
    largest = sizes(x.abs())
    assert bool(((made - exact).abs() <= 4 * 2**-9 * largest).all())
    made.float().square().sum().backward()
    exact.square().sum().backward()
    largest.backward(2 * largest.detach())
    for (name, found), expected, size in zip(
        ours.named_parameters(), theirs.parameters(), sizes.parameters(), strict=True
    ):
        assert found.grad is not None and found.grad.dtype == torch.float32, name
        assert bool(((found.grad - expected.grad).abs() <= 8 * 2**-9 * size.grad).all()), name
        found.grad = None


def test_a_frozen_weight_costs_no_gradient() -> None:
    layer = Halving(3, 4).requires_grad_(False)
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None and layer.weight.grad is None
