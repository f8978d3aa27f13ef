"""The figure of brenier-alexandrov: envelope over its power diagram, dual hull, gradient arrows, Minkowski's polygon."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from gantlet.core.drawing import figure
from gantlet.labs.polytopes import Edges, cell, dual_hull
from gantlet.transport.brenier import Brenier

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def draw(path: Path, potential: Brenier, shape: Edges) -> str:
    """Draw four panels and return the file's name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(10.4, 9.0), dpi=120, layout="constrained")
    FigureCanvasAgg(picture)
    slopes = potential.target.points
    offsets = potential.dual_potential - slopes @ np.asarray(potential.source.centre)
    cells = [cell(i, slopes, offsets, SQUARE) for i in range(len(slopes))]
    _envelope(picture.add_subplot(2, 2, 1, projection="3d"), cells, slopes, offsets)
    _hull(picture.add_subplot(2, 2, 2, projection="3d"), slopes, offsets)
    _gradient(picture.add_subplot(2, 2, 3), cells, potential)
    _polygon(picture.add_subplot(2, 2, 4), shape)
    return figure.save(picture, path)


def _colour(i: int) -> str:
    return figure.COLOURS[i % 6]


def _plain(axis: Any, title: str) -> None:
    axis.set_title(title, fontsize=10)
    axis.tick_params(labelsize=7)


def _envelope(
    axis: Any,
    cells: list[np.ndarray],
    slopes: Float64[np.ndarray, "n 2"],
    offsets: Float64[np.ndarray, " n"],
) -> None:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    u = [one @ slopes[i] + offsets[i] for i, one in enumerate(cells)]
    low, high = min(map(float, map(np.min, u))), max(map(float, map(np.max, u)))
    floor = low - 0.7 * (high - low)
    for i, one in enumerate(cells):
        top, below = np.column_stack([one, u[i]]), np.column_stack([one, np.full(len(one), floor)])
        for corners, alpha in ((top, 0.85), (below, 0.45)):
            axis.add_collection3d(Poly3DCollection([corners], facecolor=_colour(i), edgecolor="k", lw=0.5, alpha=alpha))
    axis.set(xlim=(0, 1), ylim=(0, 1), zlim=(floor, high))
    axis.view_init(22, -60)
    _plain(axis, "Upper envelope of the planes, over its power diagram")


def _hull(axis: Any, slopes: Float64[np.ndarray, "n 2"], offsets: Float64[np.ndarray, " n"]) -> None:
    from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

    triangles, _ = dual_hull(slopes, offsets)
    points = np.column_stack([slopes, -offsets])
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    floor = low - 0.7 * (high - low)
    flat = np.column_stack([slopes, np.full(len(slopes), floor)])
    axis.add_collection3d(Poly3DCollection(points[triangles], facecolor="#56B4E9", edgecolor="k", lw=0.6, alpha=0.6))
    closed = [flat[[*triangle, triangle[0]]] for triangle in triangles]
    axis.add_collection3d(Line3DCollection(closed, colors="#555555", linewidths=0.6))
    axis.scatter(*points.T, color="#D55E00", s=12, depthshade=False)
    axis.set(xlim=(0, 1), ylim=(0, 1), zlim=(floor, high))
    axis.view_init(22, -60)
    _plain(axis, "Legendre dual: hull of (y, −h), over its triangulation")


def _gradient(axis: Any, cells: list[np.ndarray], potential: Brenier) -> None:
    centres, _ = potential.barycentres()
    for i, one in enumerate(cells):
        axis.fill(*one.T, facecolor=_colour(i), edgecolor="k", lw=0.5, alpha=0.3)
    for centre, target in zip(centres, potential.target.points, strict=True):
        axis.annotate(
            "", target, centre, arrowprops={"arrowstyle": "->", "lw": 1.1, "color": "k", "shrinkA": 0, "shrinkB": 0}
        )
    axis.plot(*potential.target.points.T, "o", color="#D55E00", markersize=4)
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    _plain(axis, "∇u: each cell goes to its target (dot)")


def _polygon(axis: Any, shape: Edges) -> None:
    exact, (solved, _) = shape.exact(), shape.solved()
    axis.fill(*exact.T, facecolor="#56B4E9", alpha=0.35, label="laid end to end")
    axis.plot(
        *np.vstack([solved, solved[:1]]).T, "o--", color="#D55E00", markersize=3, lw=1.2, label="by its principle"
    )
    middles = (solved + np.roll(solved, 1, axis=0)) / 2
    for middle, normal in zip(middles, shape.normals, strict=True):
        axis.annotate("", middle + 0.3 * normal, middle, arrowprops={"arrowstyle": "->", "lw": 0.9, "color": "#333333"})
    reach = 1.15 * np.abs(np.vstack([solved, middles + 0.3 * shape.normals])).max()
    axis.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    axis.legend(fontsize=8, frameon=False, loc="upper right")
    _plain(axis, "Minkowski: a polygon from its edges' normals and lengths")
