"""One seed → named, independent random generators.

Every use of chance has a name (``data``, ``latent``, ``init``, ``penalty``, ``bootstrap`` …). A stream depends only
on the seed and its name, so adding a use never changes another one's numbers.
"""

import contextlib
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np

from gantlet.core.errors import UsageError

if TYPE_CHECKING:
    import torch


def sequence(seed: int, name: str) -> np.random.SeedSequence:
    """Return the seed sequence of one named stream; raises UsageError for a negative seed."""
    if seed < 0:
        raise UsageError(f"expected a seed of 0 or more; got {seed}")
    return np.random.SeedSequence([seed, zlib.crc32(name.encode())])


def numpy_stream(seed: int, name: str) -> np.random.Generator:
    """Return NumPy's generator (PCG64) of one named stream."""
    return np.random.Generator(np.random.PCG64(sequence(seed, name)))


def torch_stream(seed: int, name: str, device: str = "cpu") -> "torch.Generator":
    """Return PyTorch's generator of one named stream."""
    import torch

    generator = torch.Generator(device=device)
    generator.manual_seed(int(sequence(seed, name).generate_state(1, np.uint64)[0] >> np.uint64(1)))
    return generator


_PART: ContextVar[tuple[int, int]] = ContextVar("_PART", default=(0, 1))


@contextlib.contextmanager
def part_of_batch(rank: int, size: int) -> Iterator[None]:
    """Context in which this process has rows rank/size … (rank + 1)/size of every batch; `for_rows` draws accordingly."""
    token = _PART.set((rank, size))
    try:
        yield
    finally:
        _PART.reset(token)


def for_rows(n: int, draw: "Callable[[int], torch.Tensor]") -> "torch.Tensor":
    """Return the result of ``draw`` for n rows, stacked on the first axis.

    Where several processes share a batch, ``draw`` generates the rows of all of them and this process's rows are returned: the
    numbers equal those of a single process, and the streams of all processes advance equally.
    """
    rank, size = _PART.get()
    return draw(n) if size == 1 else draw(n * size)[rank * n : (rank + 1) * n]
