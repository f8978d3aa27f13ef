"""The entry point: find the command, run it, turn errors into one line and an exit status."""

import contextlib
import errno
import sys
import warnings
from collections.abc import Sequence

from gantlet.cli.parse import PROGRAM, Stop
from gantlet.core.errors import (
    OR_SKIP,
    ConfigError,
    GantletError,
    OutputError,
    UnknownName,
    UsageError,
    is_out_of_memory,
)
from gantlet.core.limits import limit
from gantlet.core.processes import processes_started, rank, tell
from gantlet.core.trust import trust
from gantlet.core.visible import show_all, visible

DISTRIBUTED = ("train", "evaluate", "compare")
"""Commands that can run in several processes under torchrun."""
BOUNDED = ("evaluate", "compare", "stats")
"""Commands with the option --memory."""
SKIPPING = ("train", *BOUNDED)
"""Commands with the option --on-bad."""
TRUST, LIMIT = "--trust", "--limit"
"""Options of every command."""
LOST = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
"""Errors of writing that are no fault of the command."""
ABOUT_TRUST = f"{TRUST}: use what a run, a statistics file or a config.toml names (code, the network, paths elsewhere); look first.\n"
ABOUT_LIMIT = f"{LIMIT} 16GB: what one file may expand to in memory (4GB), and images in proportion.\n"

ABOUT_STATUS = "exit status: 0 done, 1 failed, 2 usage error, 3 gate not met, 4 gate undefined, 130 interrupted.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 success, 1 failure, 2 usage error, 3 and 4 of a gate, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        words, size = _split_limit(words)
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            stack.enter_context(trust() if TRUST in words else contextlib.nullcontext())
            stack.enter_context(limit(size) if size else contextlib.nullcontext())
            warnings.showwarning = _print_warning
            return _run([word for word in words if word != TRUST])
    except Stop as stop:
        return stop.exit_status
    except GantletError as error:
        if tell(str(error)):  # the same error may be raised in all processes
            _write_error(str(error) if words[0] in SKIPPING else str(error).replace(OR_SKIP, ""))
        return error.exit_status
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        option = " or --memory 500MB" if words[0] in BOUNDED else ""
        _print_error(
            f"there is not enough memory ({_first_line(error)}); ask for fewer images or smaller batches{option}"
        )
        return 1
    except KeyboardInterrupt:
        _print_error("interrupted; finished files are intact and nothing was left half-written")
        return 130


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _split_limit(words: list[str]) -> tuple[list[str], str]:
    """Return the words without ``--limit SIZE``, and the size; raises UsageError where it is missing."""
    rest, size = [], ""
    for word in (remaining := iter(words)):
        name, equals, value = word.partition("=")
        if name != LIMIT:
            rest.append(word)
        elif not (size := value if equals else next(remaining, "")):
            raise UsageError(f"{LIMIT} needs a size, e.g. {LIMIT} 16GB")
    return rest, size


def _run(words: list[str]) -> int:
    """Run one command and see its output through; raises OutputError where that is not possible."""
    if sys.stdout is None:
        raise OutputError("standard output is closed, so the result would be lost; leave it open, or send it to a file")
    show_all(sys.stdout)
    try:
        status = _dispatch(words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has enough
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.filename is not None and error.strerror:
            raise OutputError(f"{error.filename}: {error.strerror}; choose another path") from error
        if error.errno not in LOST:
            raise
        with contextlib.suppress(OSError):
            sys.stdout.close()
        raise OutputError(f"the result could not be printed: {error.strerror}") from error
    return status


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    _print_error(f"warning: {message}")


def _print_error(text: str) -> None:
    if rank() == 0:
        _write_error(text)


def _write_error(text: str) -> None:
    line = visible(text).replace("\n", "\\n")  # a name with a line feed forges no second line
    sys.stderr.write(f"{PROGRAM}: {line}\n")


def _dispatch(words: list[str]) -> int:
    from gantlet.cli.commands import COMMANDS

    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_help())
        return 0 if words else 2
    if words[0] == "--version":
        from gantlet.core.version import __version__

        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        raise UnknownName("command", words[0], COMMANDS)
    if processes_started() > 1 and words[0] not in DISTRIBUTED:
        raise ConfigError(
            f"gantlet {words[0]} runs in one process; start it without torchrun (commands for several processes: {', '.join(DISTRIBUTED)})"
        )
    return COMMANDS[words[0]](words[1:]) or 0


def _help() -> str:
    from gantlet.cli.commands import COMMANDS

    commands = "".join(
        f"  {name:<11} {(command.__doc__ or '').splitlines()[0]}\n" for name, command in COMMANDS.items()
    )
    return (
        f"usage: {PROGRAM} COMMAND …\n\n{commands}\n`{PROGRAM} COMMAND --help` lists a command's options.\n"
        + ABOUT_TRUST
        + ABOUT_LIMIT
        + ABOUT_STATUS
    )
