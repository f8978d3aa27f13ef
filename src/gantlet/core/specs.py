"""Specs: the text that users type for a registered object, ``r1``, ``r1[gamma=0.3]``, ``mnist[root=DIR,split=train]``."""

import inspect
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from gantlet.core.class_names import composed
from gantlet.core.errors import ConfigError, UnknownName, UsageError
from gantlet.core.visible import in_unicode
from gantlet.core.words import counted

_SPEC = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<options>.*)\])?", re.DOTALL)
DEEPEST = 50
"""Specs inside specs at most."""
_OUTER_COMMA = re.compile(r",(?![^\[\]]*\])")
"""A comma outside inner brackets: an option's value may itself be a spec."""


def parse_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Split ``name[key=value,…]`` into the name and its options (still text); raises UsageError."""
    if not isinstance(spec, str):
        raise UsageError(f"expected a name, or name[key=value,…], as a text; got {type(spec).__name__}")
    if spec.count("[") > DEEPEST:
        raise UsageError(
            f"cannot read {spec[:60]!r}…: it has {counted(spec.count('['), 'bracket')}; expected at most {DEEPEST}"
        )
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise UsageError(f"cannot read {spec!r}: expected name or name[key=value,…]")
    options: dict[str, str] = {}
    for part in filter(None, _OUTER_COMMA.split(match["options"] or "")):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"cannot read {part!r} in {spec!r}: expected key=value")
        if key.strip() in options:
            raise UsageError(f"option {key.strip()!r} is given twice in {spec!r}")
        options[key.strip()] = value.strip()
    return match["name"].strip(), options


def split_specs(text: str) -> list[str]:
    """Split ``a,b[x=1,y=2]`` at the commas outside brackets; empty parts are skipped."""
    return [part.strip() for part in _OUTER_COMMA.split(text) if part.strip()]


def format_spec(name: str, options: Mapping[str, Any]) -> str:
    """Write a spec: the inverse of `parse_spec`."""
    body = ",".join(f"{key}={value}" for key, value in options.items())
    return f"{name}[{body}]" if body else name


def typed_options(what: str, thing: Any, options: Mapping[str, str], hidden: set[str] | None = None) -> dict[str, Any]:
    """Read option texts by the types of ``thing``'s parameters; raises UnknownName or ConfigError."""
    hints = typing.get_type_hints(thing)
    parameters = [name for name in inspect.signature(thing).parameters if name not in (hidden or set())]
    values: dict[str, Any] = {}
    for key, text in options.items():
        if key not in parameters:
            raise UnknownName(f"option of {what}", key, parameters)
        values[key] = _read(what, key, text, hints.get(key, str))
    return values


def _read(what: str, key: str, text: str, kind: Any) -> Any:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        if text.lower() == "none":
            return None
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    if kind is bool:
        if text.lower() in ("true", "yes", "1", "false", "no", "0"):
            return text.lower() in ("true", "yes", "1")
    elif kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    else:
        return text
    raise ConfigError(f"option {key!r} of {what} must be a {kind.__name__}; got {text!r}")


def class_map(text: str) -> dict[str, str]:
    """Read ``0=cat,1=dog`` as a mapping from the generated images' class names to the real ones'; raises ConfigError."""
    if "…" in text:
        raise ConfigError(f"classes: … stands for further pairs: write them, or leave it out; got {text!r}")
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    names = in_unicode({composed(left.strip()): composed(right.strip()) for left, _, right in pairs})
    if len(names) != len(pairs) or not all(left and right for left, right in names.items()):
        raise ConfigError(
            f"classes: expected FAKE's name=REAL's name, separated by commas, e.g. 0=cat,1=dog; got {text!r}"
        )
    return names
