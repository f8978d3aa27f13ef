"""How often nominal 95 % intervals hold the mean of their estimator, both sides drawn afresh: ``python -m benchmarks.honesty``.

For each metric, population, case and n: R fresh draws of both sides, each measured as `compute` measures it. Then

    coverage = share of draws whose interval holds the mean of the R values,
    width    = mean width / (2 · 1.96 · standard deviation of the R values), 1 where the interval is no wider than it has to be.

Populations, all with ten classes and a classifier's probabilities: ``relu``, the positive part of mixed Gaussians of 64
dimensions whose length varies from row to row (skewed, many zeros, as a network's features are); ``gauss``, the same before
the cut. Cases: ``null``, both sides from one population; ``near`` and ``away``, other shares of the classes, a narrower spread
and a shift of the fakes. The run is kept in parts of ``--each`` draws, so that it can be stopped and gone on with.

Intervals that are given something (`GIVEN`) are measured in that sense: it stays fixed within a part, beside the seed, and each part
has a mean of its own.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.kept import Line, gone_on

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import quantile, wilson
from gantlet.evaluation.stats.feature_bank import FeatureBank

DIM, LATENT, CLASSES = 64, 16, 10
METRICS = (
    "density,precision,recall,coverage,prd,birthday_paradox,mode_kl,sliced_wasserstein,kernel_distance,mmd_rbf,one_nn_accuracy,"
    "frechet_distance,frechet_distance_debiased,frechet_distance_infinity,intra_class_frechet,mifid,classifier_two_sample,am_score,"
    "inception_score,inception_score_infinity,mode_score,modes,ndb,vendi_score,wasserstein_exact,sinkhorn_divergence,authenticity,"
    "data_copying,fld,parzen_log_likelihood"
)
GIVEN = {"authenticity": "train", "data_copying": "train", "fld": "train fake", "parzen_log_likelihood": "fake"}
"""What stays fixed within a part."""
FEWEST = 40
"""Draws below which a cell of the documentation's table stays empty."""


@dataclass(frozen=True)
class Fault:
    """How the fakes of a case differ: how uneven their classes are, the spread within one, and a shift."""

    tilt: float = 0.0
    spread: float = 1.0
    shift: float = 0.0


CASES = {"null": Fault(), "near": Fault(0.3, 0.97, 0.1), "away": Fault(1.0, 0.85, 0.4)}


def draw(population: str, fault: Fault, n: int, rng: np.random.Generator) -> FeatureBank:
    """Return n fresh rows of a population with a fault: features [n, 64], probabilities of ten classes, labels."""
    fixed = numpy_stream(0, "population")
    centres = 1.5 * fixed.standard_normal((CLASSES, LATENT))
    mixing = fixed.standard_normal((LATENT, DIM)) / LATENT**0.5
    shares = np.exp(-fault.tilt * np.arange(CLASSES) / 3 - 0.1 * np.arange(CLASSES))
    label = rng.choice(CLASSES, n, p=shares / shares.sum())
    latent = centres[label] + fault.spread * rng.standard_normal((n, LATENT)) + fault.shift
    length = np.exp(0.3 * rng.standard_normal((n, 1)))
    features = length * (latent @ mixing + 0.3 * rng.standard_normal((n, DIM)))
    features = np.maximum(features, 0.0) if population == "relu" else features
    logits = -np.square(latent[:, None] - centres).sum(axis=2) / 4
    told = np.exp(logits - logits.max(axis=1, keepdims=True))
    told /= told.sum(axis=1, keepdims=True)
    return FeatureBank(features.astype(np.float32), told.astype(np.float32), label)


def measure(*, metrics: str, population: str, case: str, n: int, part: int, each: int) -> Mapping[str, Any]:
    """Return (value, low, high) of every metric for the draws of one part, each with fresh real and fake rows."""
    names, key = metrics.split(","), [n, sorted(CASES).index(case), population == "relu"]
    sides = {"train": Fault(), "fake": CASES[case]}
    found: dict[str, list[list[float | None]]] = {}
    fixed = {
        side: draw(population, fault, n, np.random.default_rng([part, *key, 1, stream]))
        for stream, (side, fault) in enumerate(sides.items())
    }
    for repeat in range(part * each, (part + 1) * each):
        rng = np.random.default_rng([repeat, *key])
        real, fake = (draw(population, fault, n, rng) for fault in (Fault(), CASES[case]))
        evidence = Evidence(real, fake, seed=repeat, classes=tuple("0123456789"))
        estimates = compute(evidence, [name for name in names if name not in GIVEN])
        for name in set(names) & set(GIVEN):
            train = fixed["train"] if "train" in GIVEN[name] else None
            test = None if train is None else draw(population, Fault(), n, rng)
            given = Evidence(real, fixed["fake"] if "fake" in GIVEN[name] else fake, seed=part, train=train, test=test)
            estimates += compute(given, [name])
        for estimate in estimates:
            found.setdefault(estimate.metric, []).append([estimate.value, estimate.low, estimate.high])
    return {"found": found}


