"""Prepare the real side of an evaluation: open, choose extractors, extract everything real in one pass per source."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from gantlet.core.config import EvaluateConfig
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.processes import processes
from gantlet.core.specs import format_spec, parse_spec, split_specs
from gantlet.core.trust import require_harmless
from gantlet.data import SOURCES
from gantlet.data.kinds import Source
from gantlet.data.points import PointSource
from gantlet.data.reading import fitted
from gantlet.data.source import ImageSource
from gantlet.data.statistics_file import StatisticsSource
from gantlet.evaluation.extraction import extract_sides
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.statistics_file import read_statistics
from gantlet.evaluation.metric_selection import for_points
from gantlet.evaluation.opening import NOTHING, Given, open_named
from gantlet.evaluation.overlap import overlap
from gantlet.evaluation.sides import Overlap, Progress, Side, Space


def prepare(
    opened: Source,
    config: EvaluateConfig,
    progress: Progress,
    shape: tuple[int, int] | None = None,
    given: Given = NOTHING,
) -> list[Space]:
    """Build the extractors, and extract the features of the real, held-out and training images: one Space each.

    ``shape``: the side and channels of a trained generator; real images are brought to it as for its training; ``given``:
    held-out and training images by the names that ``config`` has for them, where these are no source strings.
    """
    real, held_out, train, test = _roles(opened, config, lambda source: _fitted(source, shape), given)
    config = settled(config, real)
    spaces = split_specs(config.features)
    extractors = build_all(config, train, test, progress)
    seconds: dict[str, float] = {}
    sides: dict[str, list[Side]] = {}
    for role, source in (("real", real), ("held-out", held_out), ("training", train)):
        if source is not None and source.digest not in sides:
            sides[source.digest] = extract_sides(
                extractors, source, role=role, config=config, progress=progress, seconds=seconds
            )

    def side(source: Source | None, i: int) -> Side | None:
        return None if source is None else sides[source.digest][i]

    prepared = [
        Space(
            config,
            extractors[i],
            sides[real.digest][i],
            side(held_out, i),
            sides[train.digest][i],
            side(test, i),
            progress,
            seconds,
            name=name if len(spaces) > 1 else "",
        )
        for i, name in enumerate(spaces)
    ]
    found = processes().first(lambda: _overlaps(prepared[0]))
    return [_separated(space, *found) for space in prepared]


def _overlaps(space: Space) -> tuple[Overlap | None, list[Overlap]]:
    """Return what held-out images share with real ones, and what those that may play the unseen ones share with training.

    The pixels decide, so the first space stands for all. Real images may be the training set: that is no fault.
    """
    real, held_out = ("real", space.real), ("held-out", space.held_out)
    train = ("real" if space.train is space.real else "training", space.train)
    reference = None if held_out[1] is None else overlap((held_out[0], held_out[1]), real)
    other_split = held_out[1] is not None and held_out[1].source.digest == space.train.source.digest
    named = space.config.train and space.config.held_out
    if (
        other_split and space.train is not space.real and not named
    ):  # REAL is the test split, the training set its other split
        return reference, [overlap(real, ("held-out", space.train))]
    unseen = [real] if space.test is space.real and space.train is not space.real else []
    unseen += [(held_out[0], held_out[1])] if held_out[1] is not None else []
    return reference, [overlap(role, train) for role in unseen]


def _separated(space: Space, reference: Overlap | None, unseen: list[Overlap]) -> Space:
    """Return the space with the first unseen images that the generator was not trained on, and what overlaps."""
    sides = {"real": space.real, "held-out": space.held_out}
    test = next((sides[found.one] for found in unseen if found.separate), None)
    shared = [found for found in (reference, *unseen) if found is not None and found.n]
    accused = [found for found in shared if found.one != "real" or not found.separate]
    no_reference = reference.text if reference and not reference.separate else ""
    no_test = "; ".join(found.text for found in unseen) if unseen and test is None else ""
    overlaps = tuple(dict.fromkeys(accused))
    return dataclasses.replace(space, test=test, overlaps=overlaps, no_reference=no_reference, no_test=no_test)


def _roles(
    opened: Source, config: EvaluateConfig, fit: Callable[[Source], Source], given: Given
) -> tuple[Source, Source | None, Source, Source | None]:
    """Return the sources that play real, held-out, training and test."""
    held_out_text = config.held_out or opened.held_out
    held_out = fit(open_named(held_out_text, given)) if held_out_text else None
    real = fit(opened)
    if config.train:
        train = fit(open_named(config.train, given))
        return real, held_out, train, real if train.digest != real.digest else held_out
    if held_out is not None and "split=test" in real.spec:
        return real, held_out, held_out, real
    return real, held_out, real, held_out


def _fitted(source: Source, shape: tuple[int, int] | None) -> Source:
    if shape is None or not isinstance(source, ImageSource) or source.first_shape == (shape[0], *shape):
        return source
    return fitted(source, *shape)


def settled(config: EvaluateConfig, real: Source) -> EvaluateConfig:
    """Return the configuration with the defaults of the real source's kind.

    Points have a headline of their own; a statistics file names the features that it was made in.
    """
    if isinstance(real, PointSource) and not real.space:
        return for_points(config)
    if isinstance(real, StatisticsSource) and config.features == EvaluateConfig().features:
        file = Path(real.spec)
        text = read_statistics(file).header.get("features", config.features)
        known = [*EXTRACTORS.names(), *SOURCES.names()]
        named = require_harmless(text, file, inside=file.parent, known=known)
        return dataclasses.replace(config, features=named)
    return config


def build_all(config: EvaluateConfig, train: Source, held_out: Source | None, progress: Progress) -> list[Extractor]:
    """Build the extractor of each feature space that a configuration names."""
    return [
        build_extractor(
            _with_weights(spec, config.weights), train=train, held_out=held_out, progress=progress, on_bad=config.on_bad
        )
        for spec in split_specs(config.features)
    ]


def _with_weights(spec: str, weights: str) -> str:
    name, options = parse_spec(spec)
    return format_spec(name, {**options, "weights": weights}) if weights else spec
