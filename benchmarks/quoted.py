"""Sentences that once were wrong, measured again: ``python -m benchmarks.quoted --data 'mnist[root=DIR]'``.

Each case draws labelled images afresh and asks what a reader would act on; *wrong* is the share that an earlier version
said in error (in brackets):

    unequal    compare 200 with 1,600 images of one distribution: a winner is named (20 of 20)
    few        compare 30 with 480 images of one distribution: a winner is named (always)
    perfect    100 to 500 images of the distribution itself, judged alone: variety is called a fault (15 of 15)
    third      600 images of three classes of ten: coverage is called good (always)
    equal      two equal halves, by gan_train alone: a winner is named (.43 on 8 × 8 digits)
    ten        points whose Fréchet distance is 10 % larger, n = 1,000, by it alone: the difference is *not* found (20 of 20)

The run is kept, one line a repeat, and can be stopped and gone on with.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.honesty import CASES as POPULATIONS
from benchmarks.honesty import Fault, draw
from benchmarks.kept import Line, gone_on
from benchmarks.planted import images_of

import gantlet
from gantlet.actions.compare import difference_of
from gantlet.data.arrays import array_source
from gantlet.data.kinds import Source
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import wilson

QUALITY = (
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "one_nn_accuracy",
    "sharpness",
)
WORSE = Fault(1.0, 0.85, 0.445)
"""Its Fréchet distance from the real population is 10 % above that of `honesty`'s away (mean of 30 draws of 3,000: 1.10)."""


def parts(data: str, sizes: list[int], rng: np.random.Generator, classes: int = 10) -> list[Source]:
    """Return disjoint fresh sets of the labelled images of these sizes; the last one of the first ``classes`` alone."""
    images, labels, names = images_of(data)
    order, found = rng.permutation(len(images)), []
    for k, size in enumerate(sizes):
        allowed = order[labels[order] < (classes if k == len(sizes) - 1 else 10)][:size]
        order = np.setdiff1d(order, allowed, assume_unique=True)
        rng.shuffle(order)
        found.append(array_source(f"set{k}", images[allowed], labels[allowed], names))
    return found


def winner(sides: Sequence[Source], metrics: tuple[str, ...], repeat: int, held_out: Source | None = None) -> bool:
    """Return whether `compare` names a winner by any metric, ``sides`` being real, A and B; raises ValueError where none was compared."""
    config = gantlet.EvaluateConfig(features="random-conv", metrics=metrics, cache=False, seed=repeat)
    settings = {} if held_out is None else {"held_out": held_out}
    real, a, b = sides
    result = gantlet.compare(a, b, real, config, **settings)  # type: ignore[arg-type]
    if not result.differences:
        raise ValueError(f"nothing was compared: {result.left_out}")
    return any(difference.better for difference in result.differences)


def accused(real: Source, fake: Source, repeat: int) -> list[str]:
    """Return the lines of the verdict."""
    config = gantlet.EvaluateConfig(features="random-conv", metrics=QUALITY, cache=False, seed=repeat)
    return list(gantlet.evaluate(fake, real, config).verdict)


def ten(repeat: int) -> bool:
    """Return whether a difference of 10 % in the Fréchet distance is not found at 5 %."""
    rng = np.random.default_rng([repeat, 10])
    real = draw("relu", Fault(), 1000, rng)
    sides = [Evidence(real, draw("relu", fault, 1000, rng), seed=repeat) for fault in (POPULATIONS["away"], WORSE)]
    a, b = (compute(side, ["frechet_distance"])[0] for side in sides)
    difference = difference_of(sides, a, b, False, 0.95)
    assert difference is not None
    return difference.p_value > 0.05


def measure(*, data: str, case: str, repeat: int) -> Mapping[str, Any]:
    """Return whether the product said what is wrong."""
    rng = np.random.default_rng([repeat, sorted(CASES).index(case)])
    if case == "ten":
        return {"wrong": ten(repeat)}
    if case == "equal":
        *sides, held_out = parts(data, [300, 300, 300, 300], rng)
        return {"wrong": winner(sides, ("gan_train",), repeat, held_out)}
    if case in ("unequal", "few"):
        sizes = {"unequal": [1000, 200, 1600], "few": [500, 30, 480]}[case]
        return {"wrong": winner(parts(data, sizes, rng), QUALITY, repeat)}
    n = 600 if case == "third" else int(rng.integers(100, 501))
    lines = accused(*parts(data, [1000, n], rng, 3 if case == "third" else 10), repeat)
    kind = "good: coverage" if case == "third" else "poor: "
    return {"wrong": any(line.startswith(kind) and ("coverage" in line or "recall" in line) for line in lines)}


CASES = {"unequal": 20, "few": 20, "perfect": 20, "third": 20, "equal": 20, "ten": 200}
"""How often each is repeated."""


def summary(lines: list[Line]) -> Iterator[str]:
    """Yield one row per case."""
    found: dict[str, list[bool]] = defaultdict(list)
    for line in lines:
        found[line["case"]].append(line["wrong"])
    for case, wrong in found.items():
        low, high = wilson(sum(wrong), len(wrong), 0.95)
        yield f"{case:10} wrong in {sum(wrong)} of {len(wrong)} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Measure what is left to measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="labelled images of ten classes, e.g. mnist[root=DIR]")
    parser.add_argument("--out", type=Path, default=Path("quoted.jsonl"), help="gone on with where it exists")
    parser.add_argument("--cases", default=",".join(CASES))
    options = parser.parse_args()
    cases = options.cases.split(",")
    tasks = [{"data": options.data, "case": case, "repeat": repeat} for case in cases for repeat in range(CASES[case])]
    print("\n".join(summary(gone_on(options.out, tasks, measure))))


if __name__ == "__main__":
    main()
