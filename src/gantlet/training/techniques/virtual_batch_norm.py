"""Virtual batch normalisation: each example is normalised by a fixed reference batch and itself."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import AltersGenerator
from gantlet.training.techniques import TECHNIQUES

SOURCE = "Salimans et al. 2016, arXiv:1606.03498, §3.5"


class VirtualNorm(nn.Module):
    """Normalises rows after the first ``n`` by those n and the row itself; the first n by themselves."""

    def __init__(self, old: nn.BatchNorm1d | nn.BatchNorm2d, n: int) -> None:
        super().__init__()
        self.n, self.eps = n, old.eps
        self.weight = nn.Parameter(old.weight.detach().clone()) if old.affine else None
        self.bias = nn.Parameter(old.bias.detach().clone()) if old.affine else None

    def forward(self, x: Float[Tensor, "b c *plane"]) -> Float[Tensor, "b c *plane"]:
        """Return γ·(x − mean)/√(var + ε) + β with mean and variance of n + 1 examples, pooled (n for the reference)."""
        flat = x.flatten(2) if x.dim() > 2 else x[:, :, None]
        reference, rows = flat[: self.n], flat[self.n :]
        mean = reference.mean((0, 2), keepdim=True)
        var = reference.var((0, 2), correction=0, keepdim=True)
        own_mean, own_var = rows.mean(2, keepdim=True), rows.var(2, correction=0, keepdim=True)
        share = 1 / (self.n + 1)
        pooled = (1 - share) * mean + share * own_mean
        spread = (1 - share) * (var + (mean - pooled).square()) + share * (own_var + (own_mean - pooled).square())
        first, rest = (reference - mean) / (var + self.eps).sqrt(), (rows - pooled) / (spread + self.eps).sqrt()
        normal = torch.cat([first, rest])
        if self.weight is not None and self.bias is not None:
            normal = normal * self.weight[:, None] + self.bias[:, None]
        return normal.view_as(x)


class WithReference(nn.Module):
    """A generator that carries its reference batch through every layer beside the latents."""

    reference: Tensor
    reference_labels: Tensor | None

    def __init__(self, generator: nn.Module, latent: int, n: int, n_classes: int) -> None:
        super().__init__()
        self.generator = generator
        self.register_buffer("reference", torch.randn(n, latent))
        self.register_buffer("reference_labels", torch.arange(n) % n_classes if n_classes else None)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b c s s"]:
        """Return the images of z alone."""
        first = self.reference_labels
        all_labels = None if labels is None or first is None else torch.cat([first, labels])
        return self.generator(torch.cat([self.reference, z]), all_labels)[len(self.reference) :]


@TECHNIQUES.register("virtual-batch-norm", source=SOURCE)
@dataclass(frozen=True)
class VirtualBatchNorm(AltersGenerator):
    """The generator normalises each example by a reference batch, fixed before training, and the example itself.

    γ·(x − μ)/√(σ² + ε) + β, μ and σ² pooled over the n reference examples and x, in the place of every batch
    normalisation of the generator. Option: ``n``, size of the reference batch.

    When to use it: where batch normalisation makes the images of a batch depend on each other; a generator's pass then
    costs 1 + n/b times as much. Samples are the same in training and afterwards.

    Raises: ConfigError when n < 2, and for a generator without batch normalisation.
    Convention: the reference is a batch of latents (labels 0, 1, 2, … in turn), passed through the present weights each
    time; gradients flow through its statistics too; the generator only, as in the paper.
    Source: Salimans et al. 2016, arXiv:1606.03498, §3.5.
    """

    n: int = 64

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ConfigError(f"technique 'virtual-batch-norm': expected n ≥ 2 reference examples; got {self.n}")

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator with its reference; its normalisation layers are replaced in place."""
        layers = [
            (parent, name, layer)
            for parent in generator.modules()
            for name, layer in parent.named_children()
            if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d))
        ]
        if not layers:
            raise ConfigError(
                "technique 'virtual-batch-norm' takes the place of batch normalisation, and this generator has none; use "
                "dcgan, infogan or resnet"
            )
        for parent, name, layer in layers:
            setattr(parent, name, VirtualNorm(layer, self.n))
        return WithReference(generator, latent, self.n, n_classes)
