"""VEEGAN: a reconstructor maps images back to latents; the discriminator scores pairs of both."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import softplus

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, ModuleCapabilities, Part
from gantlet.core.interfaces.hooks import (
    Augments,
    DiscriminatorTerm,
    GeneratorTerm,
    Packs,
    Refuses,
    ReplacesDiscriminator,
    Unrolls,
)
from gantlet.core.interfaces.modules import DiscriminatorOutput, NetworkModule, feature_dim
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import TermContext
from gantlet.training.objectives import OBJECTIVES


class Pairing(NetworkModule):
    """D(z, x) on the body's features and z, beside the reconstructor F(x), a second body with a linear layer to z."""

    capabilities = ModuleCapabilities(sees_latents=True)

    def __init__(self, body: nn.Module, latent: int, width: int) -> None:
        super().__init__()
        dim = feature_dim(body)
        self.body, self.back = body, copy.deepcopy(body)
        self.to_latent = nn.Linear(dim, latent)
        self.pair = nn.Sequential(nn.Linear(dim + latent, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(
        self,
        images: Float[Tensor, "b *shape"],
        labels: Int64[Tensor, " b"] | None = None,
        z: Float[Tensor, "b k"] | None = None,
    ) -> DiscriminatorOutput:
        """Score (z, x), or (F(x), x) where z is not given; with z also return F(x) − z."""
        output: DiscriminatorOutput = self.body(images, labels)
        encoded = self.to_latent(self.back(images, labels).features)
        beside = encoded.detach() if z is None else z
        logits = self.pair(torch.cat([output.features, beside], 1)).squeeze(1)
        return output._replace(logits=logits, latent_error=None if z is None else encoded - z)


@OBJECTIVES.register("veegan", source="Srivastava et al. 2017, arXiv:1705.07761, §3 and Algorithm 1")
@dataclass(frozen=True)
class Veegan(Objective, Refuses, ReplacesDiscriminator, DiscriminatorTerm, GeneratorTerm):
    """VEEGAN: the pair (z, G(z)) must look like (F(x), x), and F must find z again from G(z).

    With r = D(F(x), x) and f = D(z, G(z)), real pairs being the high ones: discriminator: softplus(−r) + softplus(f);
    generator: −f + λ·‖z − F(G(z))‖²; reconstructor F: ‖z − F(G(z))‖². Options: ``weight`` λ, ``width`` of the hidden layer
    that sees φ(x) beside z.

    When to use it: against mode collapse: F maps all data onto the latents, so a mode that G leaves out shows as latents
    that are not Gaussian.

    Optimum: for fixed pairs the best logit is log p(F(x), x)/q(z, x), and −f is then the paper's density ratio.
    Raises: ConfigError for λ < 0 or width < 1; with labels, packs, augmentation, unrolled or penalties.
    Convention: the paper's D is ours with the sign turned; F steps with the discriminator, on the same batch, and only by
    its reconstruction (Algorithm 1); d is the squared L2 distance summed over z.
    Source: Srivastava et al. 2017, arXiv:1705.07761, §3 and Algorithm 1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(needs_real=False)
    weight: float = 1.0
    width: int = 128

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf") or self.width < 1:
            raise ConfigError(f"objective 'veegan': expected weight ≥ 0 and width ≥ 1; got {self.weight}, {self.width}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with what knows no pairs."""
        blind = [name for name, part in others.items() if isinstance(part, (Packs, Augments, Unrolls))]
        if config.conditioning != "none" or blind or config.penalties:
            return (
                "its discriminator scores pairs (z, x); leave out labels, penalties, packs, augmentation and unrolled"
                f"{': ' if blind else ''}{', '.join(blind)}"
            )
        return None

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the discriminator of pairs with the reconstructor beside it."""
        return Pairing(discriminator, config.latent, self.width)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return softplus(−r) + softplus(f), ≥ 0, in nats."""
        return softplus(-real_logits) + softplus(fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return −f."""
        return -fake_logits

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return F's loss, mean ‖z − F(G(z))‖², ≥ 0; the fakes carry no gradient in this step."""
        return _reconstruction_error(fake)

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return λ·mean ‖z − F(G(z))‖², ≥ 0."""
        return self.weight * _reconstruction_error(fake)


def _reconstruction_error(fake: DiscriminatorOutput) -> Float[Tensor, ""]:
    """Return mean ‖F(G(z)) − z‖² of the output for pairs."""
    assert fake.latent_error is not None  # `Pairing` gives it for fakes
    return fake.latent_error.square().sum(1).mean()
