"""Several runs of one method: patterns become sources, which must be of one kind, and are taken at equal numbers."""

import dataclasses
import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantlet.actions.own_sides import as_generator
from gantlet.core.calls import shown
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.errors import DataError, UsageError
from gantlet.core.output import METHODS, RUNS
from gantlet.core.words import counted
from gantlet.data.drawn import Latent
from gantlet.data.given import are_sets, is_given, text_of
from gantlet.data.kinds import Source
from gantlet.data.opening import resolve_source
from gantlet.data.pictures import is_picture
from gantlet.data.statistics_file import StatisticsSource
from gantlet.data.subset import cut
from gantlet.data.tensors import is_tensor
from gantlet.evaluation.opening import open_generated
from gantlet.training.checkpoint import MAY_CHANGE
from gantlet.training.journal import is_run
from gantlet.training.runs.own_data import recorded

_PATTERN = re.compile(r"(?P<kind>run:)?(?P<path>[^\[\]]*)(?P<options>\[.*\])?")
Runs = list[str] | list[Path] | list[np.ndarray] | tuple[str, ...] | tuple[Path, ...] | tuple[np.ndarray, ...]
"""What `evaluate` and `compare` take for several runs, as a type checker sees it; tensors and opened sources do as well."""
MOST_RUNS = 20
"""Arrays in a list beyond which they are not taken for runs without being asked."""
MIXED = "the runs differ in more than their seed"
SAME = ("data", "resolution")
"""Fields of a training that all runs of a method must share."""
OWN = {"seed", "out", "compile", *MAY_CHANGE} - {"steps", *SAME}
"""Fields that do not make another method."""


def runs_in(what: str, value: Any, function: str) -> list[Any]:
    """Return the runs that a list or tuple of whole sets holds, as `are_sets`; [] for anything else, which is one set.

    Raises: UsageError where arrays may as well be the batches of one set: many, or of several lengths.
    """
    if not are_sets(value):
        return []
    arrays = [each for each in value if not isinstance(each, str | Path) and is_given(each)]
    lengths = sorted({len(each) for each in arrays})
    if len(arrays) > MOST_RUNS or len(lengths) > 1:
        sizes = f"{lengths[0]} to {lengths[-1]}" if len(lengths) > 1 else f"{lengths[0]}"
        raise UsageError(
            f"{what} is a list of {counted(len(arrays), 'array')} of {sizes} images: several runs of one method, or batches of one set? Runs: "
            f"gantlet.{function}(…); one set: gantlet.images({what}), or numpy.concatenate"
        )
    return list(value)


def read_as_runs(what: str, runs: Sequence[Any]) -> tuple[str, ...]:
    """Return a note that a list was read as runs, where `runs_in` found some; none for no runs."""
    arrays = any(is_given(each) for each in runs)
    other = f"; batches of one set: gantlet.images({what}), or numpy.concatenate" if arrays else ""
    return (
        (f"the list {what} was read as {counted(len(runs), 'run')} of one method, one set of images each{other}",)
        if runs
        else ()
    )


def of_method(what: str, runs: Any) -> list[Any]:
    """Return the runs of a method as a list: what a list or tuple holds, or a pattern alone.

    Raises: UsageError for anything else, and for a list whose items are single images, which is one set.
    """
    runs = text_of(runs)
    if isinstance(runs, str):
        return [runs]
    if not isinstance(runs, list | tuple):
        raise UsageError(
            f"{what} must be a pattern (runs/a-*) or a list with one source of images for each run; got {shown(runs)}"
        )
    if any(is_picture(each) or ((is_tensor(each) or isinstance(each, np.ndarray)) and each.ndim < 4) for each in runs):
        raise UsageError(
            f"{what} holds single images: expected one source of images for each run, e.g. [array, array] of shape [n, h, w, c]"
        )
    return list(runs)


def expanded(words: Sequence[Any]) -> list[Any]:
    """Return the sources that words name, a pattern (``runs/a-*``, ``run:runs/a-*``) as all that match, in order, but for earlier results over runs.

    Raises: UsageError for a pattern that nothing matches.
    """
    found: list[Any] = []
    for word in words:
        text = text_of(word)
        if not is_pattern(text):
            found.append(text)
            continue
        match = _PATTERN.fullmatch(text)
        assert match is not None  # `is_pattern` has looked
        kind, options = match["kind"] or "", match["options"] or ""
        results = {RUNS.file, METHODS.file}  # what `--seeds` writes beside the runs is no run
        paths = [
            path for path in sorted(glob.glob(match["path"])) if not any(Path(path, file).exists() for file in results)
        ]
        if not paths:
            raise UsageError(f"no run and no folder matches {text}; see what is there: ls {Path(match['path']).parent}")
        found += [f"{kind}{path}{options}" for path in paths]
    return [as_generator(word) for word in found]


