"""Arrays that are mapped files: their pages need not stay in memory."""

import mmap
import os

import numpy as np
from jaxtyping import Shaped


def forget_pages(array: Shaped[np.ndarray, "..."]) -> None:
    """Let go of the memory of a mapped file, if the array is one; it is read again where it is used again."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and os.name == "posix":
        owner.madvise(mmap.MADV_DONTNEED)
