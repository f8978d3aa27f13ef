"""Images that a generator draws on demand, block by block."""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from gantlet.core.calls import called
from gantlet.core.drawing.grids import first_as_grid, show
from gantlet.core.errors import DataError
from gantlet.core.rng import sequence
from gantlet.core.words import counted
from gantlet.data.source import numbered

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


BLOCK = 200
"""Number of images per block; image i depends only on the weights, the seed and i."""


class Samples:
    """The images of one generator, drawn block by block, each block once; ``conditioning``: labels or inputs, one per image."""

    def __init__(self, spec: str, generator: Any, n: int, seed: int, **conditioning: Any) -> None:
        self.spec, self.generator, self.n, self.seed, self.conditioning = spec, generator, n, seed, conditioning
        self._blocks: dict[int, UInt8[np.ndarray, "b h w c"]] = {}
        self._lock = threading.Lock()

    def read(self, i: int) -> UInt8[np.ndarray, "h w c"]:
        """Return image i."""
        i = numbered(i, self.n, f"images of {self.spec}")
        with self._lock:
            block = i // BLOCK
            if block not in self._blocks:
                self._blocks[block] = self._draw(block)
        return self._blocks[block][i % BLOCK]

    @called
    def grid(self, n: int = 64, columns: int = 8) -> "Picture":
        """Return the first ``n`` images as one picture of Pillow's, which a notebook shows; raises UsageError for n or columns < 1."""
        return first_as_grid(self.read, self.n, n, columns)

    @called
    def show(self, n: int = 64, columns: int = 8) -> None:
        """Show the first ``n`` images: below the cell of a notebook, else in the system's viewer."""
        show(self.grid(n, columns))

    def __len__(self) -> int:
        """Return the number of images."""
        return self.n

    def __getitem__(self, i: int) -> UInt8[np.ndarray, "h w c"]:
        """Return image i."""
        return self.read(i)

    def __repr__(self) -> str:
        return f"<Samples: {counted(self.n, 'image')} of {self.spec}, seed {self.seed}>"

    def _draw(self, block: int) -> UInt8[np.ndarray, "b h w c"]:
        rows = slice(block * BLOCK, min(self.n, (block + 1) * BLOCK))
        conditioning = {name: None if values is None else values[rows] for name, values in self.conditioning.items()}
        seed = int(sequence(self.seed, f"run-{block}").generate_state(1, np.uint32)[0])
        images = self.generator.sample(rows.stop - rows.start, seed=seed, **conditioning)
        count, kind = rows.stop - rows.start, f"{getattr(images, 'dtype', type(images).__name__)}"
        shape: tuple[int, ...] = tuple(getattr(images, "shape", ()))
        if kind != "uint8" or len(shape) != 4 or shape[0] != count:
            raise DataError(f"{self.spec}: the generator returned {kind} {shape}; expected uint8 ({count}, h, w, c)")
        return np.asarray(images)
