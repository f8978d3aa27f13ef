"""The variational auto-encoder: the baseline without an adversary, on the same networks."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import AltersGenerator, Refuses, ReplacesDiscriminator
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput, feature_dim
from gantlet.core.interfaces.objectives import Autoencodes
from gantlet.core.rng import for_rows
from gantlet.training.objectives import OBJECTIVES


class Encoder(nn.Module):
    """A discriminator's body with two heads: mean and standard deviation of q(z|x)."""

    def __init__(self, body: nn.Module, latent: int) -> None:
        super().__init__()
        self.body = body
        self.posterior = nn.Linear(feature_dim(body), 2 * latent)

    def forward(
        self, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return an output whose features are [μ, σ] and whose logit is −KL(q(z|x) ‖ N(0, I))."""
        output: DiscriminatorOutput = self.body(images, labels)
        mean, raw = self.posterior(output.features).chunk(2, dim=1)
        spread = softplus(raw) + 1e-6
        return output._replace(logits=-divergence(mean, spread), features=torch.cat([mean, spread], 1))


class Bounded(nn.Module):
    """tanh of its input a, as images are written; in training mode a itself, since 2a are the logits of (tanh a + 1)/2."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return a or tanh a."""
        return x if self.training else torch.tanh(x)


@OBJECTIVES.register("vae", source="Kingma & Welling 2014, arXiv:1312.6114, Eq. 3 and App. B")
@dataclass(frozen=True)
class Variational(Autoencodes, Refuses, AltersGenerator, ReplacesDiscriminator):
    """The variational bound: the generator decodes what the discriminator's body encodes; there is no adversary.

    Both minimise −ELBO = E_q(z|x)[−log p(x|z)] + KL(q(z|x) ‖ N(0, I)), z = μ(x) + σ(x)·ε. ``likelihood`` bernoulli: pixels
    (x + 1)/2 with probabilities (G(z) + 1)/2 = σ(2a) of the generator's values a before its tanh; gaussian: N(G(z), noise²)
    (option ``noise``).

    When to use it: as the baseline that covers all modes and blurs; it cannot collapse.

    Optimum: −ELBO ≥ −log p(x), with equality where q(z|x) is the exact posterior.
    Raises: ConfigError for another likelihood or noise ≤ 0; with penalties, for a discriminator without
    a linear head, and bernoulli for a generator that does not end in tanh (points, r3gan).
    Convention: bernoulli's cross-entropy is taken of the logits 2a, which no rounding of tanh to ±1
    can clamp; sums over pixels and latents, mean over the batch, one ε per image; σ by softplus.
    Source: Kingma & Welling 2014, arXiv:1312.6114, Eq. 3 (bound) and App. B (KL).
    """

    likelihood: str = "bernoulli"
    noise: float = 0.1

    def __post_init__(self) -> None:
        if self.likelihood not in ("bernoulli", "gaussian") or not 0 < self.noise < math.inf:
            raise ConfigError(
                f"objective 'vae': expected likelihood bernoulli or gaussian and noise > 0; got {self.likelihood!r}, {self.noise}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with what belongs to a discriminator."""
        if config.penalties:
            return "it has no discriminator for penalties to act on; leave them out"
        return None

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator, which with bernoulli gives its values before the tanh in training mode."""
        if self.likelihood != "bernoulli":
            return generator
        places = [
            (parent, name)
            for parent in generator.modules()
            for name, layer in parent.named_children()
            if isinstance(layer, nn.Tanh)
        ]
        if not places:
            raise ConfigError(
                "objective 'vae' with likelihood=bernoulli needs the logits of pixels, and this generator does not end in "
                "tanh; use 'vae[likelihood=gaussian]', or another network"
            )
        setattr(*places[-1], Bounded())
        return generator

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the discriminator's body with the heads of q(z|x)."""
        return Encoder(discriminator, config.latent)

    def common_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return reconstruction and KL, ≥ 0 with bernoulli, in nats per image."""
        output = discriminator(batch.real, batch.labels)
        mean, spread = output.features.chunk(2, dim=1)
        noise = for_rows(
            len(mean), lambda n: torch.randn(n, mean.shape[1], generator=stream, dtype=mean.dtype, device=stream.device)
        )
        decoded = generator(mean + spread * noise.to(mean.device), batch.labels)
        return {
            "reconstruction": negative_log_likelihood(batch.real, decoded, self.likelihood, self.noise).mean(),
            "kl": -output.logits.mean(),
        }

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return −r, the divergence: all of the bound that logits show."""
        return -real_logits

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return −f, as above."""
        return -fake_logits


def negative_log_likelihood(
    real: Float[Tensor, "b *shape"], decoded: Float[Tensor, "b *shape"], likelihood: str, noise: float
) -> Float[Tensor, " b"]:
    """Return −log p(x|z) of each image, in nats.

    ``decoded``: with bernoulli a, half the logits; with gaussian the means, and ``noise`` their standard deviation.
    """
    if likelihood == "bernoulli":
        target = (real.float() + 1) / 2
        return binary_cross_entropy_with_logits(2 * decoded.float(), target, reduction="none").flatten(1).sum(1)
    squares = (real - decoded).square().flatten(1)
    constant = squares.shape[1] / 2 * math.log(2 * math.pi * noise**2)
    return squares.sum(1) / (2 * noise**2) + constant


def divergence(mean: Float[Tensor, "b k"], spread: Float[Tensor, "b k"]) -> Float[Tensor, " b"]:
    """Return KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − 1 − 2 log σ), ≥ 0."""
    return (mean.square() + spread.square() - 1 - 2 * spread.log()).sum(1) / 2
