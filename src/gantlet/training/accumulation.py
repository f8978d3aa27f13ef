"""A batch in parts: gradients of micro-batches add up to those of the whole batch, so that a step needs the memory of one part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, MemoryExhausted, is_out_of_memory
from gantlet.core.interfaces.modules import Batch
from gantlet.core.processes import Processes
from gantlet.core.rng import part_of_batch
from gantlet.training.sharing import micro_batches
from gantlet.training.state import TrainState
from gantlet.training.step_output import StepOutput


@dataclass(frozen=True)
class Accumulation:
    """The gradients of one player's step, taken over the whole batch of this process or over its micro-batches, one by one."""

    config: TrainConfig
    group: Processes
    state: TrainState

    @property
    def parts(self) -> int:
        """Return the number of micro-batches of this process."""
        return micro_batches(self.config, self.group)

    def gradients(
        self,
        batch: Batch,
        act: Callable[[Batch], StepOutput],
        backward: Callable[[Tensor], object],
        *optimizers: torch.optim.Optimizer,
    ) -> StepOutput:
        """Set the gradients of a step and return its output for the whole batch.

        The loss is the mean of the parts' losses: `require_shareable` refuses losses for which that is not the whole batch's.
        Each part draws the random numbers that the whole batch would give its rows, and meets the networks' buffers (the vectors of
        spectral norms) as the whole batch would. Raises: MemoryExhausted, with the ways out.
        """
        for optimizer in optimizers:
            optimizer.zero_grad()
        try:
            if self.parts == 1:
                output = act(batch)
                backward(output.loss)
                return output
            return StepOutput.mean(self._parts(batch, act, backward))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise MemoryExhausted(self._sentence(len(batch.z), batch.z.device, error)) from error

    def _parts(
        self, batch: Batch, act: Callable[[Batch], StepOutput], backward: Callable[[Tensor], object]
    ) -> Sequence[StepOutput]:
        streams = {stream: stream.get_state() for stream in self.state.streams.values()}
        networks = (self.state.generator, self.state.discriminator)
        buffers = [(buffer, buffer.clone()) for network in networks for buffer in network.buffers()]
        outputs = []
        for i, rows in enumerate(torch.arange(len(batch.z)).chunk(self.parts)):
            for stream, drawn in streams.items():
                stream.set_state(drawn)
            for buffer, before in buffers:
                buffer.copy_(before)
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            labels, inputs = (None if each is None else each[part] for each in (batch.labels, batch.inputs))
            with part_of_batch(self.group.rank * self.parts + i, self.group.size * self.parts):
                output = act(Batch(batch.real[part], labels, batch.z[part], inputs))
            backward(output.loss / self.parts)
            outputs.append(output.detached())
        return outputs

    def _sentence(self, rows: int, device: torch.device, error: Exception) -> str:
        at_once, batch = rows // self.parts, self.config.batch
        of = f" of the batch of {batch}" if at_once != batch else ""
        micro = (
            ""
            if at_once < 2 or batch % (at_once // 2) or normalised(self.state)
            else (
                f"give --micro-batch {at_once // 2} (the same step in parts; --resume --micro-batch {at_once // 2} goes on), or "
            )
        )
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return (
            f"step {self.state.step + 1}: {at_once} images{of} at once do not fit into the memory of {device} ({reason}); {micro}lower "
            f"--batch (now {batch}) in a new run; the last checkpoint is intact"
        )


def normalised(state: TrainState) -> list[str]:
    """Return the networks that are normalised over the batch."""
    norm = nn.modules.batchnorm._BatchNorm
    networks = {"generator": state.generator, "discriminator": state.discriminator}
    return [name for name, network in networks.items() if any(isinstance(module, norm) for module in network.modules())]


def require_parts(config: TrainConfig, group: Processes, state: TrainState) -> None:
    """Raise ConfigError where batch normalisation would see micro-batches in the place of the batch."""
    if micro_batches(config, group) > 1 and (names := normalised(state)):
        raise ConfigError(
            f"the {' and the '.join(names)} of {config.network} normalise{'s' * (len(names) == 1)} over the whole batch, so micro-batches of "
            f"{config.micro_batch} would train another game; leave --micro-batch out, or use networks without batch normalisation, such as "
            "r3gan, stylegan2 or 'dcgan[norm=none,making_norm=none]'"
        )
