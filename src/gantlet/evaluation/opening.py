"""What an evaluation and a comparison decide when they open their sources."""

from dataclasses import replace

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import DataError
from gantlet.data import SOURCES
from gantlet.data.kinds import Source
from gantlet.data.opening import open_source, resolve_source
from gantlet.data.statistics_file import StatisticsSource
from gantlet.data.subset import cut

LEAST, MOST = 1_000, 10_000
"""Images drawn from a generator where no number is given."""


def default_n(config: EvaluateConfig, real: Source) -> int:
    """Return how many images are drawn from a generator: ``config.n``, or as many as the larger real set has, within 1,000 … 10,000."""
    held_out = config.held_out or real.held_out
    return config.n or bounded_n(len(real), len(open_source(held_out)) if held_out else 0)


def bounded_n(*real: int) -> int:
    """Return the largest of these numbers, within 1,000 … 10,000."""
    return min(MOST, max(LEAST, *real))


def open_fakes(text: str, config: EvaluateConfig, n: int) -> Source:
    """Open generated images: ``n`` of a generator's, or all of a fixed set, of which ``config.n`` takes a part.

    The part is drawn at random (seeded) and keeps the set's order; a note says so, and where the set holds fewer.
    """
    source = open_source(text, n=n, seed=config.seed)
    if not config.n or isinstance(source, StatisticsSource) or SOURCES.entry(resolve_source(text)[0]).meta.generated:
        return source
    if len(source) < config.n:
        short = f"{source.spec} holds {len(source):,} {source.kind}, fewer than --n {config.n:,}: all were taken"
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
