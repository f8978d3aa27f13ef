"""Pages of a mapped file can be let go of; the numbers stay."""

from pathlib import Path

import numpy as np

from gantlet.core.numerics.mapped import forget_pages


def test_the_numbers_stay(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((500, 40)).astype(np.float32)
    np.save(tmp_path / "x.npy", rows)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for array in (mapped, np.ascontiguousarray(mapped, np.float32)[3:], rows):
        before = array.copy()
        forget_pages(array)
        assert np.array_equal(array, before)
