"""Multilayer perceptrons: the first GAN's networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, ModuleCapabilities
from gantlet.core.interfaces.modules import DiscriminatorOutput, HeadedDiscriminator
from gantlet.core.interfaces.networks import PLANES, Network, PointShape, Shape, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, require_plain_norm

ACTIVATIONS: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]] = {
    "relu": (nn.ReLU, lambda: nn.LeakyReLU(0.2)),
    "tanh": (nn.Tanh, nn.Tanh),
}
"""The generator's and the discriminator's."""
INITS = ("torch", "he", "orthogonal")
DEEPEST = 1_000
"""Hidden layers at most."""


class MlpGenerator(nn.Module):
    """z → dense layers with ReLU or tanh (after batch normalisation with norm=batch) → all pixels, tanh; or a point, linear."""

    def __init__(self, plan: "Mlp", shape: Shape, latent: int, conditioning: str, n_classes: int) -> None:
        super().__init__()
        require_plain_norm(conditioning, n_classes, "mlp")
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(latent, n_classes)
        layers: list[nn.Module] = []
        for before in [inputs, *[plan.width] * (plan.depth - 1)]:
            layers.append(nn.Linear(before, plan.width))
            layers += [nn.BatchNorm1d(plan.width)] if plan.norm == "batch" else []
            layers.append(ACTIVATIONS[plan.activation][0]())
        if isinstance(shape, PointShape):
            self.layers = nn.Sequential(*layers, nn.Linear(plan.width, shape.dim))
            return
        stages(shape, PLANES)
        pixels = nn.Unflatten(1, (shape.channels, shape.size, shape.size))
        self.layers = nn.Sequential(*layers, nn.Linear(plan.width, shape.channels * shape.size**2), nn.Tanh(), pixels)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b *shape"]:
        """Return images in (−1, 1), or points."""
        return self.layers(self.label(z, labels))


class MlpDiscriminator(HeadedDiscriminator):
    """All pixels or coordinates → dense layers with LeakyReLU 0.2 or tanh → the conditioning's head; no normalisation."""

    def __init__(self, plan: "Mlp", shape: Shape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        rule = conditioning_named(conditioning, n_classes)
        self.label, extra = rule.image_input(1 if isinstance(shape, PointShape) else shape.size, n_classes)
        if isinstance(shape, PointShape) and extra:
            raise ConfigError(
                f"conditioning {conditioning!r} puts the label on an image as one more channel, and the data are points; "
                "use projection"
            )
        inputs = shape.dim if isinstance(shape, PointShape) else (shape.channels + extra) * shape.size**2
        self.capabilities = ModuleCapabilities(inputs=inputs)
        layers: list[nn.Module] = [nn.Flatten()]
        for before in [inputs, *[plan.width] * ((plan.judging or plan.depth) - 1)]:
            layers += [nn.Linear(before, plan.width), ACTIVATIONS[plan.activation][1]()]
        self.layers = nn.Sequential(*layers)
        self.head = rule.head(plan.width, n_classes)

    def forward(
        self, images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None = None
    ) -> DiscriminatorOutput:
        """Return logits and the last hidden layer."""
        return self.head(self.layers(self.label(images, labels)), labels)


@NETWORKS.register("mlp", source="Goodfellow et al. 2014, arXiv:1406.2661, §5")
@dataclass(frozen=True)
class Mlp(Network[Shape]):
    """Dense layers only: ReLU in the generator, LeakyReLU 0.2 in the discriminator.

    Options: ``width`` and number ``depth`` of hidden layers in each player; ``judging``: another depth for the
    discriminator (0: the same); ``norm``, the generator's normalisation: ``none`` or ``batch``; ``activation``: ``relu`` (as
    above) or ``tanh`` in both; ``init`` of the weights: ``torch`` (its default), ``he`` (N(0, 2/fan_in), biases 0), which a
    deep generator needs, or ``orthogonal`` (times ``gain``, biases 0), as Metz et al. 2017, arXiv:1611.02163, on points.

    When to use it: points (the output is linear then), tiny images, and to see what convolutions are good for. Sizes 8,
    16, 32, 64; 1 or 3 channels.

    Raises: ConfigError for another norm, activation or init, width or depth < 1, gain ≤ 0.
    Convention: LeakyReLU instead of the paper's maxout and dropout; torch's default initial weights.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, §5.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(makes_points=True)
    width: int = 256
    depth: int = 3
    norm: str = "none"
    judging: int = 0
    init: str = "torch"
    activation: str = "relu"
    gain: float = 1.0

    def __post_init__(self) -> None:
        if self.norm not in ("batch", "none"):
            raise ConfigError(f"network 'mlp': expected norm batch or none; got {self.norm!r}")
        if self.init not in INITS or self.activation not in ACTIVATIONS:
            raise ConfigError(
                f"network 'mlp': expected init {', '.join(INITS)} and activation {', '.join(ACTIVATIONS)}; got {self.init!r} and "
                f"{self.activation!r}"
            )
        if not 0 < self.gain < float("inf"):
            raise ConfigError(f"network 'mlp': expected gain > 0; got {self.gain}")
        if self.width < 1 or not 1 <= self.depth <= DEEPEST or not 0 <= self.judging <= DEEPEST:
            raise ConfigError(
                f"network 'mlp': expected width ≥ 1, depth and judging up to {DEEPEST}; got {self.width}, {self.depth}, "
                f"{self.judging}"
            )

    def generator(self, shape: Shape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator."""
        return self._initialised(MlpGenerator(self, shape, latent, conditioning, n_classes))

    def discriminator(self, shape: Shape, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised discriminator."""
        return self._initialised(MlpDiscriminator(self, shape, conditioning, n_classes))

    def _initialised(self, network: nn.Module) -> nn.Module:
        linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
        for module in linear if self.init != "torch" else ():
            if self.init == "he":
                nn.init.normal_(module.weight, std=((1 if module is linear[-1] else 2) / module.in_features) ** 0.5)
            else:
                nn.init.orthogonal_(module.weight, gain=self.gain)
            nn.init.zeros_(module.bias)
        return network
