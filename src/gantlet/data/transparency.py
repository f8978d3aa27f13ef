"""Images that vanish on the background that stands in for their transparency: white drawings on white."""

from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

from gantlet.core.words import counted
from gantlet.data.decode import BACKGROUNDS, Undecodable

PROBES = 8
FLAT = 8
"""An image whose gray levels span less than this is taken for empty."""


def vanished(n: int, read: Callable[[int, int], UInt8[np.ndarray, "h w c"]], background: str) -> str:
    """Return a sentence where more than half of 8 images spread over n show nothing on one background, and do on the other; else ''.

    ``read``: (row, gray level of the background) → the image.
    """
    other = next(name for name in BACKGROUNDS if name != background)
    lost, read_ones = 0, 0
    for i in np.unique(np.linspace(0, n - 1, PROBES).astype(int)).tolist():
        try:
            here = read(i, BACKGROUNDS[background])
            empty = np.ptp(here) < FLAT
            lost += bool(empty) and np.ptp(read(i, BACKGROUNDS[other])) >= FLAT
        except Undecodable:
            continue
        read_ones += 1
        if 2 * (read_ones - lost) > PROBES:
            return ""
    if 2 * lost <= read_ones:
        return ""
    return (
        f"{lost} of {counted(read_ones, 'image')} looked at show nothing on {background}, which stands in for their transparent pixels; "
        f"[background={other}] shows them"
    )
