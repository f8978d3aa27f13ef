"""How often a small share of copies is flagged, and how often an honest generator is: ``python -m benchmarks.copying --out FOLDER``.

Every repeat splits the images of ``--data`` afresh into training images, held-out images and fakes; then a share of the fakes
is replaced by copies of training images: exact, mirrored (flipped), compressed again as JPEG of quality 60, or shifted by 1 or
2 pixels along both axes. Honest generators, against which any flag is a false alarm: ``fresh``, other images of the same data;
``blurred``, such images under a Gaussian blur of 0.7 pixels; ``dense``, that half of them whose fifth neighbour among
themselves is nearest; ``mixture``, draws from a Gaussian mixture that is fitted to the training images' pixels on their first
64 principal axes. Counted: ``before``, Fisher's test at the held-out ratios' 1 % quantile; ``features`` and ``pixels``, the
test of `copies` in one space alone; ``after``, in both, as `evaluate` makes it. The run is kept in parts of ``--each`` repeats.
"""

import argparse
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.kept import Line, gone_on
from PIL import Image, ImageFilter
from scipy.stats import fisher_exact

from gantlet.core.rng import numpy_stream
from gantlet.data.opening import open_images
from gantlet.data.reading import fit_square
from gantlet.evaluation.copies import Closeness, copy_ratios, copy_test, thinned
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.stats.alignment import SIDE, AlignedSearch

MEMORY, PLANTED = 2 * 10**9, 1500
KINDS = ("exact", "flipped", "jpeg", "shifted")


def _jpeg(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image.squeeze()).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file)).reshape(image.shape)


def _shifted(image: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(int(image.sum()))
    y, x = 2 + rng.integers(1, 3, 2) * rng.choice([-1, 1], 2)
    return np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="edge")[y : y + image.shape[0], x : x + image.shape[1]]


def _blurred(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image.squeeze()).filter(ImageFilter.GaussianBlur(0.7))).reshape(image.shape)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "flipped": lambda image: image[:, ::-1],
    "jpeg": _jpeg,
    "shifted": _shifted,
    "blurred": _blurred,
}


@dataclass(frozen=True)
class Views:
    """Images as the tests see them: features [n, d] and thumbnails [n, 32, 32]."""

    features: np.ndarray
    thumbnails: np.ndarray

    def take(self, rows: np.ndarray) -> "Views":
        """Return some rows."""
        return Views(self.features[rows], self.thumbnails[rows])

    @property
    def n(self) -> int:
        """Return the number of images."""
        return len(self.features)


def views(images: np.ndarray, features: str) -> Views:
    """Return how both spaces see the images."""
    extractor = build_extractor(features)
    parts = []
    for start in range(0, len(images), 64):
        batch = np.stack([extractor.prepare(np.ascontiguousarray(image)) for image in images[start : start + 64]])
        parts.append(extractor.extract(batch)[0])
    return Views(np.concatenate(parts), np.stack([fit_square(image, SIDE, 1)[:, :, 0] for image in images]))


@lru_cache(maxsize=1)
def pool(data: str, features: str, most: int, out: Path) -> tuple[np.ndarray, dict[str, Views]]:
    """Return some images of the data, and both views of them and of the first ones' changed versions; kept in a file."""
    source = open_images(data)
    rows = numpy_stream(0, "benchmarks.copying").permutation(len(source))[:most]
    images = np.stack([source.decode(int(row)) for row in rows])
    named = "".join(letter if letter.isalnum() else "-" for letter in f"{Path(data).name} {features} {most}")
    path = out / f"{named}.npz"
    if not path.exists():
        found = {"all": views(images, features)}
        found["exact"] = found["all"].take(np.arange(min(PLANTED, len(images))))
        for name, change in CHANGES.items():
            found[name] = views(np.stack([change(image) for image in images[:PLANTED]]), features)
        parts = {f"{name} {i}": part for name, each in found.items() for i, part in enumerate(vars(each).values())}
        np.savez(path, **parts)
    kept = np.load(path)
    return images, {name: Views(kept[f"{name} 0"], kept[f"{name} 1"]) for name in ("all", "exact", *CHANGES)}


def _mixture(train: np.ndarray, n: int, repeat: int) -> np.ndarray:
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    flat = train.reshape(len(train), -1).astype(np.float32)
    axes = PCA(min(64, flat.shape[1]), random_state=repeat).fit(flat)
    fitted = GaussianMixture(10, random_state=repeat, max_iter=20, init_params="k-means++").fit(axes.transform(flat))
    drawn = axes.inverse_transform(fitted.sample(n)[0])
    return drawn.clip(0, 255).astype(np.uint8).reshape(n, *train.shape[1:])


