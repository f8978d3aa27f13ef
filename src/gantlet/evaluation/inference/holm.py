"""Holm's correction for multiple tests."""

import numpy as np
from jaxtyping import Float64

ALPHA = 0.01
"""The level of each test that is not asked for: of classes, clusters, copies and outliers.

Metrics are asked for and tested at the report's level; with these at a fifth of 5 % a faultless generator is accused of
anything in about one report of twenty, not of five.
"""


def holm(p_values: Float64[np.ndarray, " k"], alpha: float) -> np.ndarray:
    """Return which of k hypotheses Holm's step-down procedure rejects at family-wise error ``alpha``, bool [k].

    Source: S. Holm 1979.
    """
    return holm_adjusted(p_values) <= alpha


def holm_adjusted(p_values: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Return Holm's adjusted p-values: hypothesis i is rejected at family-wise error α exactly when its value is ≤ α.

    p̃_(j) = max over i ≤ j of min(1, (k − i) p_(i)), for the sorted p-values p_(0) ≤ p_(1) ≤ …  Source: S. Holm 1979.
    """
    order = np.argsort(p_values, kind="stable")
    scaled = np.minimum(1.0, p_values[order] * (len(p_values) - np.arange(len(p_values))))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(scaled) if len(scaled) else scaled
    return adjusted
