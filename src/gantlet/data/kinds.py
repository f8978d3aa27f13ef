"""The three kinds of opened source: images, points, and statistics of absent images."""

from gantlet.core.errors import DataError
from gantlet.data.points import PointSource
from gantlet.data.source import ImageSource
from gantlet.data.statistics_file import StatisticsSource

Items = ImageSource | PointSource
"""A source that holds items: images or points."""
Source = Items | StatisticsSource
"""The type that a source string opens; ``kind`` names the kind."""


def require_images(source: Source, what: str) -> ImageSource:
    """Return the source when it holds images; raises DataError naming ``what``, which needs them."""
    if isinstance(source, ImageSource):
        return source
    raise DataError(f"{what} needs images, and {source.spec} holds {source.kind}")


def require_items(source: Source, what: str) -> Items:
    """Return the source when it holds images or points; raises DataError naming ``what``, which needs them."""
    if isinstance(source, StatisticsSource):
        raise DataError(f"{what} needs images or points, and {source.spec} holds statistics")
    return source