def draw(
    images: np.ndarray, known: Mapping[str, Views], task: Mapping[str, Any], repeat: int
) -> tuple[Views, Views, dict[str, Views]]:
    """Return training images, held-out images and the fakes of one repeat: honest ones, and copies to plant among them."""
    rng = np.random.default_rng([repeat, task["n_train"], task["n_held_out"]])
    everything, order, most = known["all"], rng.permutation(len(images)), int(max(_numbers(task["n_fake"])))
    if (
        task["honest"] == "blurred"
    ):  # known of the first images only: held-out images and fakes are both drawn from them
        order = np.concatenate([rng.choice(order[order >= PLANTED], task["n_train"], False), order[order < PLANTED]])
    rows, held, rest = np.split(order, [task["n_train"], task["n_train"] + task["n_held_out"]])
    train, held_out = everything.take(rows), everything.take(held)
    if task["honest"] == "blurred":
        return train, held_out, {"blurred": known["blurred"].take(rest[:most])}
    if task["honest"] == "mixture":
        return train, held_out, {"mixture": views(_mixture(images[rows], most, repeat), task["features"])}
    if task["honest"] == "dense":
        found = everything.take(rest[: 2 * most])
        squares = np.square(found.features).sum(1)
        apart = squares[:, None] + squares[None] - 2 * found.features @ found.features.T
        near = np.argsort(np.partition(apart, 5, axis=1)[:, 5])[: len(rest[: 2 * most]) // 2]
        return train, held_out, {"dense": found.take(rng.permutation(near))}
    copied = rng.permutation(rows[rows < PLANTED])[: round(max(_numbers(task["shares"])) * most)]
    return (
        train,
        held_out,
        {"fresh": everything.take(rest[:most]), **{kind: known[kind].take(copied) for kind in KINDS}},
    )


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def tested(
    train: Views, held_out: Views, fakes: Mapping[str, Views], task: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """Return what the tests say of every kind of fakes at every size and share of copies."""
    search, rows = AlignedSearch(train.thumbnails), np.arange(len(train.thumbnails))
    own = search(train.thumbnails, rows)
    everyone = np.concatenate([held_out.features, *(fake.features for fake in fakes.values())])
    ratios = copy_ratios(train.features, everyone, MEMORY)
    ends = np.cumsum([held_out.n, *(fake.n for fake in fakes.values())])[:-1]
    unseen, *parts = np.split(ratios.ratio, ends)
    pixels = (search(held_out.thumbnails).ratio, own.ratio[thinned(rows, own.nearest)])
    searched = [search(fake.thumbnails).ratio for fake in fakes.values()]
    found = dict(zip(fakes, zip(parts, searched, strict=True), strict=True))
    results = {}
    for n in map(int, _numbers(task["n_fake"])):
        for kind, closest in found.items():
            for share in _numbers(task["shares"]) if kind in KINDS else [0.0]:
                c = round(share * n)
                chosen = [part[: c or n] for part in closest]
                if c:
                    chosen = [np.concatenate([part, found["fresh"][i][: n - c]]) for i, part in enumerate(chosen)]
                if len(chosen[0]) == n:
                    features = Closeness("features", chosen[0], unseen, ratios.own)
                    results[f"{kind} {share:g} {n}"] = _p_values(features, Closeness("pixels", chosen[1], *pixels))
    return results


def _p_values(features: Closeness, pixels: Closeness) -> dict[str, float]:
    """Return the p-values of the tests, and the share of copies that the last one finds with a power of 0.9."""
    threshold = np.quantile(features.held_out, 0.01)
    sides = [ratios <= threshold for ratios in (features.fake, features.held_out)]
    table = [[low.sum(), (~low).sum()] for low in sides]
    both = copy_test(features, pixels)
    return {
        "before": float(fisher_exact(table, alternative="greater").pvalue),
        "features": copy_test(features).p_value,
        "pixels": copy_test(pixels).p_value,
        "after": both.p_value,
        "unseen": both.unseen or 1.0,
    }


def measure(out: Path, **task: Any) -> Mapping[str, Any]:
    """Return what one part finds."""
    images, known = pool(task["data"], task["features"], task["most"], out)
    repeats = range(task["part"] * task["each"], (task["part"] + 1) * task["each"])
    return {"found": [tested(*draw(images, known, task, repeat), task) for repeat in repeats]}


def summary(lines: list[Line]) -> Iterator[str]:
    """Yield one row per data, space, sizes and kind."""
    groups: dict[tuple[Any, ...], list[dict[str, float]]] = {}
    for line in lines:
        named = (Path(line["data"]).name, line["features"], line["n_train"], line["n_held_out"])
        for repeat in line["found"]:
            for cell, found in repeat.items():
                kind, share, n = cell.split()
                groups.setdefault((*named, int(n), float(share), kind), []).append(found)
    yield "data, features, training, held-out, fakes, share, kind: repeats; flagged before, features, pixels, after; unseen"
    for key, found in sorted(groups.items()):
        flagged = {name: sum(one[name] < ALPHA for one in found) for name in ("before", "features", "pixels", "after")}
        low, high = wilson(flagged["after"], len(found), 0.95)
        unseen = np.median([one["unseen"] for one in found])
        shares = " ".join(f"{count / len(found):.3f}" for count in flagged.values())
        yield f"{', '.join(map(str, key))}: {len(found)}; {shares} [{low:.3f}, {high:.3f}]; {unseen:.2%}"


def main() -> None:
    """Measure what is left to measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("copying"), help="folder of what is kept")
    parser.add_argument("--data", default="digits[split=all]", help="a source of images of one size")
    parser.add_argument("--features", default="random-conv")
    parser.add_argument("--most", type=int, default=12_000, help="images that are drawn from")
    parser.add_argument("--train", type=int, default=800)
    parser.add_argument("--held-out", type=int, default=300)
    parser.add_argument("--fakes", default="500")
    parser.add_argument("--shares", default="0.01,0.05")
    parser.add_argument(
        "--honest", default="fresh", help="generators: fresh (with and without copies), blurred, dense, mixture"
    )
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--each", type=int, default=5, help="repeats a part")
    parser.add_argument("--table", action="store_true", help="only print the table of what is there")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    common = {name: vars(options)[name] for name in ("data", "features", "most", "each", "shares")}
    sizes = {"n_train": options.train, "n_held_out": options.held_out, "n_fake": options.fakes}
    tasks = [
        {**common, **sizes, "honest": honest, "part": part}
        for part in range(options.repeats // options.each)
        for honest in options.honest.split(",")
    ]
    lines = gone_on(options.out / "copying.jsonl", [] if options.table else tasks, partial(measure, options.out))
    print("\n".join(summary(lines)))


if __name__ == "__main__":
    main()
