"""The one place that knows Lightning Fabric: devices, precision, processes."""

import atexit
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from gantlet.errors import ConfigError, GantletError, UsageError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
DEVICES = ("auto", "cpu", "cuda")
"""Of `chosen_device`; no mps, which has no float64."""
PATIENCE = timedelta(days=2)
"""How long a process waits for the others: one of them may compute all metrics meanwhile."""


def connect(device: str, precision: str) -> Any:
    """Return a launched Fabric on one device; under torchrun each process has its own, a GPU by its local rank.

    Args: device: auto, cpu, cuda or mps; precision: 32-true or bf16-mixed.
    Raises: ConfigError when the device is not there.
    """
    import torch
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments import LightningEnvironment
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    try:
        on_gpus = processes_started() > 1 and device in ("auto", "cuda") and torch.cuda.is_available()
        devices = [int(os.environ.get("LOCAL_RANK", "0"))] if on_gpus else 1
        # gradients are averaged by `Processes`, so Fabric is told that this process is alone
        fabric = Fabric(accelerator=device, devices=devices, precision=precision, plugins=[LightningEnvironment()])
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise ConfigError(f"device {device!r} with precision {precision!r} cannot be used here: {error}") from error
    fabric.launch()
    return fabric


def chosen_device(name: str) -> "torch.device":
    """Return where tensors go: auto (a GPU where there is one), cpu or cuda; torchrun's processes each get the next GPU.

    Raises: ConfigError for another name, and for cuda where PyTorch finds none.
    """
    import torch

    if name not in DEVICES:
        raise ConfigError(f"expected the device {', '.join(DEVICES)}; got {name!r}")
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ConfigError("device 'cuda' cannot be used here: PyTorch finds no GPU; use cpu, or auto")
    if name == "cpu" or not found:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


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
