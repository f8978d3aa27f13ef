"""Text from outside made visible: characters that are not seen become escapes that a terminal shows and does not obey."""

import codecs
import dataclasses
import io
import json
import re
from collections.abc import Mapping
from typing import Any

_SURROGATES = "\ud800-\udfff"
"""They stand for bytes that are no UTF-8, as in the names of some files; no text may hold them."""
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # format characters
    "\u2028\u2029"  # ends of lines and paragraphs
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"  # drawn as nothing
)
_JOINED, _SYMBOLS = "\u0600-\u109f\u1780-\u18af", "\u2190-\u2bff\U0001f000-\U0001faff"
_SEEN = (
    f"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])"  # in the words of scripts that are written with them
    f"|(?<=[{_SYMBOLS}\ufe0f])\u200d(?=[{_SYMBOLS}])|(?<=[{_SYMBOLS}])\ufe0f"  # in emojis
)
_CHARACTERS = re.compile(f"{_SEEN}|([{_UNSEEN}{_SURROGATES}])")
_LONE = re.compile(f"[{_SURROGATES}]")


def visible(text: str) -> str:
    """Return the text with each character that is not seen written as an escape of JSON, ``\\u001b``.

    These are control, format and private characters but tab and line feed, separators of lines, and those drawn as nothing;
    joiners stay where scripts and emojis need them. In a text of JSON the escapes stand for the same values.
    """
    return _CHARACTERS.sub(lambda match: _escape(match[1]) if match[1] else match[0], text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def show_all(stream: Any) -> None:
    """Let a stream write what its encoding has no byte for (as in the locale C) as an escape of JSON, instead of failing."""
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
        codecs.register_error("visible", _replaced)
        stream.reconfigure(errors="visible")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_escape, error.object[error.start : error.end])), error.end


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


def in_unicode(value: Any) -> Any:
    """Return plain values in which what stands for bytes that are no UTF-8 is written as an escape, so that JSON can hold it."""
    if isinstance(value, str):
        return _LONE.sub(lambda match: _escape(match[0]), value)
    if isinstance(value, Mapping):
        return {in_unicode(key): in_unicode(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [in_unicode(entry) for entry in value]
    return value


def json_text(values: Any, indent: int | None = None) -> str:
    """Return plain values as strict JSON in which all characters are seen; non-finite numbers are an error (ValueError)."""
    return visible(json.dumps(in_unicode(values), indent=indent, allow_nan=False, ensure_ascii=False))


def toml_text(values: Mapping[str, Any]) -> str:
    """Return plain values as TOML in which all characters are seen."""
    import tomli_w

    def escaped(match: re.Match[str]) -> str:
        return f"\\U{ord(match[1]):08x}" if match[1] else match[0]

    return _CHARACTERS.sub(escaped, tomli_w.dumps(in_unicode(values)))
