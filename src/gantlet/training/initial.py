"""Fine-tuning: the weights of an earlier run, where name and shape are the same, in the place of fresh ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, ConfigError
from gantlet.core.words import counted
from gantlet.training.runs.generator import checkpoint_of
from gantlet.training.runs.header import read_checkpoint
from gantlet.training.runs.tensors import part, unchanged
from gantlet.training.state import TrainState

SUFFIX = ".safetensors"
PICKLED = (".pt", ".pth", ".pkl", ".ckpt", ".bin")
SHOWN = 4
"""Names that a sentence lists; the journal has all of them."""


@dataclass(frozen=True)
class Taken:
    """What a training took from a checkpoint, and what not: by network and name, with the shapes."""

    source: str
    source_step: int
    weights_sha256: str
    """Of all networks of the checkpoint."""
    taken: dict[str, int]
    """Number of tensors by network."""
    other_shape: dict[str, list[list[int]]]
    """[the shape here, the shape there] of tensors that both have."""
    missing: dict[str, list[int]]
    """The shape of tensors that the checkpoint does not have: they start fresh."""
    unused: dict[str, list[int]]
    """The shape of tensors of the checkpoint that this run does not have."""

    def record(self) -> dict[str, Any]:
        """Return it as plain values for the journal."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """Return what was taken and what not, in words."""
        numbers = ", ".join(f"{counted(count, 'tensor')} of the {name}" for name, count in self.taken.items())
        left = [
            _listed(
                "another shape", {name: f"{here}, there {there}" for name, (here, there) in self.other_shape.items()}
            ),
            _listed("not there, so fresh", {name: f"{shape}" for name, shape in self.missing.items()}),
            _listed("not used", {name: f"{shape}" for name, shape in self.unused.items()}),
        ]
        rest = "; ".join(filter(None, left)) or "nothing was left"
        return f"the weights start from {self.source}, step {self.source_step:,}: {numbers}; {rest}; both optimisers are fresh"


def _listed(what: str, names: Mapping[str, str]) -> str:
    if not names:
        return ""
    first = ", ".join(f"{name} {shape}" for name, shape in list(names.items())[:SHOWN])
    more = f" and {len(names) - SHOWN} more (events.jsonl has them all)" if len(names) > SHOWN else ""
    return f"{what}: {first}{more}"


def take_weights(state: TrainState, config: TrainConfig, resume: bool) -> Taken | None:
    """Copy every tensor of the checkpoint that ``config.init_from`` names to the one of the same network, name, shape and type.

    Networks: generator, discriminator, and the moving average, which starts from the generator where the checkpoint has none.
    Optimisers, random streams and the memory of parts stay fresh. Returns: None where nothing is named, or the run goes on from a
    checkpoint of its own.
    Raises: CheckpointError where there is no checkpoint, or a damaged one; ConfigError where no weight of the generator fits.
    """
    named = config.init_from
    if not named or (resume and any((Path(config.out) / "checkpoints").glob(f"*{SUFFIX}"))):
        return None
    path = _file(named)
    tensors, header = unchanged(path.parent.parent, lambda: read_checkpoint(path if path.is_file() else _file(named)))
    found = Taken(named, header.step, header.weights_sha256, {}, {}, {}, {})
    for name, network in state.networks().items():
        theirs = part(tensors, name) or part(tensors, "generator" if name == "average" else name)
        found.taken[name] = _copy(name, network.state_dict(), theirs, found)
    if not found.taken["generator"]:
        raise ConfigError(
            f"no weight of the generator of {named} has the name and shape of one here: it is {header.made_with.network} for "
            f"{_shape(header.made_for)}, this run has {config.network}; choose that network, or leave --init-from out"
        )
    return found


@torch.no_grad()
def _copy(name: str, own: Mapping[str, Tensor], theirs: Mapping[str, Tensor], found: Taken) -> int:
    """Copy what fits, write down what does not, and return the number of tensors that were copied."""
    count = 0
    for key, tensor in own.items():
        other = theirs.get(key)
        if other is None:
            found.missing[f"{name}/{key}"] = list(tensor.shape)
        elif other.shape != tensor.shape or other.dtype != tensor.dtype:
            found.other_shape[f"{name}/{key}"] = [list(tensor.shape), list(other.shape)]
        else:
            tensor.copy_(other)
            count += 1
    found.unused.update({f"{name}/{key}": list(tensor.shape) for key, tensor in theirs.items() if key not in own})
    return count


def _file(named: str) -> Path:
    """Return the checkpoint that a text names: its file, or RUN, RUN@best, RUN@final; raises CheckpointError and ConfigError."""
    path = Path(named)
    if path.suffix == SUFFIX and not path.is_dir():
        return path
    if path.suffix in PICKLED:
        raise ConfigError(
            f"init_from: {named} may be pickled, and nothing pickled is read; give a run folder or a checkpoint of gantlet, NAME{SUFFIX}"
        )
    run, which = (
        (path, "newest") if path.is_dir() else (Path(named.rpartition("@")[0] or named), named.rpartition("@")[2])
    )
    which = "newest" if run == path else which
    if which not in ("newest", "best", "final"):
        raise ConfigError(
            f"init_from takes a run whole: RUN, RUN@best or RUN@final, or a checkpoint's file; got {named!r}"
        )
    if not run.is_dir():
        raise CheckpointError(f"init_from: there is no run folder and no checkpoint {named}")
    return checkpoint_of(run, which)


def _shape(shape: object) -> str:
    return ", ".join(f"{value} {name}" for name, value in vars(shape).items())
