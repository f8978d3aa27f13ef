"""Processes that torchrun started, and their communication."""

import atexit
import contextlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from gantlet.core.errors import GantletError, PeerLost, UsageError
from gantlet.core.peers import GLOO_TIMEOUT, Peers, connected, in_thread

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
_PEERS: list[Peers] = []
"""The processes that this one waits for, once it has joined them."""


@dataclass(frozen=True)
class Processes:
    """The processes that share one computation: this one's ``rank`` of ``size``.

    In `first` and `everyone` a process may work for as long as it takes, and the others wait. Everywhere else all come
    within PATIENCE (5 minutes; GANTLET_PATIENCE). PeerLost names a process that stands still, has ended or stays away.
    """

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
        _finish(torch.distributed.all_reduce(whole, async_op=True))
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
        _finish(torch.distributed.all_gather(parts, tensor.contiguous(), async_op=True))
        return torch.cat(parts)

    def any(self, here: bool) -> bool:
        """Return whether ``here`` is true in at least one process."""
        import torch

        return here if self.size == 1 else bool(self.total(torch.tensor(int(here))) > 0)

    def everyone(self, make: Callable[[], T]) -> list[T]:
        """Return what ``make`` returns in each process, by rank; a GantletError in one of them is raised in all."""
        if self.size == 1:
            return [make()]
        here = _attempt(make)
        return [_unwrap(outcome) for outcome in [self._sent(here, rank) for rank in range(self.size)]]

    def first(self, make: Callable[[], T]) -> T:
        """Return what ``make`` returns in the first process, which alone calls it; its GantletError is raised in all."""
        if self.size == 1:
            return make()
        return _unwrap(self._sent(_attempt(make) if self.rank == 0 else None, 0))

    def _sent(self, thing: Any, source: int) -> Any:
        """Return the ``thing`` of the process ``source``."""
        import torch
        from torch.distributed import broadcast

        whole = torch.frombuffer(bytearray(pickle.dumps(thing)), dtype=torch.uint8)
        length = torch.tensor([len(whole)])
        _finish(broadcast(length, source, async_op=True), works=True)
        if self.rank != source:
            whole = torch.empty(int(length), dtype=torch.uint8)
        _finish(broadcast(whole, source, async_op=True), works=True)
        return thing if self.rank == source else pickle.loads(whole.numpy().data)  # noqa: S301 - of our own processes


def _attempt(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except PeerLost:  # nobody is left to be told
        raise
    except GantletError as error:
        return _RemoteError(str(error), isinstance(error, UsageError))


@dataclass(frozen=True)
class _RemoteError:
    """An error sent to the other processes: its sentence, and whether it is a usage error."""

    sentence: str
    usage: bool


def _finish(work: Any, works: bool = False) -> None:
    """Wait for a message between the processes; raises PeerLost."""

    def done(seconds: float) -> bool:
        try:
            work.wait(timedelta(seconds=seconds))
        except RuntimeError:
            if not work.is_completed():  # the seconds are over
                return False
            work.wait()  # raises the work's own error
        return True

    _PEERS[0].wait(done, works=works)


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


def tell(sentence: str) -> bool:
    """Let the other processes know of the error that ends this one; return whether this process is the one that prints it."""
    return _PEERS[0].tell(sentence) if _PEERS else rank() == 0


def processes() -> Processes:
    """Return the processes that torchrun started, joined over gloo; `ALONE` without torchrun.

    The group is destroyed when the program ends: gloo's thread may abort a process that ends before that, and
    torchrun would then stop the others in the middle of their work.

    Raises: PeerLost when one of them does not come; ConfigError for a wrong GANTLET_PATIENCE.
    """
    if processes_started() == 1:
        return ALONE
    import torch.distributed

    if not _PEERS:
        _PEERS.append(Peers(rank(), processes_started()))
        atexit.register(_leave)
    if not torch.distributed.is_initialized():
        _PEERS[0].wait(in_thread(_join), works=False)
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size())


def _join() -> None:
    """Join the group of all processes of this start."""
    from torch.distributed import init_process_group

    store, size = connected("gloo"), processes_started()
    init_process_group("gloo", store=store, rank=rank(), world_size=size, timeout=GLOO_TIMEOUT)


def _leave() -> None:
    """Leave the group when all processes have reached this point, or after 30 s.

    Where a message of gloo's will not come any more, its threads wait for it, and only the operating system ends them.
    """
    import torch.distributed

    if not _PEERS:
        return
    peers = _PEERS.pop()
    peers.leave()
    if peers.stuck:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(1)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
