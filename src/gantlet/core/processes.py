"""Processes that torchrun started, and their communication."""

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
"""Timeout for waiting on other processes: one of them may compute all metrics meanwhile."""


@dataclass(frozen=True)
class Processes:
    """The processes that share one computation: this one's ``rank`` of ``size``."""

    rank: int
    size: int

    def share(self, n: int, block: int = 1) -> slice:
        """Return this process's part of n items: contiguous whole blocks (the last may be short), as equal as possible."""
        blocks = -(-n // block)
        start, stop = (block * (blocks * rank // self.size) for rank in (self.rank, self.rank + 1))
        return slice(min(n, start), min(n, stop))

    def total(self, tensor: "torch.Tensor") -> "torch.Tensor":
        """Return the sum of a tensor over all processes; integer sums are the same for any number of processes."""
        if self.size == 1:
            return tensor
        import torch.distributed

        whole = tensor.cpu().clone()  # gloo adds on the CPU
        torch.distributed.all_reduce(whole)
        return whole.to(tensor.device)

    def average(self, tensors: "Iterable[torch.Tensor | None]") -> None:
        """Replace each tensor in place by its mean over all processes, in one message; None entries are skipped."""
        import torch

        present = [tensor for tensor in tensors if tensor is not None and tensor.is_floating_point()]
        if self.size == 1 or not present:
            return
        flat = self.total(torch.cat([tensor.detach().flatten() for tensor in present])) / self.size
        for tensor, part in zip(present, flat.split([tensor.numel() for tensor in present]), strict=True):
            tensor.detach().copy_(part.view_as(tensor))

    def rows(self, tensor: "torch.Tensor") -> "torch.Tensor":
        """Return the rows of all processes, by rank; each has the same number."""
        if self.size == 1:
            return tensor
        import torch.distributed

        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        torch.distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    def any(self, here: bool) -> bool:
        """Return whether ``here`` is true in at least one process."""
        import torch

        return here if self.size == 1 else bool(self.total(torch.tensor(int(here))) > 0)

    def everyone(self, make: Callable[[], T]) -> list[T]:
        """Return what ``make`` returns in each process, by rank; a GantletError in one of them is raised in all."""
        return [_unwrap(outcome) for outcome in self._gather(_attempt(make))] if self.size > 1 else [make()]

    def first(self, make: Callable[[], T]) -> T:
        """Return what ``make`` returns in the first process, which alone calls it; its GantletError is raised in all."""
        if self.size == 1:
            return make()
        import torch.distributed

        payload: list[Any] = [_attempt(make) if self.rank == 0 else None]
        torch.distributed.broadcast_object_list(payload)
        return _unwrap(payload[0])

    def _gather(self, thing: Any) -> list[Any]:
        import torch.distributed

        things: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(things, thing)
        return things


def _attempt(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except GantletError as error:
        return _RemoteError(str(error), isinstance(error, UsageError))


@dataclass(frozen=True)
class _RemoteError:
    """An error sent to the other processes: its sentence, and whether it is a usage error."""

    sentence: str
    usage: bool


def _unwrap(outcome: Any) -> Any:
    if isinstance(outcome, _RemoteError):
        raise (UsageError if outcome.usage else GantletError)(outcome.sentence)
    return outcome


ALONE = Processes(0, 1)


def processes_started() -> int:
    """Return the number of processes that torchrun started; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return this process's rank among those that torchrun started; 0 without torchrun."""
    return int(os.environ.get("RANK", "0"))


def processes() -> Processes:
    """Return the processes that torchrun started, joined over gloo; `ALONE` without torchrun.

    The group is destroyed when the program ends: gloo's thread may abort a process that ends before that, and
    torchrun would then stop the others in the middle of their work.
    """
    if processes_started() == 1:
        return ALONE
    import torch.distributed

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo", timeout=PATIENCE)
        atexit.register(_leave)
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size())


def _leave() -> None:
    """Leave the group when all processes have reached this point, or after 30 s without those that failed."""
    import torch.distributed

    if not torch.distributed.is_initialized():
        return
    with contextlib.suppress(RuntimeError):
        torch.distributed.monitored_barrier(timeout=timedelta(seconds=30))
    torch.distributed.destroy_process_group()
