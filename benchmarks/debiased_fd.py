"""The Fréchet distance's bias at small n, plain and debiased, where the truth is known: ``python benchmarks/debiased_fd.py``.

Real: N(0, Λ) with √Λ_i = i^(−1/2); fake: N(0, 1.3² Λ). Both commute, so the distance is Σ (0.3)² Λ_i in closed form.
"""

import argparse
import json

import numpy as np

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.stats.feature_bank import FeatureBank

SCALE = 1.3


def draw(n: int, d: int, scale: float, stream: str) -> FeatureBank:
    """Return n rows of N(0, scale² Λ)."""
    root = np.arange(1, d + 1, dtype=np.float64) ** -0.5
    return FeatureBank((numpy_stream(0, stream).standard_normal((n, d)) * root * scale).astype(np.float32))


def main() -> None:
    """Print the truth, and both forms at both sizes as (mean, largest distance from the debiased value at the large one)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=3_000)
    parser.add_argument("--large", type=int, default=30_000)
    parser.add_argument("--d", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, dict[int, list[float]]] = {}
    for n, repeats in ((options.small, options.repeats), (options.large, 1)):
        for k in range(repeats):
            evidence = Evidence(*(draw(n, options.d, s, f"{n} {k} {s}") for s in (1.0, SCALE)))
            for estimate in compute(evidence, ["frechet_distance", "frechet_distance_debiased"]):
                assert estimate.value is not None
                found.setdefault(estimate.metric, {}).setdefault(n, []).append(estimate.value)
    truth = (SCALE - 1) ** 2 * float((1 / np.arange(1, options.d + 1)).sum())
    target = found["frechet_distance_debiased"][options.large][0]
    record = {"truth": truth, "d": options.d, "debiased_at_large": target, "repeats": options.repeats}
    for metric, values in found.items():
        small, large = np.array(values[options.small]), values[options.large][0]
        off = np.abs(small / target - 1)
        record[metric] = {"small": float(small.mean()), "large": large, "off_least": off.min(), "off_most": off.max()}
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
