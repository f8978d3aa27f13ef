"""Text from outside made visible: control characters become escapes that a terminal shows and does not obey."""

import re

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""All control characters but tab and line feed, those that turn the direction of writing, and what stands for bytes that are no
UTF-8, as in the names of some files."""


def visible(text: str) -> str:
    """Return the text with each control character written as an escape of JSON, ``\\u001b``."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
