"""The lab brenier-alexandrov: its parts against closed forms, verdicts on planted errors, and a smoke run."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.labs import brenier_alexandrov as lab
from gantlet.labs.lab import Setting
from gantlet.labs.polytopes import Edges, area, cell, clipped, dual_hull, edges_of
from gantlet.labs.run import run_lab

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def test_clipping_by_hand() -> None:
    half = clipped(SQUARE, np.array([1.0, 1.0]), 1.0)
    assert area(half) == pytest.approx(0.5)
    assert len(clipped(SQUARE, np.array([1.0, 0.0]), -0.1)) == 0
    np.testing.assert_array_equal(clipped(SQUARE, np.array([1.0, 0.0]), 2.0), SQUARE)


def test_four_planes_share_the_square_evenly() -> None:
    slopes = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    offsets = -slopes @ np.array([0.5, 0.5])
    assert [area(cell(i, slopes, offsets, SQUARE)) for i in range(4)] == pytest.approx([0.25] * 4)


def test_the_dual_hull_is_delaunay_for_voronoi_offsets() -> None:
    """h = −|y|²/2 gives Voronoi cells, whose dual is Delaunay's triangulation."""
    from scipy.spatial import Delaunay

    slopes = np.random.default_rng(0).uniform(size=(40, 2))
    triangles, on = dual_hull(slopes, -np.square(slopes).sum(1) / 2)
    assert edges_of(triangles) == edges_of(Delaunay(slopes).simplices.astype(np.int64)) and on.all()
    lifted = -np.square(slopes).sum(1) / 2
    lifted[3] -= 10  # a plane below all others has no face
    assert not dual_hull(slopes, lifted)[1][3]


def test_minkowskis_regular_polygon_and_random_ones() -> None:
    angles = 2 * np.pi * np.arange(6) / 6
    hexagon = Edges(np.column_stack([np.cos(angles), np.sin(angles)]), np.ones(6))
    solved, _ = hexagon.solved()
    np.testing.assert_allclose(np.linalg.norm(solved, axis=1), 1, atol=1e-12)  # a regular hexagon's radius is its side
    for seed in range(5):
        shape = Edges.random(12, np.random.default_rng(seed))
        np.testing.assert_allclose(shape.lengths @ shape.normals, 0, atol=1e-12)
        np.testing.assert_allclose(shape.solved()[0], shape.exact(), atol=1e-9)
        assert area(shape.exact()) > 0


@pytest.mark.parametrize(
    ("size", "unmatched", "verdict"),
    [(1e-12, 0, "reproduced"), (1e-6, 0, "not reproduced"), (1e-12, 1, "not reproduced")],
)
def test_verdicts(tmp_path: Path, size: float, unmatched: int, verdict: str) -> None:
    errors = {name: over_seeds(name, [1e-13, 2e-13]) for name in lab.MEASURES} | {"dual": over_seeds("d", [size, size])}
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), errors, [0, unmatched], "none.png")
    assert result.verdict == verdict and len(result.rows) == 4


def test_wrong_offsets_would_be_seen() -> None:
    """The half-planes' areas notice offsets that are off by 1e-6."""
    found = lab.examined(30, 6, 0)
    slopes, offsets = lab.offsets_of(found.potential)
    share = found.potential.target.masses
    moved = offsets.copy()
    moved[0] += 1e-6
    assert abs(area(cell(0, slopes, offsets, SQUARE)) / share[0] - 1) < 1e-8
    assert abs(area(cell(0, slopes, moved, SQUARE)) / share[0] - 1) > 1e-7


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("brenier-alexandrov", Setting("smoke", out=tmp_path))
    assert result.verdict == "reproduced", result.why
    assert Image.open(tmp_path / result.figures[0]).size[0] > 1000
