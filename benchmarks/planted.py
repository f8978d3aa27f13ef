"""Does the verdict say what is wrong? Failures planted in real images, all drawn afresh: ``python -m benchmarks.planted --data SOURCE``.

Each repeat draws n real, n held-out and n other images of the labelled data, and plants one failure in the last, the fakes:

none, unequal (none, beside 4 n real images), missing (one class of the data's), rare (one class made 30 % too rarely), third (three
classes of ten), copies-KIND-SHARE (of real images: exact, flipped, jpeg, shifted; 1 % or 5 %), blur, collapsed (all fakes of one class
are one image with a little noise), permuted (labels in another order), overlap (the held-out images are real ones).

Outcomes: *right*: the verdict names the failure (for none: accuses nothing); *untold*: it says neither that nor the opposite;
*opposite*: it says that all is well in that respect, or accuses an innocent class or an honest generator. The run is kept, one
line a repeat, and can be stopped and gone on with.
"""

import argparse
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.kept import Line, gone_on
from PIL import Image
from scipy.ndimage import gaussian_filter

import gantlet
from gantlet.core.results.report import Report
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_images

CLASS = 7
"""The class that is missing, rare or collapsed."""
COPIES = tuple(f"copies-{kind}-{share}" for share in (1, 5) for kind in ("exact", "flipped", "jpeg", "shifted"))
CASES = ("none", "unequal", "missing", "rare", "third", *COPIES, "blur", "collapsed", "permuted", "overlap")


@lru_cache(maxsize=1)
def images_of(data: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return all images of the data, their labels and the names of the classes."""
    source = open_images(data)
    assert source.labels is not None
    return np.stack([source.decode(i) for i in range(len(source))]), source.labels, source.classes


def changed(image: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return a copy of an image: exact, flipped, recompressed or shifted by one or two pixels."""
    if kind == "flipped":
        return image[:, ::-1]
    if kind == "shifted":
        return np.roll(image, tuple(rng.integers(1, 3, 2) * rng.choice([-1, 1], 2)), axis=(0, 1))
    if kind == "jpeg":
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "JPEG", quality=60)
        return np.asarray(Image.open(file)).reshape(image.shape)
    return image


