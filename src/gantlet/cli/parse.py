"""Parse command-line words into dataclasses with tyro; a misspelt option fails with one sentence and the nearest name."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any

from gantlet.core.errors import GantletError, UnknownName, UsageError

PROGRAM = "gantlet"


class Stop(GantletError):
    """The parser has printed its own message (or the help)."""

    def __init__(self, status: int) -> None:
        super().__init__("")
        self.exit_status = status


def positional(words: list[str], command: str, what: str) -> tuple[str, list[str]]:
    """Return the first word and the rest; raises UsageError when it is an option or missing."""
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    raise UsageError(f"{PROGRAM} {command} needs {what}; see {PROGRAM} {command} --help")


def peek(words: Sequence[str], option: str) -> str | None:
    """Return the value of one option before the words are parsed, for defaults that depend on it."""
    result = None
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == option:
            result = value if equals else next(iter(words[place + 1 :]), None)
    return result


def gathered(words: Sequence[str], option: str) -> list[str]:
    """Return the words with the values of an option that was repeated behind it once: ``--fail-if A --fail-if B`` → ``--fail-if A B``.

    Raises: UsageError for the option without a value, as an unset variable of the shell leaves it.
    """
    rest, values = list[str](), list[list[str]]()
    taking = False
    for word in words:
        name, equals, value = word.partition("=")
        if name == option:
            values.append([value] if equals else [])
            taking = not equals
        elif taking and not word.startswith("--"):
            values[-1].append(word)
        else:
            taking = False
            rest.append(word)
    if not all(values):
        raise UsageError(f"{option} needs a value in quotes (an unset variable of the shell?)")
    return [*rest, option, *(value for each in values for value in each)] if values else rest


def parse(command: str, words: list[str], *kinds: Any, argument: str = "") -> list[Any]:
    """Parse options into dataclasses; ``kinds`` are types, or instances that hold the defaults.

    Raises: UnknownName for an option that none of them has; Stop after tyro printed a message or the help.
    """
    import tyro

    _check(command, words, [field.name for kind in kinds for field in dataclasses.fields(kind)])
    types = [kind if isinstance(kind, type) else type(kind) for kind in kinds]
    parts: list[Any] = []
    for index, (kind, type_) in enumerate(zip(kinds, types, strict=True)):
        part = (f"part{index}", Annotated[type_, tyro.conf.arg(name="")])
        parts.append(part if isinstance(kind, type) else (*part, dataclasses.field(default=kind)))
    whole = dataclasses.make_dataclass("Options", parts, frozen=True, kw_only=True)
    prog = " ".join(filter(None, (PROGRAM, command, argument)))
    try:
        parsed: Any = tyro.cli(whole, args=words, prog=prog, description=types[0].__doc__)
    except SystemExit as stop:
        raise Stop(int(stop.code or 0)) from None
    return [getattr(parsed, f"part{index}") for index in range(len(kinds))]


def _check(command: str, words: Sequence[str], fields: Sequence[str]) -> None:
    options = [f"--{name.replace('_', '-')}" for name in fields]
    accepted = {"--help", "--", *options, *(option.replace("--", "--no-", 1) for option in options)}
    if peek(words, "--out") == "":
        raise UsageError("--out is empty; give a folder or a file (an unset variable of the shell?)")
    for word in words:
        option = word.split("=")[0].replace("_", "-")
        if option.startswith("--") and option not in accepted:
            raise UnknownName(f"option of {PROGRAM} {command}:", option, options)