def is_pattern(text: Any) -> bool:
    """Return whether a word names several runs: it holds * or ? outside its options, and is no path itself."""
    if not isinstance(text, str) or Path(text).exists():
        return False
    match = _PATTERN.fullmatch(text)
    return match is not None and any(sign in match["path"] for sign in "*?")


def open_runs(
    words: Sequence[Any], config: EvaluateConfig, n: int, *, range: str = "", latent: Latent = 0
) -> tuple[list[Source], tuple[str, ...]]:
    """Open the runs of one method, each drawn with a seed of its own; return them with notes.

    Raises: UsageError for fewer than two, a run that is given twice, and statistics files; DataError naming the field in which the
    runs were trained on other data.
    """
    if len(words) < 2:
        raise UsageError(
            f"an interval over runs needs at least two runs of the method; got {len(words)}. Train some with --seeds 5, or evaluate the "
            "one for what it is: one checkpoint"
        )
    notes = _require_one_method(words)
    sources = [
        open_generated(
            f"run {place + 1}",
            word,
            dataclasses.replace(config, seed=config.seed + place),
            n,
            range=range,
            latent=latent,
        )
        for place, word in enumerate(words)
    ]
    for place, source in enumerate(sources):
        if isinstance(source, StatisticsSource):
            raise UsageError(f"{source.spec} is a statistics file; several runs are compared by their images")
        for earlier in sources[:place]:
            if earlier.digest == source.digest:
                raise UsageError(f"{earlier.spec} and {source.spec} are the same images: one run is given twice")
    return sources, notes


def equally_many(sources: Sequence[Source], seed: int) -> tuple[list[Source], tuple[str, ...]]:
    """Return the runs cut to the number of the smallest one, at random (seeded), and a note where any was cut."""
    sizes = [len(source) for source in sources]
    least = min(sizes)
    if max(sizes) == least:
        return list(sources), ()
    kept: list[Source] = [
        source if isinstance(source, StatisticsSource) or len(source) == least else cut(source, least, seed + place)
        for place, source in enumerate(sources)
    ]
    note = f"runs of {least:,} to {max(sizes):,} {sources[0].kind} were cut to {least:,} each (seed {seed}): no run wins by having more"
    return kept, (note,)


def equal_numbers(sources: list[Source], seed: int) -> tuple[list[Source], tuple[str, ...]]:
    """Return A and B with equally many images, and a note where one was cut: most metrics favour the larger set.

    A statistics file cannot be cut; the metrics that it allows are left out unless its number is the other's.
    """
    sizes = [len(source) for source in sources]
    if "statistics" in {source.kind for source in sources} or sizes[0] == sizes[1]:
        return sources, ()
    n, larger = min(sizes), int(sizes[1] > sizes[0])
    kept: list[Source] = [
        source if isinstance(source, StatisticsSource) else cut(source, n, seed) for source in sources
    ]
    return kept, (
        f"{'AB'[larger]} was cut to {n:,} of its {sizes[larger]:,} {sources[larger].kind} (seed {seed}), so that neither side "
        "wins by having more",
    )


def _require_one_method(words: Sequence[Any]) -> tuple[str, ...]:
    """Raise DataError where runs were trained on other data; return what else differs between them, as notes."""
    configs = {word: config for word in words if (config := _trained_by(word)) is not None}
    if len(configs) < 2:
        return ()
    (first, config), *rest = configs.items()
    differing: dict[str, list[str]] = {}
    for word, other in rest:
        for field in dataclasses.fields(TrainConfig):
            mine, its = getattr(config, field.name), getattr(other, field.name)
            if mine == its or field.name in OWN:
                continue
            if field.name in SAME:
                raise DataError(
                    f"{first} was trained with {field.name} = {mine!r}, {word} with {its!r}; runs of one method share it: compare "
                    "the two as A and B"
                )
            differing.setdefault(field.name, []).append(word)
    if not differing:
        return ()
    return (f"{MIXED} ({', '.join(differing)}): the numbers are about all these settings together",)


def _trained_by(word: Any) -> TrainConfig | None:
    if not isinstance(word, str) or not word.startswith("run:"):
        return None
    path = Path(resolve_source(word)[1].get("path", ""))
    return recorded(path / "config.toml") if is_run(path) else None
