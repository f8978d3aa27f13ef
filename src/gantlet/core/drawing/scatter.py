"""The picture of an evaluation of points: generated points over real points."""

import io

import numpy as np
from jaxtyping import Float32

LARGEST = 2_500


def scatter(real: Float32[np.ndarray, "n d"], fake: Float32[np.ndarray, "m d"]) -> bytes:
    """Return at most 2,500 points per side (their first two coordinates) drawn as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for name, points, colour in (("real", real, "#0072B2"), ("generated", fake, "#D55E00")):
        rows = points[:LARGEST]
        second = rows[:, 1] if rows.shape[1] > 1 else [0.0 if name == "real" else 0.2] * len(rows)
        axis.scatter(rows[:, 0], second, s=6, c=colour, alpha=0.5, linewidths=0, label=name)
    axis.set_aspect("equal", adjustable="datalim")
    axis.legend(frameon=False)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
