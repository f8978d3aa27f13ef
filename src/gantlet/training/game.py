"""The game that a configuration describes: both players' losses with penalties joined in. New methods enter here, not
in the loop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.config import TrainConfig
from gantlet.errors import ConfigError
from gantlet.networks import NETWORKS
from gantlet.networks.interface import Network
from gantlet.objectives import OBJECTIVES
from gantlet.objectives.interface import Objective
from gantlet.penalties import PENALTIES
from gantlet.penalties.interface import Penalty
from gantlet.registry import parse_spec
from gantlet.techniques import TECHNIQUES
from gantlet.techniques.ema import Ema


class Batch(NamedTuple):
    """Real images in [−1, 1] with their labels, and latents for as many fakes; a fake has the label of its row's
    real.
    """

    real: Float[Tensor, "b c s s"]
    labels: Int64[Tensor, " b"] | None
    z: Float[Tensor, "b k"]


class Turn(NamedTuple):
    """One player's loss, the terms it is the sum of, and what was seen on the way (empty where it was not computed)."""

    loss: Float[Tensor, ""]
    terms: dict[str, Tensor]
    real_logits: Float[Tensor, " r"]
    fake_logits: Float[Tensor, " f"]
    fake: Float[Tensor, "f c s s"]


@dataclass(frozen=True)
class Game:
    """Objective, penalties by name, and the moving average; built from a configuration by `of`."""

    network: Network
    objective: Objective
    penalties: Mapping[str, Penalty]
    average: Ema | None
    conditional: bool
    full_precision: bool

    @classmethod
    def of(cls, config: TrainConfig) -> "Game":
        """Build every part that the configuration names; raises UnknownName and ConfigError."""
        techniques: dict[str, Any] = _each("technique", TECHNIQUES, config.techniques)
        return cls(
            network=NETWORKS.build(config.network),
            objective=OBJECTIVES.build(config.objective),
            penalties=_each("penalty", PENALTIES, config.penalties),
            average=techniques.get("ema"),
            conditional=config.conditioning != "none",
            full_precision=config.precision == "32-true",
        )

    def require_fit(self, discriminator: nn.Module) -> None:
        """Raise ConfigError when a penalty on each image's gradient meets batch normalisation, which mixes the
        images.
        """
        normalised = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in discriminator.modules())
        if self.penalties and normalised:
            raise ConfigError(
                f"penalty {', '.join(self.penalties)} needs each image's own gradient, but batch "
                f"normalisation in the discriminator mixes "
                "the images of a batch; use a discriminator without it, e.g. --network 'dcgan[norm=none]' or r3gan"
            )

    def discriminator_turn(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, stream: torch.Generator
    ) -> Turn:
        """Return the discriminator's loss: the objective on separate real and fake passes, plus every penalty.

        Where a penalty asks for the logits of exactly these images in full precision, the pass is not done twice.
        """
        labels = batch.labels if self.conditional else None
        with torch.no_grad():
            fake = generator(batch.z, labels)
        real = batch.real
        if self.penalties:
            real, fake = real.detach().requires_grad_(True), fake.detach().requires_grad_(True)
        real_logits = discriminator(real, labels).logits
        fake_logits = discriminator(fake, labels).logits
        known = {id(real): real_logits, id(fake): fake_logits} if self.full_precision else {}
        plain = getattr(discriminator, "module", discriminator)

        def critic(images: Float[Tensor, "b c s s"], asked: Int64[Tensor, " b"] | None) -> Float[Tensor, " b"]:
            return known[id(images)] if id(images) in known else plain(images, asked).logits

        terms = {"d_loss": self.objective.discriminator_loss(real_logits, fake_logits).mean()}
        for name, penalty in self.penalties.items():
            terms[name] = penalty(critic, real, fake, labels, stream)
        return Turn(
            torch.stack(list(terms.values())).sum(), terms, real_logits.detach(), fake_logits.detach(), fake.detach()
        )

    def generator_turn(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Turn:
        """Return the generator's loss against a frozen discriminator; real logits are computed only where the
        objective looks at them.
        """
        labels = batch.labels if self.conditional else None
        fake = generator(batch.z, labels)
        fake_logits = discriminator(fake, labels).logits
        real_logits = torch.zeros_like(fake_logits)
        if self.objective.relativistic:
            with torch.no_grad():
                real_logits = discriminator(batch.real, labels).logits
        loss = self.objective.generator_loss(real_logits, fake_logits).mean()
        return Turn(loss, {"g_loss": loss}, real_logits, fake_logits.detach(), fake.detach())


def _each(kind: str, registry: Any, specs: tuple[str, ...]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for spec in specs:
        name, _ = parse_spec(spec)
        if name in built:
            raise ConfigError(f"{kind} {name!r} stands twice in {list(specs)}; give it once")
        built[name] = registry.build(spec)
    return built
