"""Limits: what one file may take in memory when it is read, checked while reading and not by the file's own word.

An array or a table that lies unpacked on disk may always be read: a file takes what it is. What a file expands to, and an
image, are bounded: ``--limit 16GB`` (in Python: ``with gantlet.core.limits.limit("16GB")``) raises all bounds in proportion.
"""

import contextlib
from collections.abc import Iterator

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.words import counted

DEFAULT = 2**32
"""Bytes that one file may expand to."""
PER_IMAGE = 8
"""An image file may have one eighth of it: 512 MB."""
PER_PIXEL = 48
"""An image may have one pixel for so many bytes of it: 89,478,485 pixels, Pillow's own limit."""
UNITS = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "KB": 10**3, "B": 1, "": 1}

_now = [DEFAULT]
"""The limits in force, the last one counts: those of nested blocks, in all threads."""


@contextlib.contextmanager
def limit(size: str | int) -> Iterator[None]:
    """Let one file expand to ``size`` (``16GB`` or bytes) inside the block, in all threads; raises ConfigError."""
    _now.append(read_size(str(size), "limit"))
    try:
        yield
    finally:
        _now.pop()


def most() -> int:
    """Return the bytes that one file may expand to."""
    return _now[-1]


def most_per_image() -> int:
    """Return the bytes that the file of one image may have."""
    return most() // PER_IMAGE


def most_pixels() -> int:
    """Return the pixels that one image may have."""
    return most() // PER_PIXEL


def within(size: int, what: str, held: int = 0) -> None:
    """Raise DataError when ``what`` would take ``size`` bytes, more than one file may, and more than the ``held`` on disk."""
    if size > max(most(), held):
        raise DataError(
            f"{what} would take {counted(size, 'byte')}; a file may expand to {most():,}: it lies about its size, or raise the limit "
            f"with --limit {-(-size // 10**9)}GB"
        )


def read_size(text: str, name: str) -> int:
    """Read ``2GB``, ``500MB`` or a number of bytes, at least 10 MB; raises ConfigError."""
    plain = text.strip().upper()
    number = plain.rstrip("BKMGT")
    try:
        amount = int(float(number) * UNITS[plain[len(number) :].strip()])
    except (ValueError, KeyError, OverflowError):
        raise ConfigError(f"{name} must look like 2GB or 500MB; got {text!r}") from None
    if amount < 10**7:
        raise ConfigError(f"{name} must be at least 10MB; got {text!r}")
    return amount


def memory_bytes(text: str) -> int:
    """Read ``2GB``, ``500MB`` or a number of bytes; raises ConfigError."""
    return read_size(text, "memory")
