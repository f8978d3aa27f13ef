"""Solve the transport between two sets of points, or of images through features; write figure, page and numbers."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from gantlet.core.config import EvaluateConfig
from gantlet.core.drawing import figure
from gantlet.core.errors import ConfigError, DataError, ShapeError, UsageError
from gantlet.core.files import TEXT, as_path, read_bytes, write_text
from gantlet.core.output import TRANSPORT, writing_result
from gantlet.core.rng import numpy_stream
from gantlet.core.visible import json_text
from gantlet.core.words import counted
from gantlet.data.apart import require_apart
from gantlet.data.kinds import Source
from gantlet.data.numpy_files import read_array, read_arrays
from gantlet.data.opening import open_source
from gantlet.data.points import PointSource
from gantlet.evaluation.extraction import extract_sides
from gantlet.evaluation.opening import LEAST
from gantlet.evaluation.prepare import build_all
from gantlet.evaluation.sides import Progress, nothing
from gantlet.reports.transport import page
from gantlet.transport import SOLVERS, solve
from gantlet.transport.result import TransportResult

EXACT = 4_000_000
"""Pairs up to which auto is exact."""
SETS = ("exact", "sinkhorn", "unbalanced", "sliced", "gaussian")
FEATURES = "efficientnet-lite0"
SHOWN = 300
"""Pairs of the plan that the figure shows."""
Rows = Float64[np.ndarray, "_ _"]


def transport_between(
    a: str,
    b: str,
    *,
    method: str = "auto",
    cost: str = "quadratic",
    features: str = "",
    n: int = 0,
    seed: int = 0,
    time_limit: float = 0.0,
    out: Path | str = "transport",
    progress: Progress = nothing,
) -> dict[str, Any]:
    """Solve the transport between two sets and write transport.html, .png and .json into ``out``.

    Args: a, b: .npy, .npz or .csv files of points [n, d], or sources of images; method: a spec of a solver between two sets, or auto;
    features: of images; n: rows of each set at most; time_limit: seconds, 0: none.
    Returns: what transport.json holds. Raises: UsageError (sets of two kinds, features of points), ShapeError, DataError, ConfigError.
    """
    out = as_path(out, "out")
    if n < 0 or time_limit < 0 or not math.isfinite(time_limit):
        raise UsageError(f"expected n ≥ 0 and time_limit ≥ 0; got {n} and {time_limit}")
    require_apart(out, a)
    require_apart(out, b)
    (x, y), space = _rows_of((a, b), features, n, seed, progress)
    if x.shape[1] != y.shape[1]:
        raise ShapeError(
            f"expected rows of one length; {a} has {counted(x.shape[1], 'number')} per row and {b} {y.shape[1]}"
        )
    chosen = ("exact" if len(x) * len(y) <= EXACT else "sinkhorn") if method == "auto" else method
    if chosen.split("[", maxsplit=1)[0] not in SETS:
        SOLVERS.build(chosen)  # an unknown name says so itself
        raise ConfigError(f"--method {chosen} does not solve between two sets; expected {', '.join(SETS)}")
    result = solve(
        x, y, cost, chosen, time_limit=time_limit or math.inf, progress=lambda d, most: progress("steps", d, most)
    )
    found = {
        "source": a,
        "target": b,
        "n_source": len(x),
        "n_target": len(y),
        "dim": x.shape[1],
        "space": space,
        "cost_name": cost,
        **result.to_dict(),
    }
    with writing_result(out, TRANSPORT):
        drawn = _draw(out / "transport.png", result, x, y)
        write_text(out / "transport.html", page(found, drawn.read_bytes()))
        write_text(out / TRANSPORT.file, json_text(found, indent=1))
    return found


def _rows_of(
    names: tuple[str, str], features: str, n: int, seed: int, progress: Progress
) -> tuple[tuple[Rows, Rows], str]:
    """Return both sets' rows and the space that they lie in."""
    opened = [_opened(name, n, seed) for name in names]
    kinds = ["points" if isinstance(one, np.ndarray) else one.kind for one in opened]
    if kinds not in (["points"] * 2, ["images"] * 2):
        raise UsageError(f"expected two sets of points or two of images; got {kinds[0]} and {kinds[1]}")
    if kinds[0] == "points" and features:
        raise UsageError(f"--features is for images, and {names[0]} holds points; leave it out")
    spec = features or FEATURES
    rows = [one if isinstance(one, np.ndarray) else _features(one, spec, n, seed, progress) for one in opened]
    cut = [_cut(one, n, seed) for one in rows]
    return (cut[0], cut[1]), "as given" if kinds[0] == "points" else spec


