"""The one place that knows Lightning Fabric: devices, precision, processes."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gantlet.errors import ConfigError

if TYPE_CHECKING:
    import torch


def connect(device: str, precision: str) -> Any:
    """Return a launched Fabric on one device.

    Args: device: auto, cpu, cuda or mps; precision: 32-true or bf16-mixed.
    Raises: ConfigError when the device is not there, or when several processes were started (torchrun).
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError(
            f"training runs in one process; got WORLD_SIZE = {os.environ['WORLD_SIZE']}: start it without torchrun"
        )
    from lightning_fabric import Fabric
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    try:
        fabric = Fabric(accelerator=device, devices=1, precision=precision)
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise ConfigError(f"device {device!r} with precision {precision!r} cannot be used here: {error}") from error
    fabric.launch()
    return fabric


@contextlib.contextmanager
def threads_for(size: int) -> Iterator[None]:
    """Use one processor thread for networks of images below 16 pixels; the number is put back at the end.

    Their operations are too small to share: on two cores, one of them busy with something else, two threads that wait
    for each other made 3.5 steps a second of the recipe ``digits``, one thread 44.
    """
    import torch

    before = torch.get_num_threads()
    if size < 16:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Processes:
    """The processes that share one computation: this one's ``rank`` of ``size``."""

    rank: int
    size: int

    def share(self, n: int) -> slice:
        """Return this process's part of n things: contiguous, sizes as equal as can be."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def total(self, tensor: "torch.Tensor") -> "torch.Tensor":
        """Return the sum of a tensor over all processes; integers come out the same for any number of them."""
        if self.size == 1:
            return tensor
        import torch.distributed

        whole = tensor.clone()
        torch.distributed.all_reduce(whole)
        return whole


ALONE = Processes(0, 1)


def processes() -> Processes:
    """Return the processes that torchrun started, joined over gloo; `ALONE` where it started none."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    import torch.distributed

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size())
