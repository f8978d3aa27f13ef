"""One seed → named, independent random generators.

Every use of chance has a name (``data``, ``latent``, ``init``, ``penalty``, ``bootstrap`` …). A stream depends only
on the seed and its name, so adding a use never changes another one's numbers.
"""

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def sequence(seed: int, name: str) -> np.random.SeedSequence:
    """Return the seed sequence of one named stream."""
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
