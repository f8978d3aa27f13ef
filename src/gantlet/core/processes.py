"""Processes that torchrun started, and what they exchange."""

import atexit
import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from gantlet.core.errors import GantletError, UsageError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
PATIENCE = timedelta(days=2)
"""How long a process waits for the others: one of them may compute all metrics meanwhile."""


@dataclass(frozen=True)
class Processes:
    """The processes that share one computation: this one's ``rank`` of ``size``."""

    rank: int
    size: int

    def share(self, n: int, block: int = 1) -> slice:
        """Return this process's part of n things: contiguous whole blocks (the last may be short), as equal as can be."""
        blocks = -(-n // block)
        start, stop = (block * (blocks * rank // self.size) for rank in (self.rank, self.rank + 1))
        return slice(min(n, start), min(n, stop))

    def total(self, tensor: "torch.Tensor") -> "torch.Tensor":
        """Return the sum of a tensor over all processes; integers come out the same for any number of them."""
        if self.size == 1:
            return tensor
        import torch.distributed

        whole = tensor.cpu().clone()  # gloo adds on the CPU
        torch.distributed.all_reduce(whole)
        return whole.to(tensor.device)

    def average(self, tensors: "Iterable[torch.Tensor | None]") -> None:
        """Put the mean over all processes into each tensor, in place, by one message; None is passed over."""
        import torch

        given = [tensor for tensor in tensors if tensor is not None and tensor.is_floating_point()]
        if self.size == 1 or not given:
            return
        flat = self.total(torch.cat([tensor.detach().flatten() for tensor in given])) / self.size
        for tensor, part in zip(given, flat.split([tensor.numel() for tensor in given]), strict=True):
            tensor.detach().copy_(part.view_as(tensor))

    def rows(self, tensor: "torch.Tensor") -> "torch.Tensor":
        """Return the rows of all processes, by rank; each has as many."""
        if self.size == 1:
            return tensor
        import torch.distributed

        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        torch.distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    def any(self, here: bool) -> bool:
        """Return whether it is so in one process at least."""
        import torch

        return here if self.size == 1 else bool(self.total(torch.tensor(int(here))) > 0)

    def everyone(self, make: Callable[[], T]) -> list[T]:
        """Return what ``make`` returns in each process, by rank; a GantletError in one of them is raised in all."""
        return [_given(found) for found in self._gathered(_tried(make))] if self.size > 1 else [make()]

    def first(self, make: Callable[[], T]) -> T:
        """Return what ``make`` returns in the first process, which alone calls it; its GantletError is raised in all."""
        if self.size == 1:
            return make()
        import torch.distributed

        told: list[Any] = [_tried(make) if self.rank == 0 else None]
        torch.distributed.broadcast_object_list(told)
        return _given(told[0])

    def _gathered(self, thing: Any) -> list[Any]:
        import torch.distributed

        found: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(found, thing)
        return found


def _tried(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except GantletError as error:
        return _Raised(str(error), isinstance(error, UsageError))


@dataclass(frozen=True)
class _Raised:
    """An error on its way to the other processes: its sentence, and its kind as far as the exit status goes."""

    sentence: str
    usage: bool


def _given(found: Any) -> Any:
    if isinstance(found, _Raised):
        raise (UsageError if found.usage else GantletError)(found.sentence)
    return found


ALONE = Processes(0, 1)


def processes_started() -> int:
    """Return the number of processes that torchrun started; 1 where it started none."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return this process's rank among those that torchrun started; 0 where it started none."""
    return int(os.environ.get("RANK", "0"))


def processes() -> Processes:
    """Return the processes that torchrun started, joined over gloo; `ALONE` where it started none.

    The group is left when the program ends: a process that ends inside it may be aborted by gloo's own thread, and
    torchrun then stops the others in the middle of their work.
    """
    if processes_started() == 1:
        return ALONE
    import torch.distributed

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo", timeout=PATIENCE)
        atexit.register(_leave)
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size())


def _leave() -> None:
    """Leave the group when everyone is there to leave it, or after a while without those who failed."""
    import torch.distributed

    if not torch.distributed.is_initialized():
        return
    with contextlib.suppress(RuntimeError):
        torch.distributed.monitored_barrier(timeout=timedelta(seconds=30))
    torch.distributed.destroy_process_group()
