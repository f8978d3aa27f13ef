"""TrainState: the whole state of a run as one value. A checkpoint holds exactly this."""

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.interfaces.networks import Shape
from gantlet.core.interfaces.step import Memory, StepContext
from gantlet.core.rng import torch_stream
from gantlet.training.game import Game
from gantlet.training.monitor import Monitor
from gantlet.training.runs.build import build_generator
from gantlet.training.runs.tensors import part, tensors_digest
from gantlet.training.schedule import set_rates

STREAMS = ("latent", "mirror", "penalty", "augment")
NUMBERS = ("step", "images_seen", "drawn", "seconds", "last_score", "best_step", "best_score")


@dataclass
class TrainState:
    """Both networks, the moving average, both optimisers, every random stream, the order's position, counters and the
    best score.
    """

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module | None
    optimizer_generator: torch.optim.Optimizer
    optimizer_discriminator: torch.optim.Optimizer
    streams: dict[str, torch.Generator]
    step: int = 0
    images_seen: int = 0
    drawn: int = 0
    """Position in the order of training images (real images of the generator's steps included)."""
    seconds: float = 0.0
    last_score: float | None = None
    best_step: int | None = None
    best_score: float | None = None
    monitor: Monitor = field(default_factory=Monitor)
    memory: dict[str, Memory] = field(default_factory=dict)
    """The memory of each part, by the part's name."""

    @classmethod
    def fresh(cls, config: TrainConfig, game: Game, shape: Shape, n_classes: int) -> "TrainState":
        """Return the state before the first step; networks are drawn from the stream ``init``; raises ConfigError."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(torch_stream(config.seed, "init").initial_seed())
            parts = game.parts
            parts.require_shape(shape)
            generator = build_generator(config, shape, n_classes)
            discriminator = parts.discriminator_network.discriminator(
                parts.discriminator_shape(shape), config.conditioning, n_classes
            )
            discriminator = parts.around(discriminator, config)
            parts.require_fit(config, discriminator)
            parts.prepare(discriminator)
        for network in (generator, discriminator):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
        return cls(
            generator=generator,
            discriminator=discriminator,
            average=copy.deepcopy(generator).requires_grad_(False) if game.average else None,
            optimizer_generator=_optimizer(config, generator, config.lr_generator),
            optimizer_discriminator=_optimizer(config, discriminator, config.lr_discriminator),
            streams={name: torch_stream(config.seed, name) for name in STREAMS},
            memory=parts.memory(generator, discriminator),
        )

    def to(self, device: torch.device) -> None:
        """Move to the device the tensors that Fabric does not move: the moving average and the parts' memory."""
        self.sampled.to(device)
        self.memory = {
            name: {key: tensor.to(device) for key, tensor in memory.items()} for name, memory in self.memory.items()
        }

    def context(self, discriminator_step: int, done: float = 0.0) -> StepContext:
        """Return the context of one step; ``discriminator_step`` counts the discriminator's steps before it; ``done``: share of the run."""
        return StepContext(self.streams, self.memory, discriminator_step, self.optimizer_discriminator, done)

    @property
    def sampled(self) -> nn.Module:
        """Return the generator that is sampled and measured: the moving average where there is one."""
        return self.generator if self.average is None else self.average

    def networks(self) -> dict[str, nn.Module]:
        """Return the networks by name."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return networks if self.average is None else {**networks, "average": self.average}

    def weights_digest(self) -> str:
        """Return the SHA-256 of all networks' weights."""
        return tensors_digest(
            {
                f"{name}/{key}": tensor
                for name, net in self.networks().items()
                for key, tensor in net.state_dict().items()
            }
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor of the state under a path-like name."""
        tensors = {
            f"{name}/{key}": tensor for name, net in self.networks().items() for key, tensor in net.state_dict().items()
        }
        for name, optimizer in self._optimizers().items():
            for index, slots in optimizer.state_dict()["state"].items():
                tensors |= {f"{name}/{index}/{key}": tensor for key, tensor in slots.items()}
        for name, memory in self.memory.items():
            tensors |= {f"memory/{name}/{key}": tensor for key, tensor in memory.items()}
        return tensors | {f"random/{name}": stream.get_state() for name, stream in self.streams.items()}

    def numbers(self) -> dict[str, Any]:
        """Return everything else, as plain JSON values."""
        return {**{name: getattr(self, name) for name in NUMBERS}, "monitor": asdict(self.monitor)}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Restore the values of `tensors` and `numbers` in place."""
        for name, network in self.networks().items():
            network.load_state_dict(part(tensors, name))
        for name, optimizer in self._optimizers().items():
            _restore_slots(optimizer, part(tensors, name))
        for name, stream in self.streams.items():
            stream.set_state(tensors[f"random/{name}"])
        for name, memory in self.memory.items():
            for key, tensor in memory.items():
                tensor.copy_(tensors[f"memory/{name}/{key}"])
        for name in NUMBERS:
            setattr(self, name, numbers[name])
        self.monitor = Monitor(**numbers["monitor"])

    def set_rates(self, config: TrainConfig) -> None:
        """Set the learning rates of both optimisers for the next step."""
        players = {"generator": self.optimizer_generator, "discriminator": self.optimizer_discriminator}
        set_rates(config, self.step, players)

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            "optimizer_generator": self.optimizer_generator,
            "optimizer_discriminator": self.optimizer_discriminator,
        }


def _optimizer(config: TrainConfig, network: nn.Module, rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), rate, alpha=config.beta2)
    return torch.optim.Adam(network.parameters(), rate, (config.beta1, config.beta2), fused=True)


def _restore_slots(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore an optimiser's moments beside their parameters; its counter of steps too where PyTorch's fused kernels read it there."""
    places = [(parameter, group) for group in optimizer.param_groups for parameter in group["params"]]
    optimizer.state.clear()
    for path, tensor in tensors.items():
        index, _, key = path.partition("/")
        parameter, group = places[int(index)]
        if tensor.dim() == 0:
            on_device = group.get("fused") or group.get("capturable")
            place = tensor.clone().to(parameter.device if on_device else tensor.device)
        else:
            place = torch.empty_like(parameter, requires_grad=False).copy_(tensor)
        optimizer.state[parameter][key] = place
