"""Labels by a classifier beside the discriminator's logit."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.conditioning import Conditioning
from gantlet.core.interfaces.hooks import DiscriminatorTerm, GeneratorTerm
from gantlet.core.interfaces.modules import DiscriminatorOutput, Head
from gantlet.core.interfaces.step import TermContext
from gantlet.training.networks import CONDITIONING
from gantlet.training.networks.conditioning import require_dim
from gantlet.training.networks.labels import ClassifyingHead, LatentWithLabel, PassThrough


@CONDITIONING.register("auxiliary-classifier", source="Odena et al. 2017, arXiv:1610.09585, Eq. 2 and 3")
@dataclass(frozen=True)
class AuxiliaryClassifier(Conditioning, DiscriminatorTerm, GeneratorTerm):
    """The discriminator also predicts the class; both players want its prediction to be right.

    D: L_adv + λ_D·(CE(real) + CE(fake)); G([z; e_y]): L_adv + λ_G·CE(fake). Options: ``dim`` of e_y; ``discriminator``
    λ_D; ``generator`` λ_G; ``on_fake``: whether D's classifier also learns from fakes.

    When to use it: to read the class off every image; it favours images that are easy to classify, so classes look
    sharper and vary less than they should. `projection` has no such bias.

    Raises: ConfigError when ``dim`` < 1 or a weight is negative.
    Convention: the paper's λ_D = λ_G = 1 on real and fake; Gulrajani et al. 2017 (arXiv:1704.00028) take
    generator=0.1, on_fake=false. The adversarial logit does not depend on the label.
    Source: Odena et al. 2017, arXiv:1610.09585, Eq. 2 and 3.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(needs_real=False)
    dim: int = 32
    discriminator: float = 1.0
    generator: float = 1.0
    on_fake: bool = True

    def __post_init__(self) -> None:
        require_dim("auxiliary-classifier", self.dim)
        for name in ("discriminator", "generator"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(
                    f"conditioning 'auxiliary-classifier': expected {name} ≥ 0; got {getattr(self, name)}"
                )

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return [z; e_y]."""
        return LatentWithLabel(n_classes, self.dim), latent + self.dim

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return images as they are."""
        return PassThrough(), 0

    def head(self, dim: int, n_classes: int) -> Head:
        """Return one linear layer for the logit and one for the classes."""
        return ClassifyingHead(dim, n_classes)

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return λ_D·(CE(real) + CE(fake)), ≥ 0, in nats."""
        loss = class_loss(real, step.labels)
        if self.on_fake:
            loss = loss + class_loss(fake, step.labels)
        return self.discriminator * loss

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return λ_G·CE(fake), ≥ 0, in nats."""
        return self.generator * class_loss(fake, step.labels)


def class_loss(output: DiscriminatorOutput, labels: Int64[Tensor, " b"] | None) -> Float[Tensor, ""]:
    """Return the mean cross-entropy of the class logits, in nats."""
    if output.class_logits is None or labels is None:
        raise ConfigError(
            "conditioning 'auxiliary-classifier' needs labels, and a discriminator with the conditioning's head"
        )
    return cross_entropy(output.class_logits, labels)
