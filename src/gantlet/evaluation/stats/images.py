"""ImageRows: the images behind the rows of a FeatureBank, for metrics of pixels; decoded on demand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8


@dataclass(frozen=True, eq=False)
class ImageRows:
    """Image ``rows[i]`` of a source belongs to row i; ``read`` decodes one image, uint8 [h, w, 1 or 3]."""

    read: Callable[[int], UInt8[np.ndarray, "h w c"]]
    rows: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> UInt8[np.ndarray, "h w c"]:
        return self.read(int(self.rows[i]))

    def __iter__(self) -> Iterator[UInt8[np.ndarray, "h w c"]]:
        return (self[i] for i in range(len(self)))

    def take(self, rows: Int64[np.ndarray, " m"]) -> "ImageRows":
        """Return the images of some rows, in the order of ``rows``."""
        return ImageRows(self.read, self.rows[rows])
