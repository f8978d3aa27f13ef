"""Several processes share each batch: the reductions over processes, and the parts that no batch can be shared with."""

import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.processes import Processes
from gantlet.core.words import counted
from gantlet.training.game import Game
from gantlet.training.step_output import StepOutput


def require_shareable(config: TrainConfig, game: Game, group: Processes) -> None:
    """Raise ConfigError when a batch cannot be cut into equal parts, or a training part reads a batch as a whole (its
    capability ``whole_batch`` or ``mixes_batch`` is true).
    """
    if group.size == 1:
        return
    rows = group.size * game.parts.pack
    if config.batch % rows:
        packs = f" in packs of {game.parts.pack}" if game.parts.pack > 1 else ""
        raise ConfigError(
            f"a batch of {config.batch} cannot be shared equally by {counted(group.size, 'process')}{packs}; use a multiple of {rows}"
        )
    for name, part in game.parts.named.items():
        if part.capabilities.whole_batch or part.capabilities.mixes_batch:
            raise ConfigError(
                f"{name} reads a batch as a whole, so {counted(group.size, 'process')} with parts of it would train another game; "
                "train in one process"
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
