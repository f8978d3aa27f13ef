"""The errors that gantlet raises on purpose: each states the expectation, the actual value, and a remedy."""

import difflib
from collections.abc import Iterable, Sequence

from gantlet.core.words import counted


class GantletError(Exception):
    """Base of every error meant for the user; the command line prints it as one line, without a traceback."""

    exit_status = 1


class UsageError(GantletError):
    """The call itself is wrong: an unknown name, option or combination. Exit status 2."""

    exit_status = 2


class UnknownName(UsageError):
    """A name that no registry entry, field or option has."""

    def __init__(self, kind: str, name: str, choices: Iterable[str], where: str = "") -> None:
        """Say so in words; ``where``: what shows the names, where there are many: a command."""
        self.kind, self.name, self.choices = kind, name, sorted(choices)
        super().__init__(f"unknown {kind} {name!r}{nearest(name, self.choices, where)}")


class NoSuchItem(UsageError, IndexError):
    """An image or point whose number is none of those that there are."""


class ConfigError(UsageError):
    """A configuration whose parts are incompatible, or a value out of range."""


class RegistrationError(GantletError, ValueError):
    """A part that violates the contract of its registry: something undeclared, misspelt, missing or given twice."""


class UntrustedError(GantletError):
    """A file names code, the network or a path outside its folder, and the user does not trust it."""


class DataError(GantletError):
    """Images or labels that cannot be used as they are."""


class UnreadableFile(DataError):
    """A file that cannot be read; ``reason`` says why without its path."""

    def __init__(self, path: object, reason: str, sentence: str = "") -> None:
        self.reason = reason
        super().__init__(sentence or f"{path}: {reason}")


OR_SKIP = ", or omit them with --on-bad skip"
"""Advice for the commands that have this option."""


class BadFiles(DataError):
    """Files that could not be decoded: all of them, by name."""

    def __init__(self, source: str, files: Sequence[tuple[str, str]], total: int) -> None:
        self.source, self.files = source, list(files)
        listing = "; ".join(f"{name} ({reason})" for name, reason in self.files)
        super().__init__(
            f"{source}: {len(self.files)} of {counted(total, 'file')} could not be decoded: {listing}. "
            f"Remove or repair them{OR_SKIP}"
        )


class ShapeError(GantletError):
    """An array whose shape or dtype is not the documented one."""


class MetricFailed(GantletError):
    """A metric raised an error of its own instead of a number or a reason."""


class TooFewSamples(GantletError):
    """Fewer samples than the formula needs."""


class NonFiniteError(GantletError):
    """NaN or infinity where a finite number is needed."""


class CheckpointError(GantletError):
    """A checkpoint or run folder that is damaged, missing, or belongs to another configuration."""


class CacheError(GantletError):
    """A cache or statistics file that is damaged or comes from another extractor, preprocessing or version."""


class WeightsError(GantletError):
    """Pretrained weights that are missing, truncated or have another digest."""


class OutputError(GantletError):
    """Something could not be written: disk full, folder read-only."""


class TrainingDiverged(GantletError):
    """A loss, gradient or weight of a training run became NaN or infinite; the last good checkpoint is kept."""


class MemoryExhausted(GantletError):
    """A training step that does not fit into the memory of its device; the last checkpoint is kept."""


NO_MEMORY = ("can't allocate memory", "out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory is exhausted; torch says so by a RuntimeError with these words."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)


class Interrupted(GantletError):
    """The user stopped the work (ctrl-C); the message says how to continue."""


class PeerLost(GantletError):
    """Another process under torchrun stands still or has ended, so that the work of all ends."""


def closest(name: str, choices: Sequence[str]) -> str:
    """Return the end of a sentence: the closest known name, or nothing where none is close."""
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


FEW = 20
"""So many names are listed where none is close; more are counted, where a command shows them."""
SHORTEST = 3
"""Letters of a word that may stand for a name that begins with it."""


def nearest(name: str, choices: Sequence[str], where: str = "") -> str:
    """Return the end of an error sentence: up to three names that are close, else all of them, or how many there are.

    Names that begin with the word come first. Upper and lower case, - and _ are the same. ``where``: what shows the names, where
    there are many.
    """
    folded = {choice.lower().replace("_", "-"): choice for choice in choices}
    wanted = str(name).lower().replace("_", "-")
    close = [choice for word, choice in folded.items() if len(wanted) >= SHORTEST and word.startswith(wanted)][:3]
    close = close or [folded[match] for match in difflib.get_close_matches(wanted, folded, n=1, cutoff=0.5)]
    close += [
        folded[match]
        for match in difflib.get_close_matches(wanted, folded, n=3, cutoff=0.6)
        if folded[match] not in close
    ][: 3 - len(close)]
    if close:
        others = f" (or {' or '.join(map(repr, close[1:]))})" if close[1:] and wanted not in folded else ""
        return f"; did you mean {close[0]!r}{others}?"
    if where and len(choices) > FEW:
        return f"; none of {counted(len(choices), 'name')} is close: {where} shows them"
    return f"; known: {', '.join(choices)}" if choices else "; none is registered"