def planted(
    case: str, n: int, data: str, rng: np.random.Generator
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return images and labels of the real, held-out and generated side of one repeat."""
    images, labels, _ = images_of(data)
    order = rng.permutation(len(images))
    real, held_out, rest = np.split(order, [4 * n if case == "unequal" else n, (5 if case == "unequal" else 2) * n])
    kept = rest
    if case == "missing":
        kept = rest[labels[rest] != CLASS]
    elif case == "rare":
        kept = rest[(labels[rest] != CLASS) | (rng.random(len(rest)) < 0.7)]
    elif case == "third":
        kept = rest[labels[rest] < 3]
    fakes, told = images[kept[:n]].copy(), labels[kept[:n]].copy()
    if case.startswith("copies"):
        _, kind, share = case.split("-")
        count = round(n * int(share) / 100)
        fakes[:count] = [changed(images[row], kind, rng) for row in rng.choice(real, count, replace=False)]
    elif case == "blur":
        fakes = gaussian_filter(fakes.astype(np.float32), (0, 0.7, 0.7, 0)).astype(np.uint8)
    elif case == "collapsed":
        one = np.flatnonzero(told == CLASS)
        noise = rng.normal(0, 4, fakes[one].shape)
        fakes[one] = np.clip(fakes[one[0]] + noise, 0, 255).astype(np.uint8)
    elif case == "permuted":
        told = (told + 1) % 10
    chosen = real[:n] if case == "overlap" else held_out
    return (images[real], labels[real]), (images[chosen], labels[chosen]), (fakes, told)


def judged(case: str, report: Report) -> str:
    """Return right, untold or opposite."""
    lines = list(report.verdict[1:])
    bad = [line for line in lines if line.startswith(("missing", "poor", "copied", "memorised"))]
    warned = [*bad, *(line for line in lines if line.startswith("caution"))]
    good = [line for line in lines if line.startswith("good")]
    names: Callable[[list[str], str], bool] = lambda some, word: any(word in line for line in some)  # noqa: E731
    if case in ("none", "unequal"):
        return "opposite" if warned else "right"
    if case == "overlap":
        held = all(estimate.reference is None for estimate in report.estimates)
        return "right" if held and names(list(report.warnings), "also among") else "opposite"
    if case.startswith("copies"):
        return "right" if names(warned, "copies of") or names(bad, "suspiciously close") else _unseen(case, good)
    wanted = {
        "missing": f"class {CLASS}", "rare": f"class {CLASS}", "third": "class", "blur": "sharpness", "collapsed": "variety is lost",
        "permuted": "gan_test",
    }[case]  # fmt: skip
    if names(warned, wanted):
        wrong = case in ("missing", "rare") and any(names(warned, f"class {i} ") for i in range(10) if i != CLASS)
        return "opposite" if wrong else "right"
    return (
        "opposite" if names(good, {"blur": "sharpness", "permuted": "gan_test"}.get(case, "all 10 modes")) else "untold"
    )


def _unseen(case: str, good: list[str]) -> str:
    """Return whether a verdict that found no copies left room for as many as there were."""
    stated = [float(line.partition("fewer than ")[2].partition("%")[0]) for line in good if "fewer than " in line]
    return "opposite" if any(share <= int(case.rpartition("-")[2]) for share in stated) else "untold"


def measure(*, data: str, features: str, metrics: str, case: str, n: int, repeat: int) -> Mapping[str, Any]:
    """Return the outcome of one repeat and the verdict's lines."""
    rng = np.random.default_rng([repeat, n, CASES.index(case)])
    sides = planted(case, n, data, rng)
    classes = images_of(data)[2]
    real, fake = (
        array_source(name, side[0], side[1], classes) for name, side in (("real", sides[0]), ("fake", sides[2]))
    )
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "held.npz", images=sides[1][0], labels=sides[1][1], classes=np.array(classes))
        config = gantlet.EvaluateConfig(
            features=features,
            held_out=str(Path(folder) / "held.npz"),
            cache=False,
            seed=repeat,
            **({"metrics": tuple(metrics.split(","))} if metrics else {}),
        )
        report = gantlet.evaluate(fake, real, config)
    return {"outcome": judged(case, report), "verdict": report.verdict}


def summary(lines: list[Line]) -> Iterator[str]:
    """Yield one row per failure: outcomes at each n."""
    sizes = sorted({line["n"] for line in lines})
    yield f"{'planted':22}" + "".join(f"{f'n = {n:,}: right/untold/opposite':>38}" for n in sizes)
    for case in [case for case in CASES if any(line["case"] == case for line in lines)]:
        row = f"{case:22}"
        for n in sizes:
            found = Counter(line["outcome"] for line in lines if line["case"] == case and line["n"] == n)
            told = " / ".join(str(found[outcome]) for outcome in ("right", "untold", "opposite"))
            row += f"{told if found else '':>38}"
        yield row


def main() -> None:
    """Measure what is left to measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="labelled images of ten classes, e.g. mnist[root=DIR]")
    parser.add_argument("--features", default="random-conv")
    parser.add_argument(
        "--metrics",
        default="",
        help="names with commas; '': the headline, whose gan_train takes four fifths of the time",
    )
    parser.add_argument("--out", type=Path, default=Path("planted.jsonl"), help="gone on with where it exists")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--n", default="200,1000,3000")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--table", action="store_true", help="only print the table of what is there")
    options = parser.parse_args()
    tasks = [
        {
            "data": options.data,
            "features": options.features,
            "metrics": options.metrics,
            "case": case,
            "n": int(n),
            "repeat": repeat,
        }
        for n in options.n.split(",")
        for repeat in range(options.repeats)
        for case in options.cases.split(",")
    ]
    print("\n".join(summary(gone_on(options.out, [] if options.table else tasks, measure))))


if __name__ == "__main__":
    main()
