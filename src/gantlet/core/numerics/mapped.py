"""Memory that need not stay: pages of mapped files, and what the C library keeps of freed arrays."""

import ctypes
import mmap
import os
from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Shaped


def forget_pages(array: Shaped[np.ndarray, "..."]) -> None:
    """Let go of the memory of a mapped file, if the array is one; it is read again where it is used again."""
    owner = _owner(array)
    if isinstance(owner, mmap.mmap) and os.name == "posix":
        owner.madvise(mmap.MADV_DONTNEED)


def is_mapped(array: Shaped[np.ndarray, "..."]) -> bool:
    """Return whether an array is a mapped file, or a part of one: its pages come and go, and nothing of it is allocated."""
    return isinstance(_owner(array), mmap.mmap)


def _owner(array: Shaped[np.ndarray, "..."]) -> object:
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return owner


def return_freed_memory() -> None:
    """Return to the system what the C library keeps of freed arrays; it does nothing where the library is not glibc."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # other systems
        return None
