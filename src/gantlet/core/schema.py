"""Plain values read into dataclasses under their annotations: types, ranges and field names are checked by pydantic."""

import json
from functools import cache
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Gt, Le, Lt

from gantlet.core.errors import GantletError
from gantlet.core.visible import in_unicode

T = TypeVar("T")
Count = Annotated[int, Ge(0), Lt(2**63)]
"""A number of things."""
Positive = Annotated[int, Ge(1), Lt(2**63)]
"""A number of things, at least one."""
Amount = Annotated[float, Ge(0)]
"""A finite number that is not negative."""
Part = Annotated[float, Ge(0), Le(1)]
"""A share that may be none or all."""
Share = Annotated[float, Gt(0), Lt(1)]
"""A number between 0 and 1, neither of them included."""
SCHEMA = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""Assign this to ``__pydantic_config__`` of a dataclass that is read from a file."""


def from_plain(kind: type[T], values: Any) -> T:
    """Return plain values (as JSON holds them) as a dataclass; raises ValueError with the first field that does not fit.

    Missing fields take their defaults; unknown ones, other types (a text for a number, true for 1), NaN and values out
    of range are refused.
    """
    from pydantic import ValidationError

    try:
        result: T = _adapter(kind).validate_json(json.dumps(in_unicode(values)))  # type: ignore[arg-type]  # a class is hashable
        return result
    except GantletError as error:  # of the dataclass itself
        raise ValueError(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        got = "" if first["type"] == "missing" else f"; got {_short(first['input'])}"
        raise ValueError(f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}{got}") from error


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
