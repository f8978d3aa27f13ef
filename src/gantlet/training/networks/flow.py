"""Flow: a generator that integrates a velocity field from noise to data; it has no adversary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.modules import NoDiscriminator
from gantlet.core.interfaces.networks import PLANES, Network, PointShape, Shape, stages
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.conditioning import conditioning_named, require_plain_norm
from gantlet.training.networks.velocity import FREQUENCIES, ImageVelocity, PointVelocity, TimeFeatures
from gantlet.transport.flows import integrate, require_method


class FlowGenerator(nn.Module):
    """z → x(1) of dx/dt = v(x, t, label), x(0) = z in the data's shape, by ``steps`` steps, which may be set at any time."""

    def __init__(self, plan: "Flow", shape: Shape, conditioning: str, n_classes: int) -> None:
        super().__init__()
        require_plain_norm(conditioning, n_classes, "flow")
        self.steps, self.method = plan.steps, plan.method
        points = isinstance(shape, PointShape)
        self.shape = (shape.dim,) if isinstance(shape, PointShape) else (shape.channels, shape.size, shape.size)
        if not isinstance(shape, PointShape):
            stages(shape, PLANES)
        self.time = TimeFeatures()
        self.label, inputs = conditioning_named(conditioning, n_classes).latent_input(2 * FREQUENCIES, n_classes)
        width = 4 * plan.width if not points else plan.width
        self.context = nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        kind = PointVelocity if points else ImageVelocity
        self.field = kind(shape, plan.width, plan.depth, width)  # type: ignore[arg-type]

    def forward(
        self,
        z: Float[Tensor, "b k"],
        labels: Int64[Tensor, " b"] | None = None,
        time: Float[Tensor, " b"] | None = None,
    ) -> Float[Tensor, "b *shape"]:
        """Return samples of latents z; with ``time`` [b] the velocity at the points z [b, k] of the path."""
        x = z.unflatten(1, self.shape)
        if time is not None:
            return self._velocity(x, time, labels)
        return integrate(lambda at, t: self._velocity(at, t, labels), x, self.steps, self.method)

    def _velocity(self, x: Tensor, time: Tensor, labels: Tensor | None) -> Tensor:
        return self.field(x, self.context(self.label(self.time(time), labels)))


@NETWORKS.register(
    "flow", source="Lipman et al. 2023, arXiv:2210.02747; layers are ours, after Ho et al. 2020, arXiv:2006.11239"
)
@dataclass(frozen=True)
class Flow(Network[Shape], Refuses):
    """A velocity field v(x, t, label), and as generator its flow from noise to data; there is no discriminator.

    dx/dt = v(x, t), x(0) = z ~ N(0, I) of the data's shape, x(1) the sample. Images: a U-Net of three sizes with group
    normalisation and SiLU; points: dense layers with shortcuts. Time enters by sines and cosines, the label beside them.
    Options: ``width``; ``depth``: blocks per size; ``steps`` of the sampler and its ``method``, euler (one evaluation per step)
    or midpoint (two).

    When to use it: with the objective flow-matching and --latent 0. Sizes 8 … 128 and points; samples are not clamped to [−1, 1].

    Raises: ConfigError for width, depth or steps < 1, another method, and with an adversarial objective.
    Source: Lipman et al. 2023, arXiv:2210.02747; layers are ours, after Ho et al. 2020, arXiv:2006.11239.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(makes_points=True, gives_velocity=True)
    width: int = 32
    depth: int = 1
    steps: int = 16
    method: str = "euler"

    def __post_init__(self) -> None:
        require_method(self.steps, self.method)
        if self.width < 1 or self.depth < 1:
            raise ConfigError(f"network 'flow': expected width, depth ≥ 1; got {self.width}, {self.depth}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with the objective."""
        if any(other.capabilities.reads_velocity for other in others.values()):
            return None
        return (
            f"its generator is a velocity field, which objective {config.objective!r} does not train; use flow-matching"
        )

    def generator(self, shape: Shape, latent: int, conditioning: str, n_classes: int) -> nn.Module:
        """Return a freshly initialised generator; raises ConfigError unless the latent has the data's number of values."""
        built = FlowGenerator(self, shape, conditioning, n_classes)
        values = int(torch.Size(built.shape).numel())
        if latent != values:
            raise ConfigError(
                f"network 'flow' moves noise of the data's own shape: expected latent = {values} (or 0, which says so); got {latent}"
            )
        return built

    def discriminator(self, shape: Shape, conditioning: str, n_classes: int) -> nn.Module:
        """Return one that judges nothing."""
        return NoDiscriminator()
