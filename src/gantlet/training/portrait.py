"""The portrait of a game on points: samples on data, the discriminator's surface and its gradient, the weights; and an
animation of a run's portraits.
"""

import io
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn

from gantlet.core.interfaces.modules import module_capabilities
from gantlet.core.words import counted
from gantlet.training.data import TrainingPoints
from gantlet.training.observer import Sampler
from gantlet.training.state import TrainState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 1_000
CELLS = 80
ARROWS = 20
REAL, FAKE = "#0072B2", "#D55E00"


def portrait(data: TrainingPoints, sampler: Sampler, state: TrainState) -> bytes:
    """Return the bytes of a PNG: fakes over reals, D(x) over the plane with its gradient, and the weights of both players.

    The surface and the arrows, which point where D rises (where the generator is driven), are drawn for points of the
    plane; in other dimensions the first two coordinates are shown, and no surface.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.5, 3.9), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    points, surface, weights = figure.subplots(1, 3)
    real, fake = data.points[:SHOWN], np.asarray(sampler(SHOWN, None))
    low, high = frame(real)
    _scatter(points, real, fake)
    points.set_title(f"{counted(state.images_seen, 'point')} seen: samples over data", fontsize=9, loc="left")
    if data.points.shape[1] == 2:
        _surface(surface, state.discriminator, low, high)
    else:
        surface.set_axis_off()
        surface.set_title(f"no surface in {counted(data.points.shape[1], 'dimension')}", fontsize=9, loc="left")
    for axis in (points, surface) if real.shape[1] > 1 else ():
        axis.set_xlim(low[0], high[0])
        axis.set_ylim(low[1], high[1])
        axis.set_aspect("equal")
    _weights(weights, state)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def frame(points: np.ndarray) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, " d"]]:
    """Return the corners of a box around points, a fifth of their range wider on each side."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    margin = 0.2 * np.maximum(high - low, 1e-9)
    return low - margin, high + margin


def _scatter(axis: "Axes", real: np.ndarray, fake: np.ndarray) -> None:
    for name, rows, colour in (("real", real, REAL), ("generated", fake, FAKE)):
        second = rows[:, 1] if rows.shape[1] > 1 else np.full(len(rows), 0.0 if name == "real" else 0.2)
        axis.scatter(rows[:, 0], second, s=5, c=colour, alpha=0.55, linewidths=0, label=name)
    axis.legend(fontsize=7.5, frameon=False, loc="upper right")


def _surface(axis: "Axes", discriminator: nn.Module, low: np.ndarray, high: np.ndarray) -> None:
    xs, ys = (np.linspace(low[i], high[i], CELLS) for i in (0, 1))
    value, _ = scored(discriminator, np.stack(np.meshgrid(xs, ys), axis=2).reshape(-1, 2))
    filled = axis.contourf(xs, ys, value.reshape(CELLS, CELLS), levels=24, cmap="viridis")
    axis.figure.colorbar(filled, ax=axis, shrink=0.85).ax.tick_params(labelsize=7)
    xs, ys = (np.linspace(low[i], high[i], ARROWS + 2)[1:-1] for i in (0, 1))
    grid = np.stack(np.meshgrid(xs, ys), axis=2).reshape(-1, 2)
    _, gradient = scored(discriminator, grid)
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    typical = max(float(np.median(length)), 1e-12)
    arrows = gradient / np.maximum(length, 1e-12) * np.sqrt(np.minimum(length / typical, 4.0))
    axis.quiver(grid[:, 0], grid[:, 1], arrows[:, 0], arrows[:, 1], color="white", alpha=0.75, width=0.004)
    axis.set_title("D(x) and its gradient (arrow length ∝ root of the norm)", fontsize=9, loc="left")


def scored(discriminator: nn.Module, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return D(x) [n] and ∇D(x) [n, d] of points; a packed D scores copies of each, a conditional one the first class."""
    weight = next(discriminator.parameters())
    x = torch.from_numpy(points).to(weight).requires_grad_(True)
    was_training = discriminator.training
    discriminator.eval()
    with torch.enable_grad():
        logits = _logits(discriminator, x)
        (gradient,) = torch.autograd.grad(logits.sum(), x)
    discriminator.train(was_training)
    return logits.detach().cpu().numpy(), gradient.cpu().numpy()


def _logits(discriminator: nn.Module, x: Tensor) -> Tensor:
    labels = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    copies = (module_capabilities(discriminator).inputs or x.shape[1]) // x.shape[1]
    logits: Tensor = discriminator(x.repeat(1, copies), labels).logits
    return logits


def _weights(axis: "Axes", state: TrainState) -> None:
    for name, network, colour in (("D", state.discriminator, REAL), ("G", state.generator, FAKE)):
        values = torch.cat([p.detach().float().flatten() for p in network.parameters() if p.dim() > 1]).cpu().numpy()
        axis.hist(
            values,
            bins=80,
            density=True,
            histtype="step",
            color=colour,
            label=f"{name}, {counted(len(values), 'weight')}",
        )
    axis.set_title("weights (biases left out)", fontsize=9, loc="left")
    axis.set_yscale("log")
    axis.legend(fontsize=7.5, frameon=False)
