"""Rows of images for pictures: a side's rows by class, its classes matched with the real images' by name, as grids."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.drawing import pictures
from gantlet.data.kinds import require_images
from gantlet.evaluation.labels import ClassMap, class_names, match_classes
from gantlet.evaluation.sides import Side

GAP = 4


def source_rows(side: Side) -> Int64[np.ndarray, " n"]:
    """Return the source's index of each row of the bank (files that were skipped have none)."""
    if not side.skipped:
        return np.arange(len(side.source))
    skipped = set(side.skipped)
    return np.array([i for i, name in enumerate(side.source.names) if name not in skipped], np.int64)


def rows_by_class(
    real: Side, sides: Mapping[str, Side], renamed: Mapping[str, str], most: int, columns: int
) -> dict[str, dict[str, Int64[np.ndarray, " k"]]]:
    """Return the first ``columns`` rows of each of the real images' classes, by class and side; none where a side has none.

    {} where a side has no labels or no class of the same name, and unless there are 2 to ``most`` classes.
    """
    labels = {name: _labels_of(real, side, renamed) for name, side in sides.items()}
    classes = class_names(real.source)
    if not 1 < len(classes) <= most or any(found is None for found in labels.values()):
        return {}
    return {
        label: {name: np.flatnonzero(found == index)[:columns] for name, found in labels.items()}
        for index, label in enumerate(classes)
    }


def _labels_of(real: Side, side: Side, renamed: Mapping[str, str]) -> Int64[np.ndarray, " n"] | None:
    """Return the class of each row as the real images number it (foreign classes: higher numbers), or None without labels."""
    if side.bank.rows is None or side.rows.labels is None or side is real:
        return None if side.bank.rows is None else side.rows.labels
    found = match_classes(("real", real.source), ("generated", side.source), renamed)
    return found.renumber[side.rows.labels] if isinstance(found, ClassMap) else None


def grid_of(
    side: Side, rows: Int64[np.ndarray, " n"], columns: int, most: int = pictures.THUMBNAIL
) -> UInt8[np.ndarray, "h w c"]:
    """Return the images at ``rows`` of a side as one; each at most ``most`` pixels wide, small ones enlarged by whole pixels."""
    source, numbers = require_images(side.source, "a picture"), source_rows(side)
    images = [source.read(int(numbers[row])) for row in rows]
    longest = max(max(image.shape[:2]) for image in images)
    tile = min(most, longest * max(1, most // longest))
    return pictures.grid([pictures.thumbnail(image, tile) for image in images], columns, GAP)
