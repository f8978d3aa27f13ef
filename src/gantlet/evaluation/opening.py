"""What an evaluation and a comparison decide when they open their sources."""

from collections.abc import Mapping, Sized
from dataclasses import replace
from os import PathLike
from typing import Any

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import DataError
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.drawn import Latent, is_generator, require_no_latent
from gantlet.data.given import as_source, is_given, text_of
from gantlet.data.kinds import Source
from gantlet.data.opening import open_source, resolve_source
from gantlet.data.statistics_file import StatisticsSource
from gantlet.data.subset import cut

LEAST, MOST = 1_000, 10_000
"""Images drawn from a generator where no number is given."""


Given = Mapping[str, Source]
"""Held-out and training images that are no source strings, by the name that the configuration has for them."""
NOTHING: Given = {}


def open_named(text: str, given: Given = NOTHING) -> Source:
    """Open a source string, or return the source that was given under this name."""
    return given[text] if text in given else open_source(text)


def open_given(what: str, value: Any, range: str = "") -> Source:
    """Return a source string, a path or anything that `as_source` takes as an opened source; ``what`` is its role."""
    value = text_of(value)
    return open_source(value) if isinstance(value, str) else as_source(what, value, range=range)


def take_given(settings: Mapping[str, Any], range: str) -> tuple[dict[str, Any], dict[str, Source]]:
    """Return the keywords of a call with names in the place of held-out and training images, and these images by name."""
    plain, given = dict(settings), {}
    for role, what in (("held_out", "held-out images"), ("train", "training images")):
        value = plain.get(role)
        if isinstance(value, str | PathLike):
            plain[role] = text_of(value)
        elif value is not None:
            source = as_source(role, value, range=range)
            plain[role], given[what] = what, source
        elif role in plain:
            plain[role] = ""
    return plain, given


def default_n(config: EvaluateConfig, real: Source, given: Given = NOTHING) -> int:
    """Return how many images are drawn from a generator: ``config.n``, or as many as the larger real set has, within 1,000 … 10,000."""
    held_out = config.held_out or real.held_out
    return config.n or bounded_n(len(real), len(open_named(held_out, given)) if held_out else 0)


def bounded_n(*real: int) -> int:
    """Return the largest of these numbers, within 1,000 … 10,000."""
    return min(MOST, max(LEAST, *real))


def open_fakes(text: str, config: EvaluateConfig, n: int) -> Source:
    """Open generated images: ``n`` of a generator's, or all of a fixed set, of which ``config.n`` takes a part.

    The part is drawn at random (seeded) and keeps the set's order; a note says so, and where the set holds fewer.
    """
    source = open_source(text, n=n, seed=config.seed)
    return source if SOURCES.entry(resolve_source(text)[0]).meta.generated else cut_to(source, config)


def open_generated(
    what: str, value: Any, config: EvaluateConfig, n: int, *, range: str = "", latent: Latent = 0
) -> Source:
    """Return generated images, given in any form that `as_source` takes or as a source string, as `open_fakes` does.

    Of an iterable that does not know its length the first ``config.n`` are taken; of an opened source, as of what `images`,
    `points` and `features` return, a random part.
    """
    value = text_of(value)
    drawn = is_given(value) and is_generator(value)
    if not drawn:
        require_no_latent(what, value, latent)
    if isinstance(value, str):
        return open_fakes(value, config, n)
    endless = is_given(value) and not drawn and not isinstance(value, Sized)
    source = as_source(
        what, value, range=range, n=n if drawn else config.n if endless else 0, seed=config.seed, latent=latent
    )
    if endless and config.n == len(source) and not isinstance(source, StatisticsSource):
        source = replace(
            source, notes=(*source.notes, f"the first {counted(config.n, 'image')} of {source.spec} were taken (--n)")
        )
    return source if drawn else cut_to(source, config)


def cut_to(source: Source, config: EvaluateConfig) -> Source:
    """Return a random part of ``config.n`` of a fixed set (seeded, in its order) with a note; 0: all of it."""
    if not config.n or isinstance(source, StatisticsSource):
        return source
    if len(source) < config.n:
        short = f"{source.spec} holds {counted(len(source), source.kind.removesuffix('s'))}, fewer than --n {config.n:,}: all were taken"
        return replace(source, notes=(*source.notes, short))
    return cut(source, config.n, config.seed)


def require_same_kind(real: Source, fake: Source) -> None:
    """Raise DataError when one side holds images and the other points, or points of another dimension."""
    if "statistics" not in (real.kind, fake.kind) and real.described != fake.described:
        raise DataError(
            f"{real.spec} holds {real.described} and {fake.spec} {fake.described}; give two sets of the same kind"
        )


def generated_shape(source: Source) -> tuple[int, int] | None:
    """Return side and channels of the images of a trained generator; None for any other source."""
    if not source.spec.startswith("run:") or source.first_shape is None:
        return None
    height, _, channels = source.first_shape
    return height, channels
