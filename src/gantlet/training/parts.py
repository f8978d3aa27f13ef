"""The parts that a configuration names: built, checked against each other, and sorted by their hooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part, implements
from gantlet.core.interfaces.conditioning import Conditioning
from gantlet.core.interfaces.hooks import (
    ActsAfterStep,
    AltersGenerator,
    Augments,
    Averages,
    ChangesObjective,
    DiscriminatorTerm,
    GeneratorTerm,
    Packs,
    PairTerm,
    Prepares,
    ReadsMemory,
    Refuses,
    Remembers,
    ReplacesDiscriminator,
    Unrolls,
    WeighsFakes,
    WeightTerm,
)
from gantlet.core.interfaces.networks import ChoosesInputs, ImageShape, Network, PointShape, Shape
from gantlet.core.interfaces.objectives import Autoencodes, Objective
from gantlet.core.interfaces.penalties import Penalty
from gantlet.core.interfaces.step import Memory
from gantlet.core.registry import Registry
from gantlet.core.specs import parse_spec
from gantlet.training.networks import CONDITIONING, NETWORKS
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.penalties import PENALTIES
from gantlet.training.techniques import TECHNIQUES

H = TypeVar("H")


@dataclass(frozen=True)
class Parts:
    """Network, objective with the changes of techniques, and every part by name: network, objective, conditioning, techniques, penalties."""

    network: Network[Any]
    discriminator_network: Network[Any]
    """The network that the discriminator comes from."""
    objective: Objective
    penalties: Mapping[str, Penalty]
    """The penalties that are a term of the loss; the others act through hooks."""
    named: Mapping[str, Part]
    pack: int
    """Images per pack, 1 where nothing packs."""
    _by_hook: dict[Any, dict[str, Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, config: TrainConfig) -> "Parts":
        """Build every part that the configuration names; raises UnknownName and ConfigError."""
        objective: Objective = _build(OBJECTIVES, config.objective, Objective)
        penalties = _each("penalty", PENALTIES, config.penalties)
        techniques = _each("technique", TECHNIQUES, config.techniques)
        network = _build(NETWORKS, config.network, Network)
        discriminator_network = _build(NETWORKS, config.discriminator, Network) if config.discriminator else network
        named: dict[str, Part] = {parse_spec(config.network)[0]: network, parse_spec(config.objective)[0]: objective}
        if config.discriminator:
            named[parse_spec(config.discriminator)[0]] = discriminator_network
        if config.conditioning != "none":
            named[parse_spec(config.conditioning)[0]] = _build(CONDITIONING, config.conditioning, Conditioning)
        named |= {**techniques, **penalties}  # penalties last: spectral-norm wraps what techniques add
        for part in named.values():
            if implements(part, ChangesObjective):
                objective = part.objective(objective)
        return cls(
            network=network,
            discriminator_network=discriminator_network,
            objective=objective,
            penalties={name: penalty for name, penalty in penalties.items() if isinstance(penalty, Penalty)},
            named=named,
            pack=next((part.pack for part in named.values() if implements(part, Packs)), 1),
        )

    def implementing(self, hook: type[H]) -> dict[str, H]:
        """Return the parts that implement a hook, by name, in the configuration's order."""
        if hook not in self._by_hook:  # called some ninety times per step
            self._by_hook[hook] = {name: part for name, part in self.named.items() if implements(part, hook)}
        return self._by_hook[hook]

    def present(self, hook: type[H], memory: Mapping[str, Memory]) -> dict[str, H]:
        """Return the parts that implement a hook, each with the present values of its memory where it acts by one."""
        return {
            name: cast(H, own.at(memory[name])) if implements(own := self.named[name], ReadsMemory) else part
            for name, part in self.implementing(hook).items()
        }

    def require_shape(self, shape: Shape) -> None:
        """Raise ConfigError when the data are points and a part knows only images, or pairs and a part does not."""
        if not isinstance(shape, PointShape):
            self._require_pairs(shape)
            return
        if not all(network.capabilities.makes_points for network in (self.network, self.discriminator_network)):
            raise ConfigError("this network makes images, and the data are points; use --network mlp")
        reading = [name for name, part in self.named.items() if part.capabilities.needs_images]
        for name in (*self.implementing(Augments), *reading):
            raise ConfigError(f"{name} reads or changes images, and the data are points; leave it out")

    def _require_pairs(self, shape: ImageShape) -> None:
        pairwise = [*self.implementing(PairTerm), *(["network unet"] if self.network.capabilities.translates else [])]
        if not shape.inputs:
            if pairwise:
                raise ConfigError(
                    f"{pairwise[0]} needs pairs of images, and the data are single images; give your own (--data "
                    "'image-pairs[path=DIR]': folders A and B, or pictures side by side), make pairs of single images with --data "
                    "'paired[of=DATA,task=edges]', or use another recipe"
                )
            return
        if not self.network.capabilities.translates:
            raise ConfigError(
                "this network draws images from latents, and the data are pairs of images; use --network unet "
                "--discriminator patch"
            )
        single = (AltersGenerator, Augments, Autoencodes, ReplacesDiscriminator)
        for name, part in self.named.items():
            if isinstance(part, single):
                raise ConfigError(f"{name} is for images from latents, and the data are pairs of images; leave it out")

    @property
    def sees_inputs(self) -> bool:
        """Return whether the discriminator scores an image together with its input, where there is one."""
        network = self.discriminator_network
        return network.sees_inputs if isinstance(network, ChoosesInputs) else True

    def discriminator_shape(self, shape: Shape) -> Shape:
        """Return the shape of the discriminator's input: ``pack`` images (and inputs) on each other's channels, or
        points in a row.
        """
        if isinstance(shape, PointShape):
            return PointShape(shape.dim * self.pack)
        return ImageShape(shape.size, (shape.channels + shape.inputs * self.sees_inputs) * self.pack)

    def require_fit(self, config: TrainConfig, discriminator: nn.Module) -> None:
        """Raise ConfigError when parts refuse each other or the discriminator, or a penalty on each image's gradient
        meets layers that mix the images of a batch.
        """
        normalised = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in discriminator.modules())
        own = [f"penalty {name}" for name in self.penalties]
        own += [name for name, part in self.named.items() if part.capabilities.needs_own_gradient]
        if own and normalised:
            raise ConfigError(
                f"{', '.join(own)} needs each image's own gradient, but batch "
                f"normalisation in the discriminator mixes "
                "the images of a batch; use a discriminator without it, e.g. --network 'dcgan[norm=none]' or r3gan"
            )
        mixing = [name for name, part in self.named.items() if part.capabilities.mixes_batch]
        if own and mixing:
            raise ConfigError(
                f"{mixing[0]} lets each logit depend on the whole batch, and {', '.join(own)} needs "
                "each image's own gradient; use one of the two"
            )
        adversarial = (Augments, DiscriminatorTerm, GeneratorTerm, Packs, Unrolls, WeighsFakes, WeightTerm)
        idle = [name for name, part in self.named.items() if isinstance(part, adversarial)]
        if isinstance(self.objective, Autoencodes) and idle:
            raise ConfigError(
                f"objective {config.objective!r} has no adversary for {', '.join(idle)} to act on; leave {'it' if len(idle) == 1 else 'them'} out"
            )
        if isinstance(self.objective, Autoencodes) and config.discriminator_steps != 1:
            raise ConfigError(
                f"objective {config.objective!r} has one loss for both players, and they step together: expected "
                f"discriminator_steps = 1; got {config.discriminator_steps}"
            )
        for hook in (Packs, Unrolls, Averages):
            if len(rivals := list(self.implementing(hook))) > 1:
                raise ConfigError(f"{' and '.join(rivals)} do the same job ({hook.__name__}); use one of them")
        for name, part in self.implementing(Refuses).items():
            others = {other: thing for other, thing in self.named.items() if other != name}
            reason = part.refusal(config, others, discriminator)
            if reason:
                raise ConfigError(f"{name}: {reason}")

    def prepare(self, discriminator: nn.Module) -> None:
        """Call every part's change of the freshly built discriminator."""
        for part in self.implementing(Prepares).values():
            part.prepare(discriminator)

    def around(self, discriminator: nn.Module, config: TrainConfig) -> nn.Module:
        """Return the discriminator that is trained: what parts build around the network's."""
        for part in self.implementing(ReplacesDiscriminator).values():
            discriminator = part.around(discriminator, config)
        return discriminator

    @property
    def average(self) -> Averages | None:
        """Return the part that averages the generator, where there is one."""
        return next(iter(self.implementing(Averages).values()), None)

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> dict[str, Memory]:
        """Return the memory of every part that has one."""
        return {name: part.memory(generator, discriminator) for name, part in self.implementing(Remembers).items()}

    def after_step(self, discriminator: nn.Module) -> None:
        """Call every part's action on the discriminator after its step."""
        for part in self.implementing(ActsAfterStep).values():
            part.after_step(discriminator)


def _build(registry: Registry[..., Any], spec: str, kind: type) -> Any:
    part = registry.build(spec)
    if not implements(part, kind):
        raise ConfigError(
            f"{registry.kind} {spec!r} does not implement {kind.__name__}: name it as a base of the class"
        )
    return part


def _each(kind: str, registry: Registry[..., Any], specs: tuple[str, ...]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for spec in specs:
        name, _ = parse_spec(spec)
        if name in built:
            raise ConfigError(f"{kind} {name!r} is given twice in {list(specs)}; give it once")
        built[name] = registry.build(spec)
    return built