def _opened(name: str, n: int, seed: int) -> Rows | Source:
    table = _table(name)
    if table is not None:
        return table
    source = open_source(name, n=n or LEAST, seed=seed)
    return np.asarray(source.points, np.float64) if isinstance(source, PointSource) else source


def _features(source: Source, spec: str, n: int, seed: int, progress: Progress) -> Rows:
    config = EvaluateConfig(features=spec, n=n, seed=seed)
    (extractor,) = build_all(config, source, None, progress)
    (side,) = extract_sides([extractor], source, role="given", config=config, progress=progress, seconds={})
    return np.asarray(side.rows.features, np.float64)


def _cut(rows: Rows, n: int, seed: int) -> Rows:
    if not n or n >= len(rows):
        return rows
    return rows[np.sort(numpy_stream(seed, "transport-rows").permutation(len(rows))[:n])]


def _table(name: str) -> Rows | None:
    """Return the points of a .csv, of an .npy of two axes, or of an .npz with one such array; None for any other source."""
    path = Path(name)
    if path.suffix.lower() == ".csv":
        return _csv(path)
    if path.suffix.lower() not in (".npy", ".npz"):
        return None
    arrays = [read_array(name)] if path.suffix.lower() == ".npy" else list(read_arrays(name).values())
    tables = [array for array in arrays if array.ndim == 2]
    if len(tables) != 1:
        return None
    if not (np.issubdtype(tables[0].dtype, np.number) or tables[0].dtype == bool) or not np.isfinite(tables[0]).all():
        raise DataError(f"{name}: expected rows of finite numbers; got {tables[0].dtype}")
    return np.asarray(tables[0], np.float64)


def _csv(path: Path) -> Rows:
    """Return the numbers of a .csv, one row per line; a first line of words is its header. Raises DataError."""
    text = read_bytes(path, TEXT).decode("utf-8-sig", errors="replace")
    lines = [(k, cells) for k, cells in enumerate(csv.reader(io.StringIO(text)), 1) if any(map(str.strip, cells))]
    rows: list[list[float]] = []
    for k, cells in lines:
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            if rows or k != lines[0][0]:
                raise DataError(
                    f"{path}, line {k}: expected numbers with commas between them; got {','.join(cells)[:60]!r}"
                ) from None
    if not rows:
        raise DataError(f"{path} holds no rows of numbers")
    if len({len(row) for row in rows}) > 1:
        raise DataError(
            f"{path}: expected rows of one length; got {sorted({len(row) for row in rows})} numbers per row"
        )
    found = np.array(rows)
    if not found.size or not np.isfinite(found).all():
        raise DataError(f"{path}: expected finite numbers")
    return found


def _draw(path: Path, result: TransportResult, x: Rows, y: Rows) -> Path:
    """Draw both sets on their common principal plane with the plan's strongest pairs, and the result beside them."""
    picture, (sets, outcome) = figure.new(1, 2, width=5.0, height=4.0)
    both = np.vstack([x, y])
    axes = np.linalg.svd(both - both.mean(axis=0), full_matrices=False)[2][:2] if x.shape[1] > 2 else np.eye(x.shape[1])
    flat = [np.pad(rows @ axes.T, ((0, 0), (0, 2 - len(axes)))) for rows in (x, y)]
    if result.plan is not None:
        plan = result.plan
        strongest = np.argsort(plan, axis=None)[::-1][:SHOWN]
        for i, j in zip(*np.unravel_index(strongest, plan.shape), strict=True):
            if plan[i, j] > 0:
                ends = np.stack([flat[0][i], flat[1][j]])
                sets.plot(ends[:, 0], ends[:, 1], color="#8888", linewidth=0.6, zorder=1)
    for rows, name, colour in zip(flat, ("A", "B"), figure.COLOURS, strict=False):
        sets.scatter(rows[:, 0], rows[:, 1], s=9, color=colour, label=name, zorder=2)
    sets.legend(fontsize=8, frameon=False)
    plane = "first two principal axes" if x.shape[1] > 2 else "the points"
    pairs = "" if result.plan is None else " and the plan's strongest pairs"
    figure.label(sets, f"Both sets ({plane}){pairs}")
    outcome.grid(visible=False)
    result.plot(outcome)
    figure.save(picture, path)
    return path