def summary(lines: list[Line]) -> Iterator[str]:
    """Yield one row per metric, population, case and n."""
    yield f"{'metric':26}{'features':9}{'case':6}{'n':>6}{'R':>5}  mean ± sd              coverage [its 95 %]   below above  width"
    for (metric, population, case, n), found in sorted(measured(lines).items()):
        yield (
            f"{metric:26}{population:9}{case:6}{n:6}{found.draws:5}  {found.mean:10.4g} ± {found.sd:9.3g}  {found.held:.3f} "
            f"[{found.about[0]:.3f}, {found.about[1]:.3f}]  {found.below:.3f} {found.above:.3f}  {found.width:5.2f}"
        )


def table(lines: list[Line]) -> Iterator[str]:
    """Yield the table of the documentation: per metric, the share that held and the width, at each n, at the null and away."""
    found = measured(lines)
    sizes = sorted({n for _, _, _, n in found})
    cases = [(population, case) for population in ("relu", "gauss") for case in ("null", "away")]
    cases = [each for each in cases if any(key[1:3] == each for key in found)]
    heads = [f"{population}, {case}, {n:,}" for population, case in cases for n in sizes]
    yield f"| metric | {' | '.join(heads)} |"
    yield f"|---{'|---' * len(heads)}|"
    for metric in sorted({key[0] for key in found}):
        cells = [found.get((metric, *each, n)) for each in cases for n in sizes]
        texts = [
            ""
            if cell is None or cell.draws < FEWEST
            else f"{cell.held:.2f}{f' ({cell.width:.1f})' if cell.sd > 0 else ''}"
            for cell in cells
        ]
        yield f"| {metric} | {' | '.join(texts)} |"


@dataclass(frozen=True)
class Held:
    """What R intervals did: the share that holds the mean, with its 95 % interval, those that end below or begin above it, their width."""

    draws: int
    mean: float
    sd: float
    held: float
    about: tuple[float, float]
    below: float
    above: float
    width: float


def measured(lines: list[Line]) -> dict[tuple[str, str, str, int], Held]:
    """Return the figures of each metric, population, case and n."""
    groups: dict[tuple[str, str, str, int], list[np.ndarray]] = {}
    for line in lines:
        for metric, rows in line["found"].items():
            whole = [row for row in rows if row[0] is not None and row[1] is not None]
            if len(whole) > 1:
                groups.setdefault((metric, line["population"], line["case"], line["n"]), []).append(
                    np.array(whole, float)
                )
    return {key: _held(parts if key[0] in GIVEN else [np.concatenate(parts)]) for key, parts in groups.items()}


def _held(parts: list[np.ndarray]) -> Held:
    """Return the figures of parts of rows (value, low, high), each about its own mean."""
    moved = np.concatenate([rows - rows[:, 0].mean() for rows in parts])
    values, low, high = moved.T
    sd, held = float(np.sqrt((values**2).sum() / (len(values) - len(parts)))), (low <= 0) & (high >= 0)
    return Held(
        len(values), float(np.mean(np.concatenate(parts)[:, 0])), sd, float(held.mean()),
        wilson(int(held.sum()), len(held), 0.95), float((high < 0).mean()), float((low > 0).mean()),
        float((high - low).mean() / (2 * quantile(0.95) * sd)) if sd > 0 else float("nan"),
    )  # fmt: skip


def main() -> None:
    """Measure what is left to measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("honesty.jsonl"),
        help="lines of JSON, one a part; gone on with where it exists",
    )
    parser.add_argument("--metrics", default=METRICS, help="names with commas, measured on the same draws")
    parser.add_argument("--populations", default="relu,gauss")
    parser.add_argument("--cases", default="null,away")
    parser.add_argument("--n", default="300,1000,3000")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--each", type=int, default=20, help="draws a part")
    parser.add_argument("--table", action="store_true", help="only print the table of what is there")
    parser.add_argument("--markdown", action="store_true", help="the table of the documentation")
    options = parser.parse_args()
    tasks = [
        {
            "metrics": options.metrics,
            "population": population,
            "case": case,
            "n": int(n),
            "part": part,
            "each": options.each,
        }
        for part in range(options.draws // options.each)
        for n in options.n.split(",")
        for population in options.populations.split(",")
        for case in options.cases.split(",")
    ]
    lines = gone_on(options.out, [] if options.table else tasks, measure)
    print("\n".join((table if options.markdown else summary)(lines)))


if __name__ == "__main__":
    main()
