"""The page counts modes, and says how sure it is, as gantlet's metrics do."""

from typing import Any

import numpy as np
import pytest

from gantlet.data.mixture import mixture_of
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.metrics.high_quality import high_quality
from gantlet.evaluation.metrics.modes import modes

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("spread", [0.02, 0.3, 3.0])
@pytest.mark.parametrize("kind", ["ring", "grid"])
def test_modes_and_their_interval(page: Any, kind: str, spread: float) -> None:
    sigma = {"ring": 0.03, "grid": 0.1}[kind]
    mixture = mixture_of(kind, sigma)
    rng = np.random.default_rng(3)
    points = mixture.draw(200, rng)[0] + spread * rng.standard_normal((200, 2))
    data = {"centres": mixture.centres.tolist(), "sigma": sigma, "pieces": mixture.n_modes}
    found = page.evaluate("given => window.gantlet.modes(given)", {"points": points.flatten().tolist(), "data": data})
    good, mode = high_quality(points, mixture)
    counts = np.bincount(mode[good], minlength=mixture.n_modes)
    hit, low, high = modes(counts, 0.95)
    assert found["counts"] == counts.tolist()
    assert found["modes"] == hit
    assert found["low"] == pytest.approx(low, abs=1e-12)
    assert found["high"] == pytest.approx(high, abs=1e-12)
    share = wilson(int(good.sum()), 200, 0.95)
    assert (found["good"]["low"], found["good"]["high"]) == pytest.approx(share, abs=1e-12)


def test_pieces_are_parts_of_equal_mass(page: Any) -> None:
    roll = page.evaluate("window.gantlet.shapes['swiss-roll']")
    assert len(roll["centres"]) == 1_000
    assert roll["pieces"] == 20
    given = {"points": [c for centre in roll["centres"] for c in centre], "data": roll}
    assert page.evaluate("given => window.gantlet.modes(given)", given)["counts"] == [50] * 20
