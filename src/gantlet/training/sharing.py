"""Several processes share each batch: what they must agree on, and what cannot be shared."""

import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.processes import Processes
from gantlet.training.game import Game
from gantlet.training.step_output import StepOutput


def require_shareable(config: TrainConfig, game: Game, group: Processes) -> None:
    """Raise ConfigError when a batch cannot be cut into equal parts, or a part of the game looks at a batch as a whole.

    Such a part has an attribute ``whole_batch`` (or ``mixes_batch``) that is true: its loss over a batch is not the mean of its losses
    over parts of the batch.
    """
    if group.size == 1:
        return
    rows = group.size * game.parts.pack
    if config.batch % rows:
        packs = f" in packs of {game.parts.pack}" if game.parts.pack > 1 else ""
        raise ConfigError(
            f"a batch of {config.batch} cannot be shared equally by {group.size} processes{packs}; use a multiple of {rows}"
        )
    for name, part in game.parts.named.items():
        if getattr(part, "whole_batch", False) or getattr(part, "mixes_batch", False):
            raise ConfigError(
                f"{name} looks at a batch as a whole, so {group.size} processes with parts of it would play another game; "
                "train in one process"
            )


def shared(turn: StepOutput, group: Processes) -> StepOutput:
    """Return a turn as one process with the whole batch would see it: mean loss and terms, everybody's logits."""
    if group.size == 1:
        return turn
    means = torch.stack([turn.loss.detach(), *(term.detach().to(turn.loss.dtype) for term in turn.terms.values())])
    group.average([means])
    logits = {"real_logits": group.rows(turn.real_logits), "fake_logits": group.rows(turn.fake_logits)}
    return turn._replace(loss=means[0], terms=dict(zip(turn.terms, means[1:], strict=True)), **logits)


def average_statistics(network: nn.Module, group: Processes) -> None:
    """Let all processes have the mean of a network's buffers: the running statistics of batch normalisation, which each
    process takes of its own rows.
    """
    group.average(network.buffers())
