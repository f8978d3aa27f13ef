"""Results as plain values and as a pandas table."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gantlet.core.errors import UsageError
from gantlet.core.visible import json_text

if TYPE_CHECKING:
    from pandas import DataFrame


class NotThere(UsageError, KeyError):
    """A metric or curve that a result does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


def as_plain(result: Any) -> dict[str, Any]:
    """Return a result's fields as JSON holds them: dictionaries, lists, numbers, texts and None."""
    values: dict[str, Any] = json.loads(json_text(dataclasses.asdict(result)))
    return values


def as_frame(rows: Iterable[Mapping[str, Any]]) -> "DataFrame":
    """Return rows as a pandas DataFrame; raises UsageError where pandas is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise UsageError(
            "to_pandas needs pandas: pip install pandas; without it, to_dict() holds the same values"
        ) from error
    return pandas.DataFrame(list(rows))


def shortened(text: str, most: int = 60) -> str:
    """Return a text of at most ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
