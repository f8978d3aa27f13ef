"""The C library's memory during training: kept between steps, not given back to the system and asked for again."""

import contextlib
import ctypes
from collections.abc import Iterator

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""The parameters' numbers in glibc's malloc.h."""
KEPT = 2**30
"""Bytes: larger free blocks go back to the system, as all above 32 MB at most do otherwise."""


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Within it, glibc keeps freed memory for the next step; other C libraries are left alone.

    A step frees what it took, some megabytes a tensor. Given back and taken again, every page is cleared by the system and
    faulted in anew: 1,600 faults a step of 32-pixel DCGAN at width 64, against 1 within this (3 to 7 % of its processor
    time). Afterwards the thresholds are glibc's largest own (32 MB), and what is free is given back.
    """
    library = _glibc()
    if library is None:
        yield
        return
    for name in (TRIM_THRESHOLD, MMAP_THRESHOLD):
        library.mallopt(name, KEPT)
    try:
        yield
    finally:
        library.mallopt(MMAP_THRESHOLD, 2**25)
        library.mallopt(TRIM_THRESHOLD, 2**26)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """Return the C library where it is glibc."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # another system than Linux
        return None
    return library if hasattr(library, "gnu_get_libc_version") else None
