"""Reconstruction: no adversary; encoder and decoder are trained jointly on the reconstruction error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.modules import Batch, module_capabilities
from gantlet.core.interfaces.objectives import Autoencodes
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("reconstruction", source="An et al. 2020, openreview HkldyTNYwH (AE-OT), §3")
@dataclass(frozen=True)
class Reconstruction(Autoencodes, Refuses):
    """An auto-encoder's error, minimised by both players: the discriminator is the encoder, the generator the decoder.

    E |G(E(x)) − x|² / pixels + λ·E ‖E(x)‖₁ / k, codes E(x) [b, k] of the size of the latents. Option: ``sparsity`` λ.

    When to use it: with the network autoencoder[energy=none] and the technique transport-codes, which makes a generator
    of the decoder (recipe ae-ot). Alone it decodes normal latents, which are no codes.

    Optimum: 0 where every image has a code of its own. Raises: ConfigError for λ < 0, and with other networks.
    Convention: mean over pixels, so that λ does not depend on the image's size; penalties and further terms of an
    adversarial game have no place in it. Source: An et al. 2020, openreview HkldyTNYwH (AE-OT), §3.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(reads_code=True)
    sparsity: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.sparsity < float("inf"):
            raise ConfigError(f"objective 'reconstruction': expected sparsity ≥ 0; got {self.sparsity}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with a discriminator that is no encoder, or with penalties and conditions."""
        if not module_capabilities(discriminator).gives_code:
            return (
                "its discriminator must be an encoder; use --network 'autoencoder[energy=none,code=K]' with --latent K"
            )
        if config.penalties:
            return f"there is no adversary to penalise; leave penalties {', '.join(config.penalties)} out"
        return None

    def common_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the error, and the sparsity term where its weight is positive."""
        codes = discriminator(batch.real, None).features
        terms = {"reconstruction": (generator(codes, None) - batch.real).square().mean()}
        if self.sparsity:
            terms["sparsity"] = self.sparsity * codes.abs().mean()
        return terms

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * (fake_logits - real_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * fake_logits
