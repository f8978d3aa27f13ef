"""Random hostile problems in the plane: whatever is called converged has its masses, by cells clipped in extended precision."""

import numpy as np
import pytest

from gantlet.core.errors import GantletError
from gantlet.transport import solve
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Polygon

HOUSE = np.array([[0.0, 0.0], [2.0, 0.0], [2.2, 1.0], [1.0, 2.0], [-0.1, 1.0]])
KINDS = (
    "uniform",
    "clusters",
    "near doubles",
    "stretched",
    "few",
    "line",
    "far",
    "grid",
    "tiny masses",
    "nearly a line",
)


def problem(kind: str, rng: np.random.Generator) -> tuple[Polygon, np.ndarray, np.ndarray]:
    n = int(rng.integers(4, 16))
    y = rng.uniform(size=(n, 2))
    if kind == "clusters":
        y = rng.uniform(size=(3, 2))[np.arange(n) % 3] + 10.0 ** rng.uniform(-8, -1) * rng.standard_normal((n, 2))
    elif kind == "near doubles":
        y[n // 2 :] = y[: n - n // 2] + 10.0 ** rng.uniform(-14, -4) * rng.standard_normal((n - n // 2, 2))
    elif kind == "stretched":
        y *= [1.0, 10.0 ** rng.uniform(-6, 0)]
    elif kind == "few":
        y = y[: int(rng.integers(1, 4))]
    elif kind == "line":
        y = np.outer(np.sort(rng.integers(0, 1000, n)) + 1000.0 * np.arange(n), [1.0, float(rng.integers(-3, 4))])
    elif kind == "grid":
        y = np.stack(np.meshgrid(np.arange(3.0), np.arange(4.0)), axis=-1).reshape(-1, 2)
    elif kind == "nearly a line":
        y = np.column_stack([y[:, 0], y[:, 0] + 10.0 ** rng.uniform(-16, -6) * y[:, 1]])
    if kind == "far":
        y = y + 10.0 ** rng.uniform(0, 6) * rng.standard_normal(2)
    masses = rng.dirichlet(np.full(len(y), 3.0 if kind != "tiny masses" else 0.1)) + 1e-12
    size, place = 10.0 ** rng.uniform(-8, 8), 10.0 ** rng.uniform(-8, 8)
    domain = HOUSE * 10.0 ** rng.uniform(-4, 4)
    if rng.uniform() < 0.3:
        domain = domain + np.ptp(domain) * 10.0 ** rng.uniform(0, 6)
    return Polygon(domain), size * y + (place if rng.uniform() < 0.3 else 0.0), masses / masses.sum()


def clipped(u: Brenier, corners: np.ndarray) -> np.ndarray:
    """Areas of the cells of max_i ⟨x − c, y_i⟩ + h_i inside a convex polygon, with 64-bit mantissas."""
    domain = corners.astype(np.longdouble) - np.asarray(u.source.centre, np.longdouble)
    y, h, areas = u.target.points.astype(np.longdouble), u.dual_potential.astype(np.longdouble), []
    for i in range(len(y)):
        shape = domain
        for j in range(len(y)):
            if j == i or not len(shape):
                continue
            over = shape @ (y[j] - y[i]) + h[j] - h[i]
            before, other = np.roll(over, 1), np.roll(shape, 1, axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                cut = other + (shape - other) * (before / (before - over))[:, None]
            keep = np.stack([(before <= 0) != (over <= 0), over <= 0], axis=1).ravel()
            shape = np.stack([cut, shape], axis=1).reshape(-1, 2)[keep]
        x, z = shape.T if len(shape) else np.zeros((2, 1), np.longdouble)
        areas.append(float((x * np.roll(z, -1) - z * np.roll(x, -1)).sum() / 2))
    return np.array(areas)


def check(kind: str, seed: int) -> str:
    rng = np.random.default_rng([KINDS.index(kind), seed])
    domain, y, masses = problem(kind, rng)
    try:
        result = solve(domain, y, method="semidiscrete-newton", target_masses=masses)
    except GantletError:
        return "refused"
    if not result.converged:
        return "not converged"
    assert result.brenier is not None
    areas = clipped(result.brenier, domain.vertices) / domain.area
    # 1e-8 of the solver's tolerance and 1e-7 of rounding.
    np.testing.assert_allclose(areas, masses, rtol=2e-7, err_msg=f"{kind} {seed}")
    return "right"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_silently_wrong(kind: str) -> None:
    seen = [check(kind, seed) for seed in range(3)]
    if kind in ("uniform", "few", "line", "grid"):
        assert seen.count("right") >= 2, seen


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_thirty_is_silently_wrong(kind: str) -> None:
    seen = [check(kind, seed) for seed in range(30)]
    assert seen.count("right") >= (24 if kind in ("uniform", "few", "line", "grid", "far") else 0), seen
