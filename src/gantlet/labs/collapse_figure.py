"""The figure of the lab collapse-is-discontinuity: cells and singular set, new points, a GAN's samples and its latent plane."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from gantlet.core.drawing import figure
from gantlet.labs.collapse_targets import Target
from gantlet.labs.lab import Setting
from gantlet.transport.brenier import Brenier
from gantlet.transport.critic_audit import least_bridging
from gantlet.transport.singular import LIMIT, SingularSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE = 300
REACH = 3.0
"""Latents are shown within three standard deviations."""


@dataclass(frozen=True, eq=False)
class TargetPanels:
    """One target with the transport onto it, new points of the transport, a GAN's samples, and the GAN as a function."""

    target: Target
    potential: Brenier
    creases: SingularSet
    new: Float64[np.ndarray, "n 2"]
    rival: Float64[np.ndarray, "n 2"]
    image: Callable[[Float64[np.ndarray, "k 2"]], Float64[np.ndarray, "k 2"]]
    fit: Any
    """The GAN's measures: ``outside`` and ``pieces_found``."""


class Point(NamedTuple):
    """A generator on two modes: gap, slope, mass between, and whether ``both`` modes have similar masses; if not, the bound is lower."""

    gap: float
    slope: float
    between: float
    both: bool


def draw_figure(setting: Setting, panels: dict[str, TargetPanels], bridging_points: dict[str, list[Point]]) -> str:
    """Draw four panels per target and, below, the bound and the jumps."""
    picture, axes = figure.new(len(panels) + 1, 4, width=3.3, height=3.2)
    for index, (name, one) in enumerate(panels.items()):
        cells, new, gan, plane = axes[4 * index : 4 * index + 4]
        _cells(cells, name, one)
        _points(new, one, one.new, "Transport, new points away from it")
        title = f"GAN: {one.fit.outside:.1%} outside, {one.fit.pieces_found} of {one.target.pieces} pieces"
        _points(gan, one, one.rival, title)
        _plane(plane, one)
    for index, (axis, (arm, runs)) in enumerate(zip(axes[-4:], bridging_points.items(), strict=False)):
        _bridging(axis, arm, runs, "mass between two modes" if index == 0 else "")
    _jumps(axes[-1], panels)
    return figure.save(picture, setting.out / "collapse-is-discontinuity.png")


def _lattice(low: float, high: float) -> Float64[np.ndarray, "k 2"]:
    line = low + (high - low) * (np.arange(SIDE) + 0.5) / SIDE
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def _paint(axis: "Axes", one: TargetPanels, images: Float64[np.ndarray, "k 2"], low: float, high: float) -> None:
    # Neighbouring pieces get colours far apart.
    values = one.target.piece(images).reshape(SIDE, SIDE) * 7 % one.target.pieces
    axis.imshow(values, origin="lower", extent=(low, high, low, high), cmap="tab20", alpha=0.6, interpolation="nearest")
    axis.grid(False)
    axis.set(xticks=[], yticks=[])


def _cells(axis: "Axes", name: str, one: TargetPanels) -> None:
    _paint(axis, one, one.potential.map(_lattice(0.0, 1.0)), 0.0, 1.0)
    for end in one.creases.ends[one.creases.singular()]:
        axis.plot(*end.T, color="black", linewidth=1.3, solid_capstyle="round")
    figure.label(axis, f"{name}: cells, singular set of length {one.creases.length():.2f}")


def _points(axis: "Axes", one: TargetPanels, points: Float64[np.ndarray, "n 2"], title: str) -> None:
    some = points[:4000]
    off = one.target.outside(some)
    axis.scatter(some[~off, 0], some[~off, 1], s=1.5, color=figure.COLOURS[0], linewidths=0, rasterized=True)
    axis.scatter(some[off, 0], some[off, 1], s=2.5, color=figure.COLOURS[1], linewidths=0, rasterized=True)
    axis.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), aspect="equal", xticks=[], yticks=[])
    figure.label(axis, title)


def _plane(axis: "Axes", one: TargetPanels) -> None:
    images = one.image(_lattice(-REACH, REACH))
    _paint(axis, one, images, -REACH, REACH)
    off = one.target.outside(images).reshape(SIDE, SIDE)
    black = np.zeros((SIDE, SIDE, 4))
    black[..., 3] = 0.85 * off
    axis.imshow(black, origin="lower", extent=(-REACH, REACH, -REACH, REACH), interpolation="nearest")
    figure.label(axis, "The GAN's latents; black: outside")


def _bridging(axis: "Axes", arm: str, runs: list[Point], y: str) -> None:
    ratios = np.geomspace(0.01, 20, 200)
    axis.plot(ratios, [least_bridging(r, 1.0) for r in ratios], color="black", linewidth=1.2, label="2Φ(Δ/2L) − 1")
    gaps = sorted({run.gap for run in runs})
    for run in runs:
        index = gaps.index(run.gap)
        colour, marker = figure.COLOURS[index], figure.MARKERS[index]
        face = colour if run.both else "none"
        axis.scatter(run.gap / run.slope, run.between, s=24, facecolors=face, edgecolors=colour, marker=marker)
    for index, gap in enumerate(gaps):
        look = {"color": figure.COLOURS[index], "marker": figure.MARKERS[index], "linestyle": "none", "markersize": 4.5}
        axis.plot([], [], label=f"Δ = {gap:g}", **look)  # type: ignore[arg-type]
    axis.set_xscale("log")
    axis.set_ylim(-0.03, 1.03)
    axis.legend(fontsize=7, frameon=False, loc="upper left")
    figure.label(axis, f"{arm}: the bound (hollow: modes not equal)", "gap Δ / sampled Lipschitz constant L", y)


def _jumps(axis: "Axes", panels: dict[str, TargetPanels]) -> None:
    edges = np.geomspace(0.05, 50, 40).tolist()
    for index, (name, one) in enumerate(panels.items()):
        ratio, lengths = one.creases.ratio, one.creases.lengths
        axis.hist(
            ratio, edges, weights=lengths, histtype="step", color=figure.COLOURS[index], label=name, linewidth=1.3
        )
    axis.axvline(LIMIT, color="black", linewidth=0.9, linestyle=":")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.legend(fontsize=7, frameon=False)
    figure.label(axis, "Jumps of the map (dotted: singular)", "jump in local radii", "length of the edges")
