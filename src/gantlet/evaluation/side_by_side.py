"""A's, real and B's images beside each other, for the page of a comparison."""

from gantlet.core.config import EvaluateConfig
from gantlet.core.drawing.pictures import png
from gantlet.core.drawing.scatter import scatter
from gantlet.core.rng import numpy_stream
from gantlet.core.specs import class_map
from gantlet.data.points import PointSource
from gantlet.data.statistics_file import StatisticsSource
from gantlet.evaluation.image_rows import grid_of, rows_by_class
from gantlet.evaluation.sides import Side

COLUMNS, ROWS = 6, 5
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
    chosen = rows_by_class(real, sides, class_map(config.classes), MOST_CLASSES, COLUMNS)
    if not chosen:
        streams = {name: numpy_stream(config.seed, "side by side") for name in sides}
        chosen = {"": {name: streams[name].permutation(side.rows.n)[: COLUMNS * ROWS] for name, side in sides.items()}}
    return {
        label: {name: png(grid_of(sides[name], rows, COLUMNS)) for name, rows in found.items() if len(rows)}
        for label, found in chosen.items()
    }
