"""Prepare the real side of an evaluation: open, choose extractors, extract everything real in one pass a source."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from gantlet.core.config import EvaluateConfig
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.specs import format_spec, parse_spec, split_specs
from gantlet.data.opening import open_source
from gantlet.data.points import PointSource, Source
from gantlet.data.reading import fitted
from gantlet.evaluation.evaluator import Judge
from gantlet.evaluation.extraction import Images, Progress, featured
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.statistics_file import read_statistics
from gantlet.evaluation.metric_selection import for_points


def prepare(
    opened: Source, config: EvaluateConfig, progress: Progress, shape: tuple[int, int] | None = None
) -> list[Judge]:
    """Build the extractors, and extract the features of the real, held-out and training images: one judge a space.

    ``shape``: the side and channels of a trained generator; real images are brought to it as for its training.
    """

    def fit(source: Source) -> Source:
        if isinstance(source, PointSource) or shape is None or source.statistics:
            return source
        return source if source.read(0).shape == (shape[0], *shape) else fitted(source, *shape)

    held_out_text = config.held_out or opened.held_out
    held_out = fit(open_source(held_out_text)) if held_out_text else None
    opened = fit(opened)
    if config.train:
        train = fit(open_source(config.train))
        test = opened if train.digest != opened.digest else held_out
    else:
        real_is_test = held_out is not None and "split=test" in opened.spec
        train, test = (held_out, opened) if real_is_test and held_out is not None else (opened, held_out)
    config = for_points(config) if isinstance(opened, PointSource) else _settled(config, opened)
    spaces = split_specs(config.features)
    extractors = build_all(config, train, test, progress)
    seconds: dict[str, float] = {}
    found: dict[str, list[Images]] = {}
    for role, source in (("real", opened), ("held-out", held_out), ("training", train)):
        if source is not None and source.digest not in found:
            found[source.digest] = featured(
                extractors, source, role=role, config=config, progress=progress, seconds=seconds
            )

    def known(source: Source | None, i: int) -> Images | None:
        return None if source is None else found[source.digest][i]

    def judge(i: int) -> Judge:
        space = spaces[i] if len(spaces) > 1 else ""
        real, training = found[opened.digest][i], found[train.digest][i]
        sides = real, known(held_out, i), training, known(test, i)
        return Judge(config, extractors[i], *sides, progress, seconds, space=space)

    return [judge(i) for i in range(len(spaces))]


def build_all(config: EvaluateConfig, train: Source, held_out: Source | None, progress: Progress) -> list[Extractor]:
    """Build the extractor of each feature space that a configuration asks for."""
    return [
        build_extractor(_with_weights(spec, config.weights), train=train, held_out=held_out, progress=progress)
        for spec in split_specs(config.features)
    ]


def _settled(config: EvaluateConfig, real: Source) -> EvaluateConfig:
    """Return the configuration with the features that a statistics file was made in, where none are named."""
    if not real.statistics or config.features != EvaluateConfig().features:
        return config
    named = read_statistics(Path(real.statistics)).header.get("features", config.features)
    return dataclasses.replace(config, features=named)


def features_of(judges: Sequence[Judge], source: Source) -> list[Images]:
    """Extract the features of generated images in every judge's space, in one pass."""
    first = judges[0]
    extractors = [judge.extractor for judge in judges]
    return featured(
        extractors, source, role="generated", config=first.config, progress=first.progress, seconds=first.seconds
    )


def _with_weights(spec: str, weights: str) -> str:
    name, options = parse_spec(spec)
    return format_spec(name, {**options, "weights": weights}) if weights else spec
