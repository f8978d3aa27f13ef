"""The share of each class among unlabelled images, seen through a classifier or clusters that make mistakes.

Real images with labels tell how often a class shows as each symbol (a predicted class, a cluster): N_js. The fakes' counts F_s
then have the mixture Σ_j w_j P_js; weights and rates are found together by maximum likelihood, so that few labelled images
widen what is said. Source: Forman 2008, "Quantifying counts and costs via classification"; Saerens, Latinne & Decaestecker
2002, "Adjusting the outputs of a classifier to new a priori probabilities" (the EM algorithm).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import chdtri, xlogy

from gantlet.core.results.report import ClassShare
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.inference.intervals import wilson

STEPS = 300
CLOSE = 1e-4
HALVINGS = 12
AS_LIKELY = 0.01
"""The one-sided level at which a share of 0 would be refused."""
ENOUGH = 10
"""Labelled real images of a class below which nothing is said of its share."""
ABSENT = 0.5
"""A class is called missing where the upper end of its share lies below this part of the real one's lower end, and 0 is as likely."""


@dataclass(frozen=True, eq=False)
class Seen:
    """``counts`` [k, s]: how often labelled images of each class show as each symbol; ``fakes`` [s]: the fakes' symbols."""

    counts: Float64[np.ndarray, "k s"]
    fakes: Float64[np.ndarray, " s"]

    def fitted(
        self, start: Float64[np.ndarray, " k"], held: tuple[int, float] | None = None
    ) -> tuple[Float64[np.ndarray, " k"], float]:
        """Return the weights of the classes among the fakes and the log-likelihood, by EM; ``held``: a class's weight is given."""
        known = self.counts + 0.5 / self.counts.shape[1]
        weights = _with_held(np.maximum(start, 1e-6), held)
        rates, value = known / known.sum(axis=1, keepdims=True), -np.inf
        for _ in range(STEPS):
            joint = weights[:, None] * rates
            shares = joint / np.maximum(joint.sum(axis=0), 1e-300) * self.fakes
            weights = _with_held(shares.sum(axis=1) / self.fakes.sum(), held)
            rates = known + shares
            rates /= rates.sum(axis=1, keepdims=True)
            mixed = np.maximum((weights[:, None] * rates).sum(axis=0), 1e-300)
            last, value = value, float(xlogy(self.fakes, mixed).sum() + xlogy(known, rates).sum())
            if value - last < CLOSE:
                break
        return weights, value


def class_shares(
    symbols: Int64[np.ndarray, " n"],
    labels: Int64[np.ndarray, " n"],
    fakes: Int64[np.ndarray, " m"],
    names: Sequence[str],
    level: float = 1 - ALPHA,
) -> tuple[ClassShare, ...]:
    """Return each class's share of the fakes, with the ends of one-sided intervals at 1 − (1 − level)/classes.

    A class is rare where ``most`` lies below ``least``, and missing where it lies below half of it and 0 is as likely.

    Args: symbols, labels: of labelled real images, on which the symbols' maker was not trained; fakes: their symbols.
    Returns: the classes with ten labelled images or more; () where there are fewer than two.
    """
    classes, numbers = np.unique(labels, return_counts=True)
    classes = classes[numbers >= ENOUGH]
    if len(classes) < 2 or not len(fakes):
        return ()
    count = int(max(symbols.max(), fakes.max())) + 1
    counts = np.stack([np.bincount(symbols[labels == j], minlength=count) for j in classes])
    seen = Seen(counts.astype(np.float64), np.bincount(fakes, minlength=count).astype(np.float64))
    fit = seen.fitted(np.full(len(classes), 1 / len(classes)))
    return tuple(_share(seen, fit, i, names[int(j)], level) for i, j in enumerate(classes))


def _share(seen: Seen, fit: tuple[Float64[np.ndarray, " k"], float], i: int, name: str, level: float) -> ClassShare:
    weights, best = fit
    alpha = 2 * (1 - level) / len(weights)
    n, total = float(seen.counts[i].sum()), float(seen.counts.sum())
    share, real, least = float(weights[i]), n / total, wilson(n, total, 1 - alpha)[0]
    floor = best - float(chdtri(1, alpha)) / 2
    if share >= least or seen.fitted(weights, (i, least))[1] >= floor:
        return ClassShare(name, share, max(share, least), real, least)
    low, most = share, least
    for _ in range(HALVINGS):  # bisection for the end of the likelihood interval
        middle = (low + most) / 2
        low, most = (low, middle) if seen.fitted(weights, (i, middle))[1] < floor else (middle, most)
    none = best - seen.fitted(weights, (i, 0.0))[1] < float(chdtri(1, 2 * AS_LIKELY)) / 2
    return ClassShare(name, share, most, real, least, "missing" if none and most < ABSENT * least else "rare")


def _with_held(weights: Float64[np.ndarray, " k"], held: tuple[int, float] | None) -> Float64[np.ndarray, " k"]:
    """Return weights that sum to 1, one of them at its given value."""
    if held is None:
        return weights / weights.sum()
    others = weights.copy()
    others[held[0]] = 0.0
    others *= (1 - held[1]) / max(float(others.sum()), 1e-300)
    others[held[0]] = held[1]
    return others
