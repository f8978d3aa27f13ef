"""The rarity score against its definition by loops, and its interval."""

import numpy as np
import pytest
from covering import Case, covers
from draws import rows, two

from gantlet.core.errors import ConfigError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank


def by_loops(real: np.ndarray, fake: np.ndarray, k: int) -> np.ndarray:
    own = np.linalg.norm(real[:, None] - real, axis=2)
    radius = np.sort(own, axis=1)[:, k]  # the row itself is the nearest
    found = np.full(len(fake), np.inf)
    for j, x in enumerate(fake):
        for i, centre in enumerate(real):
            if np.linalg.norm(x - centre) <= radius[i]:
                found[j] = min(found[j], radius[i])
    return found


@pytest.mark.parametrize("k", [1, 3, 5])
def test_it_is_the_smallest_ball_that_holds_a_fake(k: int) -> None:
    rng = np.random.default_rng(0)
    real, fake = rows(rng, 60, 3), rows(rng, 40, 3, 0.3, 1.3)
    expected = by_loops(real.features.astype(float), fake.features.astype(float), k)
    found = compute(Evidence(real, fake), [f"rarity_score[k={k}]"])[0]
    held = np.isfinite(expected)
    assert 0 < held.sum() < 40
    assert found.value == pytest.approx(expected[held].mean(), rel=1e-6)
    assert found.details["share"] == held.mean()
    assert found.details["highest"] == list(np.argsort(np.where(held, -expected, np.inf), kind="stable")[:5])


def test_fakes_in_sparse_places_are_rarer_and_none_inside_is_said() -> None:
    rng = np.random.default_rng(1)
    dense, sparse = rng.standard_normal((200, 2)) * 0.2, rng.standard_normal((40, 2)) + 6
    real = FeatureBank(np.concatenate([dense, sparse]).astype(np.float32))
    near, far = (FeatureBank((rng.standard_normal((30, 2)) * 0.1 + at).astype(np.float32)) for at in (0, 6))
    common, rare = (compute(Evidence(real, fake), ["rarity_score"])[0].value for fake in (near, far))
    assert common is not None and rare is not None and rare > 3 * common
    outside = compute(Evidence(real, FeatureBank(near.features + 50)), ["rarity_score"])[0]
    assert outside.value is None and "precision is 0" in outside.notes[0]
    with pytest.raises(ConfigError, match="k ≥ 1"):
        compute(Evidence(real, near), ["rarity_score[k=0]"])


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("n", [100, 300, 1000])
@covers("rarity_score")
def test_the_interval_covers_the_mean_of_fresh_draws(n: int, shift: float) -> Case:
    return Case(two(n, 4, shift))
