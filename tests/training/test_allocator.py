"""Freed memory is kept during training, and given back after it."""

import resource

import numpy as np
import pytest

from gantlet.training import allocator
from gantlet.training.allocator import kept_memory

PAGES = 2**24 // resource.getpagesize()


def faults(times: int = 8) -> int:
    """Return the page faults of taking, filling and freeing 16 MB again and again, the first time not counted."""
    np.ones(2**24, np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        np.ones(2**24, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_within_it_memory_is_not_faulted_in_again() -> None:
    """Given back each time it would be 8 · 4096 pages of 4 kB."""
    if allocator._glibc() is None:
        pytest.skip("another C library than glibc")
    with kept_memory():
        assert faults() < PAGES


def test_without_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "_glibc", lambda: None)
    with kept_memory():
        assert faults(1) >= 0
