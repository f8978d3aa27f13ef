"""Minibatch discrimination: the discriminator sees how close each image lies to the others of its batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Prepares, Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput, head_of
from gantlet.training.techniques import TECHNIQUES


class MinibatchLayer(nn.Module):
    """φ [b, d] ↦ o [b, B]: for each of B kernels the sum of exp(−L₁ distance) to the other rows."""

    def __init__(self, dim: int, kernels: int, kernel_dim: int) -> None:
        super().__init__()
        self.kernels, self.kernel_dim = kernels, kernel_dim
        self.project = nn.Linear(dim, kernels * kernel_dim, bias=False)

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b kernels"]:
        """Return o_k(i) = Σ_{j≠i} exp(−‖M_ik − M_jk‖₁), M = φT."""
        rows = self.project(features).view(-1, self.kernels, self.kernel_dim)
        closeness = torch.exp(-(rows[:, None] - rows[None]).abs().sum(3))
        return closeness.sum(1) - 1  # without j = i, where it is exp(0)


class MinibatchHead(nn.Module):
    """A discriminator's head and, beside it, a linear function of the minibatch layer: a linear head on [φ; o]."""

    def __init__(self, head: nn.Module, dim: int, kernels: int, kernel_dim: int) -> None:
        super().__init__()
        self.head = head
        self.closeness = MinibatchLayer(dim, kernels, kernel_dim)
        self.linear = nn.Linear(kernels, 1, bias=False)

    def forward(self, features: Float[Tensor, "b d"], labels: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
        """Return the head's output with w·o(φ) added to the logits."""
        output: DiscriminatorOutput = self.head(features, labels)
        return output._replace(logits=output.logits + self.linear(self.closeness(features)).squeeze(1))


@TECHNIQUES.register("minibatch-discrimination", source="Salimans et al. 2016, arXiv:1606.03498, §3.2")
@dataclass(frozen=True)
class MinibatchDiscrimination(Refuses, Prepares):
    """The discriminator's last layer also sees how close each image's features lie to those of its batch.

    M_i = φ(x_i)·T ∈ R^(B×C); o(x_i)_k = Σ_{j≠i} exp(−‖M_ik − M_jk‖₁); the last layer reads [φ; o].
    Options: ``kernels`` B, ``kernel_dim`` C.

    When to use it: against collapse: a batch of look-alikes gives itself away. The cost grows with batch² · B · C.

    Raises: ConfigError when B or C < 1, for a discriminator without a head on features, and together with penalties on
    each image's gradient (the layer mixes the images of a batch).
    Convention: real and fake batches are scored separately; the term j = i, a constant 1, is left out; T is a plain
    linear map without the authors' weight normalisation; B = 100, C = 5 as in their code.
    Source: Salimans et al. 2016, arXiv:1606.03498, §3.2.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(mixes_batch=True)
    kernels: int = 100
    kernel_dim: int = 5

    def __post_init__(self) -> None:
        for name in ("kernels", "kernel_dim"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"technique 'minibatch-discrimination': expected {name} ≥ 1; got {getattr(self, name)}"
                )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with a discriminator that has no linear head."""
        if head_of(discriminator) is None:
            return "this discriminator has no linear layer on features to add to; use dcgan, infogan, resnet or r3gan"
        return None

    def prepare(self, discriminator: nn.Module) -> None:
        """Add the layer beside the head."""
        head = head_of(discriminator)
        assert head is not None  # otherwise refused
        discriminator.head = MinibatchHead(head, head.linear.in_features, self.kernels, self.kernel_dim)
