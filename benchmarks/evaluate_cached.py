"""Seconds and peak memory of all metrics with intervals on cached features: ``python benchmarks/evaluate_cached.py``.

Features: ReLU of correlated Gaussians with a decaying spectrum, seeded; class probabilities of 100 classes beside them.
"""

import argparse
import json
import os
import resource
import time

import numpy as np

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.metric_selection import HEADLINE
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank


def bank(n: int, d: int, shift: float, stream: str) -> FeatureBank:
    """Return n synthetic features [n, d] with probabilities [n, 100]; ``shift`` moves the mean."""
    mixing = (
        numpy_stream(0, "mixing").standard_normal((d, d), dtype=np.float32)
        * np.arange(1, d + 1, dtype=np.float32) ** -0.5
    )
    weights = numpy_stream(0, "weights").standard_normal((d, 100), dtype=np.float32) / np.float32(d) ** 0.5
    features = np.empty((n, d), dtype=np.float32)
    rng = numpy_stream(0, stream)
    for rows in range(0, n, 2000):
        noise = rng.standard_normal((min(2000, n - rows), d), dtype=np.float32)
        features[rows : rows + 2000] = np.maximum(noise @ mixing.T + np.float32(shift), 0)
    logits = features @ weights
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    return FeatureBank(features, probabilities / probabilities.sum(axis=1, keepdims=True))


def main() -> None:
    """Print one JSON object: seconds by metric, total, and the peak resident memory of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=1280)
    parser.add_argument("--shift", type=float, default=0.2)
    parser.add_argument("--memory", type=int, default=2 * 10**9)
    parser.add_argument("--metrics", choices=("headline", "all"), default="headline")
    options = parser.parse_args()
    labels = np.arange(options.n) % 10
    told = Predictions(labels, np.where(labels % 5 == 0, 0, labels), "synthetic")
    evidence = Evidence(
        bank(options.n, options.d, 0.0, "real"),
        bank(options.n, options.d, options.shift, "fake"),
        memory=options.memory,
        given={"train_on_real": told, "train_on_fake": told},
    )
    seconds, start = {}, time.perf_counter()
    for name in METRICS.names() if options.metrics == "all" else HEADLINE:
        begin = time.perf_counter()
        estimate = compute(evidence, [name])[0]
        seconds[name] = round(time.perf_counter() - begin, 2)
        print(f"{name:28s} {seconds[name]:7.2f} s  {estimate.text} ({estimate.interval})", flush=True)
    total = round(time.perf_counter() - start, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    record = {"n": options.n, "d": options.d, "total_seconds": total, "peak_rss_gb": round(peak, 2), "seconds": seconds}
    print(json.dumps(record | {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}))


if __name__ == "__main__":
    main()
