"""A's, real and B's images beside each other, for the page of a comparison."""

import numpy as np
from jaxtyping import Int64

from gantlet.core.config import EvaluateConfig
from gantlet.core.drawing import pictures
from gantlet.core.drawing.scatter import scatter
from gantlet.core.rng import numpy_stream
from gantlet.core.specs import class_map
from gantlet.data.kinds import require_images
from gantlet.data.points import PointSource
from gantlet.data.statistics_file import StatisticsSource
from gantlet.evaluation.gallery import source_rows
from gantlet.evaluation.labels import ClassMap, class_names, match_classes
from gantlet.evaluation.sides import Side

COLUMNS, ROWS, GAP = 6, 5, 4
MOST_CLASSES = 20

Strips = dict[str, dict[str, bytes]]
"""PNG files by class ('': all images) and side: A, real, B; a side without images of a class is missing there."""


def side_by_side(real: Side, a: Side, b: Side, config: EvaluateConfig) -> Strips:
    """Return what to look at: the first six images of each of the real images' classes, matched by name, where all sides have
    labels and there are at most 20 classes; else thirty of each side, drawn at random (the same rows of sets of equal size).
    Of points: A and B over the real ones.

    Empty where a side has none to show: features, and statistics files.
    """
    sides = {"A": a, "real": real, "B": b}
    if any(side.bank.rows is None or isinstance(side.source, StatisticsSource) for side in sides.values()):
        return {}
    if isinstance(real.source, PointSource):
        generated = {} if real.source.space else {"A": a, "B": b}
        drawn = {name: scatter(real.rows.features, side.rows.features) for name, side in generated.items()}
        return {"": drawn} if drawn else {}
    labels = {name: labels_of(real, side, config) for name, side in sides.items()}
    names = class_names(real.source)
    if 1 < len(names) <= MOST_CLASSES and all(found is not None for found in labels.values()):
        return {label: _of_class(sides, labels, index) for index, label in enumerate(names)}
    streams = {name: numpy_stream(config.seed, "side by side") for name in sides}
    return {
        "": {
            name: _grid(side, streams[name].permutation(side.rows.n)[: COLUMNS * ROWS]) for name, side in sides.items()
        }
    }


def labels_of(real: Side, side: Side, config: EvaluateConfig) -> Int64[np.ndarray, " n"] | None:
    """Return the class of each row as the real images number it (foreign classes: higher numbers), or None without labels."""
    if side is real:
        return real.rows.labels
    found = match_classes(("real", real.source), ("generated", side.source), class_map(config.classes))
    if not isinstance(found, ClassMap) or side.rows.labels is None:
        return None
    return found.renumber[side.rows.labels]


def _of_class(
    sides: dict[str, Side], labels: dict[str, Int64[np.ndarray, " n"] | None], index: int
) -> dict[str, bytes]:
    found = {name: np.flatnonzero(rows == index)[:COLUMNS] for name, rows in labels.items() if rows is not None}
    return {name: _grid(sides[name], rows) for name, rows in found.items() if len(rows)}


def _grid(side: Side, rows: Int64[np.ndarray, " n"]) -> bytes:
    source, numbers = require_images(side.source, "a picture"), source_rows(side)
    images = [source.read(int(numbers[row])) for row in rows]
    longest = max(max(image.shape[:2]) for image in images)
    tile = longest * max(1, pictures.THUMBNAIL // longest)
    squares = [pictures.thumbnail(image, min(tile, pictures.THUMBNAIL)) for image in images]
    return pictures.png(pictures.grid(squares, COLUMNS, GAP))
