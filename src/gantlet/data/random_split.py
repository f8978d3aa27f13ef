"""Data without a split of their own, split at random: a share is kept out of training, and held against what was trained on."""

import dataclasses

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import ConfigError, DataError, UsageError
from gantlet.core.rng import numpy_stream
from gantlet.core.shares import AUTO, count_out, settled_share
from gantlet.core.specs import format_spec, parse_spec
from gantlet.data import SOURCES
from gantlet.data.kinds import Items, Source, require_items
from gantlet.data.opening import open_source
from gantlet.data.subset import subset

NAME = "random-split"
SPLITS = ("train", "test")


@SOURCES.register(
    NAME, source="Stone 1974, doi:10.1111/j.2517-6161.1974.tb00994.x (assessment by what was not learned from)"
)
def random_split(of: str, held_out: str = AUTO, split: str = "train", seed: int = 0) -> Items:
    """One part of any images or points, split at random: test is kept out of training, train is the rest.

    Of n images with labels, class k of n_k images gives m·n_k/n of the m that are kept out, rounded by the largest remainders.

    Args: of: the data, e.g. random-split[of=photos,held_out=10%,split=test]; held_out: a share of them, a number, or auto (a tenth,
    at least 50 where these are no more than a fifth, at most 10,000); split: train or test; seed: of the choice.
    Raises: ConfigError for another split, for a share that leaves fewer than two images in either part, and for data that have a
    split of their own.
    Convention: the choice depends on the order of the data (of files: by name), their number, their labels and this seed alone, not
    on the seed of a training, so that runs on the same data are held against the same images. Images that repeat themselves may
    come into both parts; an evaluation counts them.
    """
    if split not in SPLITS:
        raise ConfigError(f"option 'split' of data source {NAME!r} must be train or test; got {split!r}")
    source = require_items(open_source(of), NAME)
    if source.held_out:
        raise ConfigError(f"{source.spec} has a split of its own, {source.held_out}; use that")
    share = settled_share(held_out, len(source))
    parts = divided(source, share, seed)
    if parts is None:
        raise ConfigError(f"{source.spec} holds {len(source):,} {source.kind}, too few to keep any out; give held_out")
    return parts[SPLITS.index(split)]


def divided(source: Items, share: str, seed: int = 0) -> tuple[Items, Items] | None:
    """Return what is trained on and what is kept out, each naming the other as its ``held_out``; None where nothing is kept out.

    Raises: ConfigError for a share that leaves too few in either part; DataError where the name of the data cannot be part of
    another one's.
    """
    kept = count_out(share, len(source), f"{source.kind} of {source.spec}")
    if not kept:
        return None
    out = kept_out(len(source), kept, source.labels, seed)
    rest = np.setdiff1d(np.arange(len(source)), out)
    specs = [_spec(source.spec, share, split, seed) for split in SPLITS]
    train, test = (
        dataclasses.replace(subset(source, rows), spec=spec, held_out=other)
        for rows, spec, other in ((rest, specs[0], specs[1]), (out, specs[1], specs[0]))
    )
    return train, test


def kept_out(n: int, kept: int, labels: Int64[np.ndarray, " n"] | None, seed: int) -> Int64[np.ndarray, " kept"]:
    """Return which ``kept`` of n rows are kept out, in order: at random, and of every class in proportion."""
    order = numpy_stream(seed, "held-out").permutation(n)
    if labels is None:
        return np.sort(order[:kept])
    counts = np.bincount(labels)
    wanted = kept * counts / n
    taken = np.floor(wanted).astype(np.int64)
    largest = np.argsort(-(wanted - taken), kind="stable")[: kept - int(taken.sum())]
    taken[largest] += 1
    rows = [order[labels[order] == k][: taken[k]] for k in range(len(counts))]
    return np.sort(np.concatenate(rows))


def original(spec: str) -> str:
    """Return the source string of the data that a part was taken from; any other one as it is."""
    try:
        name, options = parse_spec(spec)
    except UsageError:
        return spec
    return options["of"] if name == NAME and "of" in options else spec


def _spec(of: str, share: str, split: str, seed: int) -> str:
    options = {"of": of, "held_out": share, "split": split, **({"seed": seed} if seed else {})}
    spec = format_spec(NAME, options)
    try:
        readable = parse_spec(spec) == (NAME, {key: str(value) for key, value in options.items()})
    except UsageError:
        readable = False
    if not readable:
        raise DataError(
            f"{of!r} cannot be named inside another source, for its commas or brackets, so nothing of it can be kept out: rename it, "
            "or give --held-out none"
        )
    return spec


def with_held_out(source: Source, share: str) -> tuple[Source, str]:
    """Return the part of the data that is trained on, and the share that is kept out as it is to be recorded.

    Data with a split of their own are returned as they are; ``auto`` keeps nothing out where that is not possible.
    Raises: ConfigError for a share that is given although the data have a split, or that leaves too few; DataError.
    """
    if source.held_out:
        if share not in (AUTO, "none"):
            raise ConfigError(
                f"{source.spec} has a split of its own, {source.held_out}, which it is held against; omit --held-out {share} (or "
                "--held-out auto, where a config.toml says it)"
            )
        return source, share
    items = require_items(source, "training")
    settled = settled_share(share, len(items))
    try:
        parts = divided(items, settled)
    except DataError:
        if share != AUTO:
            raise
        return source, "none"
    return (source, settled) if parts is None else (parts[0], settled)
