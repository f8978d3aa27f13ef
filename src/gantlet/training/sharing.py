"""Several processes share each batch: the reductions over processes, and the parts that no batch can be shared with."""

import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, DataError
from gantlet.core.processes import Processes
from gantlet.core.version import __version__
from gantlet.core.words import counted
from gantlet.training.data import TrainingData
from gantlet.training.game import Game
from gantlet.training.step_output import StepOutput


def micro_batches(config: TrainConfig, group: Processes) -> int:
    """Return the number of micro-batches that each process cuts its part of a batch into: 1, it is not cut."""
    share = config.batch // group.size
    return 1 if config.micro_batch == 0 else max(1, -(-share // config.micro_batch))


def require_shareable(config: TrainConfig, game: Game, group: Processes) -> None:
    """Raise ConfigError when a batch cannot be cut into equal parts, or a training part reads a batch as a whole (its
    capability ``whole_batch`` or ``mixes_batch`` is true).
    """
    each = micro_batches(config, group)
    parts = group.size * each
    if parts == 1:
        return
    by = counted(group.size, "process") if each == 1 else f"micro-batches of {config.micro_batch}"
    by = f"{counted(group.size, 'process')} with {by}" if min(each, group.size) > 1 else by
    rows = parts * game.parts.pack
    if config.batch % rows:
        packs = f" in packs of {game.parts.pack}" if game.parts.pack > 1 else ""
        wanted = f"use a multiple of {rows}" if each == 1 else "choose numbers that divide it"
        raise ConfigError(f"a batch of {config.batch} cannot be shared equally by {by}{packs}; {wanted}")
    for name, part in game.parts.named.items():
        if part.capabilities.whole_batch or part.capabilities.mixes_batch:
            alone = " and ".join(["train in one process"] * (group.size > 1) + ["leave --micro-batch out"] * (each > 1))
            raise ConfigError(
                f"{name} reads a batch as a whole, so {by} with parts of it would train another game; {alone}"
            )


def require_alike(images: TrainingData, group: Processes) -> None:
    """Raise DataError when the processes hold different training data, or run different versions: they would train other games."""
    here = (
        f"{counted(len(images), 'training example')}, SHA-256 {images.digest[:12]}",
        f"PyTorch {torch.__version__}",
        f"gantlet {__version__}",
    )
    each = group.everyone(lambda: here)
    for rank, other in enumerate(each):
        if other != each[0]:
            first, its = next((a, b) for a, b in zip(each[0], other, strict=True) if a != b)
            raise DataError(
                f"the processes do not train the same: process 0 has {first}, process {rank} has {its}; give all machines the same files "
                "and versions"
            )


def reduced(output: StepOutput, group: Processes) -> StepOutput:
    """Reduce the losses and gather the logits over all processes."""
    if group.size == 1:
        return output
    means = torch.stack(
        [output.loss.detach(), *(term.detach().to(output.loss.dtype) for term in output.terms.values())]
    )
    group.average([means])
    logits = {"real_logits": group.rows(output.real_logits), "fake_logits": group.rows(output.fake_logits)}
    return output._replace(loss=means[0], terms=dict(zip(output.terms, means[1:], strict=True)), **logits)


def average_statistics(network: nn.Module, group: Processes) -> None:
    """Set a network's buffers to their mean over all processes: the running statistics of batch normalisation, which each
    process takes over its own rows.
    """
    group.average(network.buffers())
