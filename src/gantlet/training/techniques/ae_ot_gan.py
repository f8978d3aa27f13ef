"""AE-OT-GAN: a GAN whose latents are the codes of an auto-encoder, reached from noise by optimal transport."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.beginning import Begins
from gantlet.core.interfaces.capabilities import Capabilities, ModuleCapabilities, Part
from gantlet.core.interfaces.hooks import AltersGenerator, GeneratorTerm, Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput, NetworkModule
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.interfaces.step import TermContext
from gantlet.core.rng import numpy_stream, torch_stream
from gantlet.training.networks.autoencoder import Autoencoder, AutoencoderDiscriminator
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.transport_codes import TransportCodes, Transported
from gantlet.transport import solve
from gantlet.transport.continuous import Gaussian

BATCH, RATE = 64, 1e-3
SOURCE = "An et al. 2020, arXiv:2001.03698 (AE-OT-GAN)"


class CodesGenerator(NetworkModule):
    """z ~ N(0, I) → a code by the extended optimal map → the decoder; with real images: their own codes → the decoder."""

    capabilities = ModuleCapabilities(no_graph="searches among codes")

    def __init__(self, decoder: nn.Module, encoder: nn.Module, latent: int, plan: TransportCodes) -> None:
        super().__init__()
        self.transport = Transported(decoder, latent, plan)
        self.encoder = encoder.requires_grad_(False)

    def forward(
        self,
        z: Float[Tensor, "b k"],
        labels: Int64[Tensor, " b"] | None = None,
        real: Float[Tensor, "b c s s"] | None = None,
    ) -> Float[Tensor, "b c s s"]:
        """Return images of latents, or of the codes of ``real``."""
        if real is None:
            return self.transport(z, labels)
        return self.transport.decoder(self.codes(real), labels)

    def codes(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b k"]:
        """Return the images' codes."""
        output: DiscriminatorOutput = self.encoder(images)
        return output.features


@TECHNIQUES.register("ae-ot-gan", source=SOURCE)
@dataclass(frozen=True)
class AeOtGan(AltersGenerator, Begins, GeneratorTerm, Refuses):
    """A GAN on the codes of an auto-encoder: the generator is its decoder, and noise reaches codes by optimal transport.

    Before the first step an encoder E and the generator G as its decoder learn mean (G(E(x)) − x)² for ``pretrain`` steps; then
    N(0, I) is transported to the codes of ``targets`` images, as transport-codes does. The game that follows starts
    from there; the generator's loss has ``content``·mean (G(E(x)) − x)² + ``feature``·mean (E(G(E(x))) − E(x))² beside the objective's,
    with E fixed, so that what has a code keeps its image, and the discriminator sharpens what is between.

    When to use it: as ae-ot, where the decoder's blur is too much.

    Raises: ConfigError for options out of range, with labels, pairs, an objective of codes or a technique that makes codes.
    Convention: the source is N(0, I) where the paper has a uniform distribution; jumps by the scale-free rule of transport-codes.
    Source: An et al. 2020, arXiv:2001.03698: the abstract and the roles of content and feature loss were read, not its
    equations; the features of the encoder, both weights and all sizes are ours.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(needs_images=True, needs_real=False)
    pretrain: int = 1000
    targets: int = 2000
    content: float = 1.0
    feature: float = 0.1
    width: int = 32
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        if min(self.pretrain, self.width) < 1 or self.targets < 2 or min(self.content, self.feature) < 0:
            raise ConfigError(
                "technique 'ae-ot-gan': expected pretrain, width ≥ 1, targets ≥ 2, content, feature ≥ 0; got "
                f"{self.pretrain}, {self.width}, {self.targets}, {self.content}, {self.feature}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with labels or with other codes."""
        if config.conditioning != "none":
            return "its auto-encoder takes no labels; use --conditioning none"
        if "transport-codes" in others or any(other.capabilities.reads_code for other in others.values()):
            return f"it trains its own auto-encoder, and objective {config.objective!r} or transport-codes would another; use a GAN's objective"
        return None

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator behind the transport of its latents, with the encoder beside it."""
        if n_classes:
            raise ConfigError("ae-ot-gan: its auto-encoder takes no labels; use --conditioning none")
        generator.eval()
        with torch.no_grad():
            channels, size = generator(torch.zeros(1, latent), None).shape[1:3]
        generator.train()
        plan = Autoencoder(width=self.width, code=latent, energy="none")
        encoder = AutoencoderDiscriminator(plan, ImageShape(size, channels))
        return CodesGenerator(generator, encoder, latent, TransportCodes(self.targets, self.tolerance))

    def begin(self, generator: nn.Module, data: Float[Tensor, "n *shape"], seed: int) -> dict[str, Any]:
        """Train the auto-encoder, encode, solve; return the errors and the state of the solve."""
        assert isinstance(generator, CodesGenerator)
        error = autoencode(generator.encoder, generator.transport.decoder, data, self.pretrain, seed)
        generator.encoder.requires_grad_(False).eval()
        with torch.no_grad():
            codes = torch.cat([generator.codes(part) for part in data.split(BATCH)]).double().cpu().numpy()
        chosen = np.sort(numpy_stream(seed, "ae-ot-gan").permutation(len(codes))[: self.targets])
        targets, counts = np.unique(codes[chosen], axis=0, return_counts=True)
        method = f"semidiscrete-stochastic[tolerance={self.tolerance},seed={seed}]"
        source = Gaussian.standard(codes.shape[1])
        solved = solve(source, targets, method=method, target_masses=counts / counts.sum())
        assert solved.brenier is not None
        generator.transport.carry(solved.brenier, seed)
        state = {"converged": solved.converged, "reason": solved.reason}
        return {"reconstruction": error, "codes": len(targets), **state, "seconds": solved.seconds}

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return the content and the feature loss of the batch's real images, ≥ 0."""
        assert step.generate is not None and step.z is not None
        made = step.generate(step.z, None, step.real)
        content = self.content * (made - step.real).square().mean()
        if not self.feature:
            return content
        encode = _encoder(step.generate)
        with torch.no_grad():
            codes = encode(step.real).features
        return content + self.feature * (encode(made).features - codes).square().mean()


def _encoder(generate: Any) -> nn.Module:
    """Return the encoder of a generator that a wrapper may stand around."""
    found = next(module for module in generate.modules() if isinstance(module, CodesGenerator))
    return found.encoder


def autoencode(encoder: nn.Module, decoder: nn.Module, data: Float[Tensor, "n *shape"], steps: int, seed: int) -> float:
    """Train both on mean (decoder(encoder(x)) − x)² by Adam for ``steps`` batches; return the error of the last tenth of them."""
    stream = torch_stream(seed, "autoencode")
    weights = [*encoder.requires_grad_(True).parameters(), *decoder.parameters()]
    optimizer, errors = torch.optim.Adam(weights, RATE), []
    for _ in range(steps):
        real = data[torch.randint(len(data), (BATCH,), generator=stream).to(data.device)]
        error = (decoder(encoder(real).features, None) - real).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(float(error.detach()))
    optimizer.zero_grad()
    return float(np.mean(errors[-max(1, steps // 10) :]))
