"""The page's exact transport: areas, weights and singular edges are those of gantlet's Newton solver."""

from typing import Any

import numpy as np
import pytest
from jaxtyping import Float64

from gantlet.transport import solve
from gantlet.transport.continuous import Box
from gantlet.transport.power_diagram import facets, masses
from gantlet.transport.singular import singular_set

pytestmark = pytest.mark.browser
HALF = 2.5
SQUARE = Box(np.full(2, -HALF), np.full(2, HALF))


def targets(kind: str) -> Float64[np.ndarray, "n 2"]:
    rng = np.random.default_rng(4)
    if kind == "ring":
        angle = np.repeat(2 * np.pi * np.arange(8) / 8, 8)
        return 2 * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.06 * rng.standard_normal((64, 2))
    return rng.uniform(-2, 2, (60, 2))


def asked(page: Any, what: str, **given: Any) -> dict[str, Any]:
    plain = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in given.items()}
    found: dict[str, Any] = page.evaluate(f"given => window.gantlet.{what}(given)", plain)
    return found


def pairs(edges: Any) -> set[tuple[int, ...]]:
    return {tuple(sorted(edge)) for edge in np.asarray(edges, int).tolist()}


@pytest.mark.parametrize("kind", ["ring", "scattered"])
def test_areas_of_given_weights_are_the_power_diagrams(page: Any, kind: str) -> None:
    points = targets(kind)
    weights = 0.3 * np.random.default_rng(1).standard_normal(len(points))
    found = asked(page, "diagram", targets=points, half=HALF, weights=weights, neighbours=2, limit=2)
    edges = facets(points, weights, SQUARE.polygon)
    expected = masses(points, weights, SQUARE.polygon, edges)
    assert (expected == 0).any(), "some cells are empty"
    np.testing.assert_allclose(found["masses"], expected, atol=1e-13)
    assert pairs(found["edges"]) == pairs(edges.pair)


@pytest.mark.parametrize(("kind", "neighbours"), [("ring", 7), ("scattered", 2)])
def test_the_solution_is_that_of_the_newton_solver(page: Any, kind: str, neighbours: int) -> None:
    points = targets(kind)
    n, limit = len(points), 2.0
    found = asked(page, "transport", targets=points, half=HALF, neighbours=neighbours, limit=limit)
    result = solve(SQUARE, points, method="semidiscrete-newton")
    assert result.brenier is not None and result.target_potential is not None
    np.testing.assert_allclose(np.array(found["masses"]) * n, 1, atol=1e-6)
    expected = result.target_potential - result.target_potential[0]
    np.testing.assert_allclose(np.array(found["weights"]) - found["weights"][0], expected, atol=1e-6)
    creases = singular_set(result.brenier, neighbours)
    chosen = creases.singular(limit)
    assert 0 < chosen.sum() < len(chosen)
    assert pairs(found["singular"]) == pairs(creases.pair[chosen])
    assert found["length"] == pytest.approx(creases.length(limit), abs=1e-6)
    assert pairs(found["edges"]) == pairs(creases.pair)


@pytest.mark.parametrize("kind", ["two-modes", "ring", "grid", "swiss-roll", "C"])
def test_every_data_set_of_the_page_is_solved(page: Any, kind: str) -> None:
    page.select_option("#data", kind)
    for _ in range(30):
        page.click("#ot-step")
        if "solved" in page.inner_text("#ot-status"):
            break
    assert "solved" in page.inner_text("#ot-status")
