"""How often the debiased Fréchet distance's interval holds the known distance of the populations: ``python -m benchmarks.debiased_fd``.

Both sides are drawn afresh in every repeat, n rows each. Populations:

- ``decay``: Gaussians with eigenvalues Λ_i ∝ 1/i. Fakes: ``null`` the same, ``scaled`` 1.2 times larger, ``blurred`` Λ_i e^(−i/d),
  ``turned`` by a rotation; the last three also shifted by 0.3 standard deviations along the ten largest axes.
- with ``--features FILE.npy`` (rows of real features): ``rows``, drawn with replacement, plus noise of a tenth of their standard
  deviation. Fakes: ``null``, ``dropped`` without the tenth that is farthest along the first axis, ``blurred`` with the finest 80 % of the
  principal axes 0.7 times as long and a shift of 0.1 standard deviations.

Printed: the truth; the means of the plain and the debiased distance less the truth; the latter's standard deviation; the interval's
mean half-width; the share of intervals that hold the truth, with its 95 % interval; CPU seconds per repeat.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
from benchmarks.kept import Line, gone_on

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.moments import PublishedMoments


@dataclass(frozen=True, eq=False)
class Population:
    """Rows x A + mean with x standard normal, or rows drawn from ``rows`` with normal noise of ``noise``."""

    moments: PublishedMoments
    factor: np.ndarray
    rows: np.ndarray | None = None
    noise: float = 0.0

    def draw(self, n: int, rng: np.random.Generator) -> FeatureBank:
        """Return n fresh rows."""
        x = rng.standard_normal((n, len(self.moments.mean)))
        if self.rows is not None:
            return FeatureBank((self.rows[rng.integers(0, len(self.rows), n)] + self.noise * x).astype(np.float32))
        return FeatureBank((x @ self.factor + self.moments.mean).astype(np.float32))


def gaussian(factor: np.ndarray, mean: np.ndarray) -> Population:
    """Return N(mean, AᵀA)."""
    return Population(PublishedMoments(mean, factor.T @ factor), factor)


def resampled(rows: np.ndarray, noise: float) -> Population:
    """Return the population of these rows with noise."""
    cov = np.cov(rows.T, bias=True) + noise**2 * np.eye(rows.shape[1])
    return Population(PublishedMoments(rows.mean(axis=0), cov), cov, rows, noise)


@lru_cache(maxsize=1)
def populations(features: str, d: int, case: str) -> tuple[Population, Population, float]:
    """Return the real and the fake population of a case, and their distance."""
    if features:
        real, fake = _of_rows(np.load(features).astype(np.float64)[:, :d], case)
    else:
        real, fake = _decaying(d, case)
    return real, fake, frechet_distance(real.moments, fake.moments)


def _decaying(d: int, case: str) -> tuple[Population, Population]:
    i = np.arange(1, d + 1, dtype=np.float64)
    roots = np.sqrt(d / i / (1 / i).sum())
    shift = 0.3 * roots * (i <= 10)
    noise = numpy_stream(0, "turned").standard_normal((d, d)) / d**0.5
    real = gaussian(np.diag(roots), np.zeros(d))
    if case == "null":
        return real, real
    if case == "turned":
        return real, gaussian(np.diag(roots) @ scipy.linalg.expm(0.3 * (noise - noise.T)), shift)
    return real, gaussian(np.diag(roots * {"scaled": 1.2, "blurred": np.exp(-i / d / 2)}[case]), shift)


def _of_rows(rows: np.ndarray, case: str) -> tuple[Population, Population]:
    noise = 0.1 * float(rows.std())
    real = resampled(rows, noise)
    if case == "null":
        return real, real
    _, axes = np.linalg.eigh(real.moments.cov)
    centred = rows - rows.mean(axis=0)
    if case == "dropped":
        along = centred @ axes[:, -1]
        return real, resampled(rows[along <= np.quantile(along, 0.9)], noise)
    lengths = np.where(np.arange(rows.shape[1]) < 0.8 * rows.shape[1], 0.7, 1.0)
    return real, resampled((centred @ axes * lengths) @ axes.T + rows.mean(axis=0) + 0.1 * rows.std(axis=0), noise)


def measure(*, features: str, d: int, case: str, n: int, part: int, each: int) -> Mapping[str, Any]:
    """Return (value, low, high, plain, CPU seconds) of the draws of one part."""
    real, fake, truth = populations(features, d, case)
    found = []
    for repeat in range(part * each, (part + 1) * each):
        rng = np.random.default_rng([repeat, n, d])
        evidence = Evidence(real.draw(n, rng), fake.draw(n, rng), seed=repeat)
        start = time.process_time()
        (estimate,) = compute(evidence, ["frechet_distance_debiased"])
        spent = time.process_time() - start
        found.append([estimate.value, estimate.low, estimate.high, estimate.details["plain"], spent])
    return {"truth": truth, "found": found}


def summary(lines: list[Line]) -> Iterator[str]:
    """Yield one row per population, d, case and n."""
    groups: dict[tuple[str, int, str, int], tuple[float, list[list[float]]]] = {}
    for line in lines:
        key = ("rows" if line["features"] else "decay", line["d"], line["case"], line["n"])
        groups.setdefault(key, (line["truth"], []))[1].extend(line["found"])
    yield f"{'':7}{'d':>5} {'case':8}{'n':>6}{'R':>4}   truth  plain−truth  value−truth (sd)      ± half  held [its 95 %]        CPU s"
    for (population, d, case, n), (truth, found) in sorted(groups.items()):
        value, low, high, plain, spent = np.array(found, float).T
        held = (low <= truth) & (truth <= high)
        about = wilson(int(held.sum()), len(held), 0.95)
        yield (
            f"{population:7}{d:5} {case:8}{n:6}{len(value):4} {truth:7.3f} {plain.mean() - truth:+12.3f} {value.mean() - truth:+9.3f} "
            f"({value.std(ddof=1):.3f}) {(high - low).mean() / 2:10.3f}  {held.mean():.3f} [{about[0]:.2f}, {about[1]:.2f}] {spent.mean():6.1f}"
        )


def main() -> None:
    """Measure what is left to measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("debiased_fd.jsonl"), help="lines of JSON, one per part")
    parser.add_argument("--features", default="", help="real features, a .npy file of rows")
    parser.add_argument("--d", type=int, default=256, help="dimensions; of real features the first ones")
    parser.add_argument("--n", default="128,200,400,1000")
    parser.add_argument("--cases", default="", help="default: all of the population")
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--each", type=int, default=4, help="draws per part")
    parser.add_argument("--table", action="store_true", help="only print the table of what is there")
    options = parser.parse_args()
    cases = options.cases or ("null,dropped,blurred" if options.features else "null,scaled,blurred,turned")
    tasks = [
        {"features": options.features, "d": options.d, "case": case, "n": int(n), "part": part, "each": options.each}
        for case in cases.split(",")
        for n in options.n.split(",")
        for part in range(options.draws // options.each)
    ]
    print("\n".join(summary(gone_on(options.out, [] if options.table else tasks, measure))))


if __name__ == "__main__":
    main()
