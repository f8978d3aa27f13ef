"""The classes of unlabelled images, through symbols that make mistakes: missing and rare ones, at their error rates."""

import numpy as np
import pytest

from gantlet.evaluation.quantify import class_shares

CLASSES, SYMBOLS = 6, 8
NAMES = [str(i) for i in range(CLASSES)]


def drawn(rng: np.random.Generator, weights: list[float], n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return symbols and labels of n real images, and the symbols of n fakes; one symbol in ten is a mistake."""

    def seen(labels: np.ndarray) -> np.ndarray:
        return np.where(rng.random(len(labels)) < 0.1, rng.integers(0, SYMBOLS, len(labels)), labels)

    labels = rng.integers(0, CLASSES, n)
    return seen(labels), labels, seen(rng.choice(CLASSES, n, p=weights))


def verdicts(rng: np.random.Generator, weights: list[float], n: int) -> dict[str, str]:
    return {found.name: found.verdict for found in class_shares(*drawn(rng, weights, n), NAMES) if found.verdict}


def test_a_class_that_mistakes_keep_above_zero_is_missing() -> None:
    rng, weights = np.random.default_rng(0), [0.2, 0.2, 0.2, 0.2, 0.2, 0.0]
    symbols, labels, fakes = drawn(rng, weights, 1000)
    assert (fakes == 5).sum() > 5
    (found,) = (share for share in class_shares(symbols, labels, fakes, NAMES) if share.verdict)
    assert (found.name, found.verdict) == ("5", "missing") and found.share < 0.005 < found.most < 0.05


def test_error_rates() -> None:
    rng, even = np.random.default_rng(1), [1 / CLASSES] * CLASSES
    assert sum(bool(verdicts(rng, even, 500)) for _ in range(60)) <= 6
    rare = [0.19, 0.19, 0.19, 0.19, 0.19, 0.05]
    found = [verdicts(rng, rare, 1500) for _ in range(20)]
    assert sum(each == {"5": "rare"} for each in found) >= 19
    missing = [verdicts(rng, [0.2] * 5 + [0.0], 500) for _ in range(20)]
    assert sum(each.get("5") == "missing" for each in missing) >= 18


def test_the_likelihood_interval_agrees_with_a_binomial_without_mistakes() -> None:
    """Without mistakes the likelihood of one weight is binomial: its upper end at 3 of 200, two classes, 1 − .05/2 one-sided."""
    from scipy.optimize import brentq
    from scipy.stats import binom, chi2

    labels = np.repeat([0, 1], 5000)
    (found,) = (
        s for s in class_shares(labels, labels, np.r_[np.zeros(197, int), np.ones(3, int)], ["a", "b"]) if s.verdict
    )

    def deficit(p: float) -> float:
        return float(2 * (binom.logpmf(3, 200, 3 / 200) - binom.logpmf(3, 200, p)) - chi2.isf(0.01, 1))

    assert found.most == pytest.approx(brentq(deficit, 3 / 200, 0.5), rel=0.02)


def test_little_or_unlabelled_says_nothing() -> None:
    assert class_shares(np.zeros(9, int), np.arange(9), np.zeros(5, int), NAMES) == ()
    assert class_shares(np.zeros(50, int), np.zeros(50, int), np.zeros(5, int), NAMES) == ()
