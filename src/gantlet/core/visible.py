"""Text from outside made visible: control characters become escapes that a terminal shows and does not obey."""

import dataclasses
import re
from typing import Any

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""All control characters but tab and line feed, those that turn the direction of writing, and what stands for bytes that are no
UTF-8, as in the names of some files."""


def visible(text: str) -> str:
    """Return the text with each control character written as an escape of JSON, ``\\u001b``."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def visible_in(value: Any) -> Any:
    """Return a result with all its texts visible, however deep in dataclasses, tables and lists they lie."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible_in(key): visible_in(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(visible_in(entry) for entry in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: visible_in(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init
        }
        return dataclasses.replace(value, **fields)
    return value
