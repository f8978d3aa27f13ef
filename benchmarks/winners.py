"""How often `compare` names a winner: of two equal generators, and of one that is worse: ``python -m benchmarks.winners``.

For each metric, population, case and n: R fresh draws of the real images, of A and of B, compared as `compare` does, one metric
at a time. A is like the real images. Cases: ``null``, B too: the share with p ≤ 5 % has to be 5 % or less; ``off``, A and B both
are what `honesty` calls away: equal generators that are not the real images; ``near``, B has other shares of the classes, a
narrower spread and a shift: the share is the power. ``lost``: the worse side won. The draws are those of `benchmarks.honesty`.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.honesty import CASES, Fault, draw
from benchmarks.kept import Line, gone_on

from gantlet.actions.compare import difference_of
from gantlet.core.errors import GantletError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.metrics import METRICS

SIDES = {"null": (Fault(), Fault()), "off": (CASES["away"], CASES["away"]), "near": (Fault(), CASES["near"])}
READ = {"features", "moments", "probabilities", "class_statistics", "classes", "labels"}
"""What the draws hold."""


def default_metrics() -> str:
    """Return the names of all metrics that the draws are enough for."""
    return ",".join(entry.name for entry in METRICS.entries() if set(entry.meta.needs) <= READ)


def measure(*, metrics: str, population: str, case: str, n: int, part: int, each: int) -> Mapping[str, Any]:
    """Return (A − B, p, paired, A is said to be worse) of every metric for the draws of one part; all three sides are fresh."""
    found: dict[str, list[list[float]]] = {}
    for repeat in range(part * each, (part + 1) * each):
        rng = np.random.default_rng([repeat, n, sorted(SIDES).index(case), population == "relu", 7])
        real = draw(population, Fault(), n, rng)
        sides = [
            Evidence(real, draw(population, fault, n, rng), seed=repeat, classes=tuple("0123456789"))
            for fault in SIDES[case]
        ]
        for name in metrics.split(","):
            try:
                a, b = (compute(side, [name])[0] for side in sides)
                difference = None if None in (a.value, b.value) else difference_of(sides, a, b, False, 0.95)
            except GantletError:
                continue
            if difference is not None:
                worse = (difference.difference > 0) == difference.lower_is_better
                found.setdefault(name, []).append(
                    [difference.difference, difference.p_value, float(difference.paired), float(worse)]
                )
    return {"found": found}


def summary(lines: list[Line]) -> Iterator[str]:
    """Yield one row per metric, population, case and n."""
    groups: dict[tuple[str, str, str, int], list[list[float]]] = {}
    for line in lines:
        for metric, rows in line["found"].items():
            groups.setdefault((metric, line["population"], line["case"], line["n"]), []).extend(rows)
    yield f"{'metric':26}{'features':9}{'case':6}{'n':>6}{'R':>5}  found at 5 % [its 95 %]   lost  paired"
    for (metric, population, case, n), rows in sorted(groups.items()):
        _, p_values, paired, worse = np.array(rows).T
        found = p_values <= 0.05
        about = wilson(int(found.sum()), len(found), 0.95)
        yield (
            f"{metric:26}{population:9}{case:6}{n:6}{len(rows):5}  {found.mean():.3f} [{about[0]:.3f}, {about[1]:.3f}]"
            f"     {(found * worse).mean():.3f}  {'yes' if paired.all() else 'no'}"
        )


def main() -> None:
    """Measure what is left to measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("winners.jsonl"), help="lines of JSON, one a part")
    parser.add_argument("--metrics", default=default_metrics(), help="names with commas")
    parser.add_argument("--populations", default="relu,gauss")
    parser.add_argument("--cases", default="null,off,near")
    parser.add_argument("--n", default="300,1000")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--each", type=int, default=20, help="draws a part")
    parser.add_argument("--table", action="store_true", help="only print the table of what is there")
    options = parser.parse_args()
    tasks = [
        {"metrics": options.metrics, "population": population, "case": case, "n": int(n), "part": part, "each": options.each}
        for part in range(options.draws // options.each)
        for n in options.n.split(",")
        for population in options.populations.split(",")
        for case in options.cases.split(",")
    ]  # fmt: skip
    print("\n".join(summary(gone_on(options.out, [] if options.table else tasks, measure))))


if __name__ == "__main__":
    main()
