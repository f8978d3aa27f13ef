"""Influence functions against leaving one row out: they say how much each row moves the metric."""

import numpy as np
import pytest

from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank

SMOOTH = {
    "frechet_distance": 0.99, "inception_score": 0.99, "intra_class_frechet": 0.99,
    "kernel_distance": 0.99, "mifid": 0.9, "mmd_rbf": 0.99, "mode_kl": 0.99, "mode_score": 0.99,
    "sliced_wasserstein": 0.99, "vendi_score": 0.99,
}  # fmt: skip
"""The least correlation: below 1 by terms of order 1/n, and by the cosine distance that mifid takes as known."""
LEFT_OUT = 12
SHUFFLED = ("sliced_wasserstein",)
"""It takes a random sample of the rows, which here is all of them in another order."""
FAKE_ONLY = ("inception_score", "vendi_score")
"""They read no real rows."""


def bank(n: int, seed: int, shift: float) -> FeatureBank:
    """Return n rows of 4 features with the probabilities of 3 classes that they give, every fourth row of class 0, and labels."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n, 4)) * (1 + shift) + shift
    features[::4, 0] += 3
    p = np.exp(features[:, :3]) / np.exp(features[:, :3]).sum(axis=1, keepdims=True)
    return FeatureBank(features.astype(np.float32), p.astype(np.float32), np.arange(n) % 2)


CASES = [(name, side) for name in SMOOTH for side in ("real", "fake") if side == "fake" or name not in FAKE_ONLY]


@pytest.mark.parametrize(("name", "side"), CASES)
def test_a_row_moves_the_metric_as_its_influence_says(name: str, side: str) -> None:
    """Without row i the mean influence changes by (mean ψ − ψ_i)/(m − 1), to first order the change of the metric."""
    banks = {"real": bank(200, 0, 0.0), "fake": bank(160, 1, 0.4)}
    evidence = Evidence(**{f"{key}_bank": rows for key, rows in banks.items()})
    psi = getattr(METRICS.entry(name).meta.influence(evidence), side)
    whole = compute(evidence, [name])[0].value
    order = evidence.orders[side == "fake"] if name in SHUFFLED else np.arange(len(psi))
    moved, expected = [], []
    for row in range(LEFT_OUT):
        rest = banks | {side: banks[side].take(np.delete(np.arange(len(psi)), order[row]))}
        left = Evidence(**{f"{key}_bank": rows for key, rows in rest.items()})
        moved.append(compute(left, [name])[0].value - whole)
        expected.append((psi.mean() - psi[row]) / (len(psi) - 1))
    assert np.corrcoef(moved, expected)[0, 1] > SMOOTH[name]
    assert np.std(moved) == pytest.approx(np.std(expected), rel=0.15 if SMOOTH[name] > 0.98 else 0.5)
