"""How much of a data set is kept out of training, as people write it: 10%, 500, auto or none."""

import re

from gantlet.core.errors import ConfigError

AUTO, NONE = "auto", "none"
USUAL = 0.1
"""The share that is kept out where nothing else is said."""
FEW, MANY = 50, 10_000
"""Images that auto keeps out at least, where they are no more than a fifth (by fewer no verdict is ever good), and at most (as
many as an evaluation draws from a generator)."""
FIFTH = 5
LEAST = 2
"""Images that either part holds at least."""


def checked_share(text: str) -> str:
    """Return a share as it was written; raises ConfigError for anything but a share below 100%, a number, auto or none."""
    if text in (AUTO, NONE) or _number(text) is not None or 0 < (_percent(text) or 0) < 100:
        return text
    raise ConfigError(
        f"held_out: expected a share of the images between 0% and 100% such as 10%, a number of images, auto or none; got {text!r}"
    )


def settled_share(text: str, n: int) -> str:
    """Return what ``auto`` means for n images, as it is written; any other share as it is.

    A tenth; at least `FEW` images, at most `MANY`; none where `FEW` are more than a fifth of all.
    """
    if text != AUTO:
        return checked_share(text)
    if n < FEW * FIFTH:
        return NONE
    tenth = round(USUAL * n)
    return f"{USUAL:.0%}" if FEW <= tenth <= MANY else str(min(max(tenth, FEW), MANY))


def count_out(text: str, n: int, what: str) -> int:
    """Return how many of n images are kept out, by a settled share; 0: none.

    Raises: ConfigError where fewer than two would be kept out, or be left to train on; ``what`` names the data.
    """
    if checked_share(text) in (AUTO, NONE):
        return 0
    number, percent = _number(text), _percent(text)
    kept = number if number is not None else round((percent or 0) / 100 * n)
    if kept < LEAST or n - kept < LEAST:
        raise ConfigError(
            f"held_out = {text} of the {n:,} {what} keeps out {kept:,} and leaves {max(n - kept, 0):,} to train on; expected at "
            f"least {LEAST} of both (none: keep out nothing)"
        )
    return kept


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,14}", text) else None


def _percent(text: str) -> float | None:
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)%", text)
    return float(match[1]) if match else None
