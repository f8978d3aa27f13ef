"""MAD-GAN: several generators, and a discriminator that also names the generator of a fake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, ModuleCapabilities, Part
from gantlet.core.interfaces.hooks import AltersGenerator, DiscriminatorTerm, Refuses, ReplacesDiscriminator
from gantlet.core.interfaces.modules import DiscriminatorOutput, NetworkModule, feature_dim, module_capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import TermContext
from gantlet.training.objectives import OBJECTIVES


class Naming(NetworkModule):
    """A discriminator's body with K + 1 outputs: made by generator 1 … K, or real."""

    def __init__(self, body: nn.Module, generators: int) -> None:
        super().__init__()
        self.body = body
        self.linear = nn.Linear(feature_dim(body), generators + 1)
        self.capabilities = ModuleCapabilities(inputs=module_capabilities(body).inputs)

    def forward(
        self, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return the log-odds of real, o_real − log Σ exp o_k, and the K outputs as class logits."""
        output: DiscriminatorOutput = self.body(images, labels)
        outputs = self.linear(output.features)
        generators = outputs[:, :-1]
        return output._replace(logits=outputs[:, -1] - generators.logsumexp(1), class_logits=generators)


class Many(NetworkModule):
    """Row i of a batch is made by generator i mod K."""

    capabilities = ModuleCapabilities(no_graph="makes each row by another network", by_row=True)

    def __init__(self, generators: list[nn.Module]) -> None:
        super().__init__()
        self.each = nn.ModuleList(generators)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b *shape"]:
        """Return the rows in their order."""
        k = len(self.each)
        rows = [generator(z[i::k], None) for i, generator in enumerate(self.each) if i < len(z)]
        order = torch.cat([torch.arange(i, len(z), k) for i in range(min(k, len(z)))])
        return torch.cat(rows)[order.argsort().to(z.device)]


@OBJECTIVES.register("madgan", source="Ghosh et al. 2018, arXiv:1704.02906, §4")
@dataclass(frozen=True)
class MultiAgent(Objective, Refuses, AltersGenerator, ReplacesDiscriminator, DiscriminatorTerm):
    """K generators against one discriminator of K + 1 classes: it must tell real images and every generator apart.

    discriminator: −log D_real(x) − log D_k(G_k(z)); generator k: −log D_real(G_k(z)). With ℓ the log-odds of real this is
    softplus(−ℓ(x)) + softplus(ℓ(G)) − log p(k | fake), and the generators' loss softplus(−ℓ(G)). Option: ``generators`` K.

    When to use it: against mode collapse: to be told apart the generators must go to different modes.

    Optimum: the K + 1 outputs are in the proportions q_1/K : … : q_K/K : p, so D_real = p/(p + q̄), q̄ the mean of the q_k.
    Raises: ConfigError for K < 2, with labels or pacgan, and for a discriminator without a linear head.
    Convention: row i of a batch belongs to generator i mod K; generators share no layers; the non-saturating generator
    loss (the paper minimises log(1 − D_real)); samples are drawn from the generators in turn.
    Source: Ghosh et al. 2018, arXiv:1704.02906, §4.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)
    generators: int = 4

    def __post_init__(self) -> None:
        if self.generators < 2:
            raise ConfigError(f"objective 'madgan': expected generators ≥ 2; got {self.generators}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with labels, packs or a batch that is too small."""
        if config.conditioning != "none" or "pacgan" in others or "label-smoothing" in others:
            return (
                "its discriminator names generators, not classes or packs; leave out conditioning, pacgan and smoothing"
            )
        if config.batch < self.generators:
            return f"a batch of {config.batch} leaves some of {self.generators} generators out; use a larger batch"
        return None

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator and K − 1 more that ``make`` builds."""
        return Many([generator, *(make() for _ in range(self.generators - 1))])

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the discriminator's body with K + 1 outputs."""
        return Naming(discriminator, self.generators)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return softplus(−r) + softplus(f), ≥ 0, in nats: −log D_real(x) − log(1 − D_real(G))."""
        return softplus(-real_logits) + softplus(fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return softplus(−f), ≥ 0, in nats."""
        return softplus(-fake_logits)

    def discriminator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return −log p(k | fake), ≥ 0, in nats."""
        outputs = fake.class_logits
        assert outputs is not None  # `Naming` gives them
        maker = torch.arange(len(outputs), device=outputs.device) % self.generators
        return cross_entropy(outputs, maker)
