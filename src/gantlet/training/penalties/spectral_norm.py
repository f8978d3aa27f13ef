"""Spectral normalisation: every weight matrix of the discriminator is divided by its largest singular value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils import parametrize

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import Finishes, Prepares, Refuses
from gantlet.training.penalties import PENALTIES

LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.Embedding)


class DividedByNorm(nn.Module):
    """W ↦ W / σ with σ = uᵀWv; the vectors u, v are buffers and take one power iteration in every pass in training mode.

    W is [out, in·k·k]: the transposed convolutions' kernels, [in, out, k, k], are turned first.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Float[Tensor, "*shape"], warm_up: int, turned: bool = False) -> None:
        super().__init__()
        self.turned = turned
        rows, columns = self.matrix(weight).shape
        self.register_buffer("u", normalize(torch.randn(rows, dtype=weight.dtype), dim=0))
        self.register_buffer("v", normalize(torch.randn(columns, dtype=weight.dtype), dim=0))
        self.iterate(weight, warm_up)

    def matrix(self, weight: Float[Tensor, "*shape"]) -> Float[Tensor, "rows columns"]:
        """Return W, with one row per output."""
        return (weight.transpose(0, 1) if self.turned else weight).flatten(1)

    def forward(self, weight: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return W / uᵀWv; u and v are constants for the gradient (the paper's Eq. 12)."""
        with torch.autocast(weight.device.type, enabled=False):
            if self.training:
                self.iterate(weight)
            return weight / torch.dot(self.u.clone(), self.matrix(weight) @ self.v.clone())

    @torch.no_grad()
    def iterate(self, weight: Float[Tensor, "*shape"], times: int = 1) -> None:
        """Take power iterations v ← Wᵀu / ‖Wᵀu‖, u ← Wv / ‖Wv‖ (the paper's Eq. 18 and 19)."""
        matrix = self.matrix(weight.detach())
        for _ in range(times):
            self.v.copy_(normalize(matrix.T @ self.u, dim=0))
            self.u.copy_(normalize(matrix @ self.v, dim=0))

    @torch.no_grad()
    def converge(self, weight: Float[Tensor, "*shape"]) -> float:
        """Set u and v to the limit of the iteration, W's leading singular vectors; return ‖W / uᵀWv‖₂ as it was before."""
        matrix = self.matrix(weight.detach()).double()
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        before = values[0] / torch.dot(self.u.double(), matrix @ self.v.double())
        self.u.copy_(left[:, 0])
        self.v.copy_(right[0])
        return float(before)


@PENALTIES.register("spectral-norm", source="Miyato et al. 2018, arXiv:1802.05957, Eq. 8–12 and Algorithm 1")
@dataclass(frozen=True)
class SpectralNorm(Refuses, Prepares, Finishes):
    """Every weight matrix of the discriminator is divided by its largest singular value.

    W̄ = W / σ(W), σ(W) ≈ uᵀWv by power iteration; W has one row per output: [out, in·k·k], of transposed convolutions too.
    Option: ``warm_up``, power iterations before the first step.

    When to use it: with `hinge` (SNGAN), or any objective whose discriminator should have a bounded slope at little
    cost; each layer is then 1-Lipschitz as a matrix (a convolution only up to a factor from overlapping kernels).

    Raises: ConfigError when warm_up < 1, under batch normalisation in the discriminator, where a layer starts at zero (r3gan), and with weight-clipping.
    Convention: one power iteration in every pass in training mode, of either player's step, as in the authors' code. It lags
    behind weights that move, so ‖W̄‖₂ is a little above 1 during training (the share is in the journal, event ``finish``);
    after the last step u and v are set to their limit, and ‖W̄‖₂ = 1. Both are in the checkpoint. Embeddings of the
    projection are normalised too; the generator is left alone.
    Source: Miyato et al. 2018, arXiv:1802.05957, Eq. 8–12 and Algorithm 1 (App. A).
    """

    warm_up: int = 15

    def __post_init__(self) -> None:
        if self.warm_up < 1:
            raise ConfigError(f"penalty 'spectral-norm': expected warm_up ≥ 1 power iteration; got {self.warm_up}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with batch normalisation, or with layers that start at zero."""
        if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in discriminator.modules()):
            return (
                "batch normalisation undoes any scale of the weights before it, so dividing by their norm does nothing; "
                "use a discriminator without it, e.g. --network 'dcgan[norm=none]' or resnet"
            )
        if any(isinstance(m, LAYERS) and not m.weight.detach().any() for m in discriminator.modules()):
            return "a layer of this discriminator starts from weights that are all zero, which have no norm; use another, e.g. resnet"
        return None

    def prepare(self, discriminator: nn.Module) -> None:
        """Wrap the weight of every layer."""
        for module in list(discriminator.modules()):
            if isinstance(module, LAYERS):
                turned = isinstance(module, nn.ConvTranspose2d)
                rule = DividedByNorm(module.weight.detach(), self.warm_up, turned)
                parametrize.register_parametrization(module, "weight", rule)

    def finish(
        self, generator: nn.Module, discriminator: nn.Module, images: Iterable[Float[Tensor, "b *shape"]], seed: int
    ) -> dict[str, Any]:
        """Let the power iteration converge; return the largest ‖W̄‖₂ of a layer as it was before."""
        return {"largest_norm_before": max(converge(discriminator), default=1.0)}


def converge(discriminator: nn.Module) -> list[float]:
    """Set the vectors of every normalised layer to the limit of their iteration; return each ‖W̄‖₂ as it was before.

    For audits: of a discriminator in evaluation mode ‖W̄‖₂ is then 1 up to rounding, in every layer.
    """
    return [rule.converge(weight) for rule, weight in normalised_weights(discriminator)]


def normalised_weights(discriminator: nn.Module) -> Iterator[tuple[DividedByNorm, nn.Parameter]]:
    """Yield the rule of every wrapped layer with its weight before the division."""
    for module in discriminator.modules():
        if isinstance(module, parametrize.ParametrizationList) and isinstance(module[0], DividedByNorm):
            yield module[0], module.original  # type: ignore[misc]  # a parameter, though torch's stubs say more
