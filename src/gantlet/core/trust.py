"""Trust: a string that comes out of a file names neither code nor the network nor a path outside that file's folder.

Checkpoints, statistics files and config.toml hold specs. What a user types may name anything; what a downloaded file
says may name built-in parts and data only, unless the user trusts it (``--trust``, or ``with trust():``).
"""

import contextlib
import re
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from pathlib import Path

from gantlet.core.errors import UntrustedError
from gantlet.core.files import exists
from gantlet.core.plugins import is_reference

_TRUSTED: ContextVar[bool] = ContextVar("trusted", default=False)
_TOKEN = re.compile(r"(?:(\w+)\s*=)?\s*([^\[\]=,+]+)")
"""A name, or a value with its key."""
RUNS_CODE = ("callable", "torchscript")
PATHS = ("path", "root", "folder", "weights", "file")
SOURCE_OPTIONS = ("data", "of", "inputs")
"""The options whose value is a source, which may be the bare name of a folder."""


@contextlib.contextmanager
def trust() -> Iterator[None]:
    """Trust the strings of every file that is read inside the block."""
    token = _TRUSTED.set(True)
    try:
        yield
    finally:
        _TRUSTED.reset(token)


def require_harmless(text: str, file: Path, *, inside: Path | None = None, known: Collection[str] = ()) -> str:
    """Return a spec or source string that a file holds; raises UntrustedError when it names more than built-in parts.

    Args: text: the string; file: where it was read; inside: of a source string, the folder in which its paths and runs
    must lie (None: it may name none); known: names that are built in, whatever files have that name.
    Code: module:attribute, callable, torchscript. Network: hf:…, URLs, model=…. Paths: anything with a slash, an existing
    file or folder, and the values of options that are paths; relative ones are taken from the current folder, as they
    would be opened.
    """
    if not _TRUSTED.get():
        if not text.isprintable():  # NUL ends a path for the system, and half a surrogate is no text
            raise UntrustedError(
                f"{file} says {text!r}, which holds control characters; no part or path has such a name"
            )
        whole = [("", text)] if inside is not None and exists(text) else []  # a folder may be called like a spec
        for key, token in (*whole, *((match[1] or "", match[2].strip()) for match in _TOKEN.finditer(text))):
            if reason := _reason(key, token, inside, known):
                raise UntrustedError(
                    f"{file} says {text!r} and so names {token}, {reason}; a file that may come from somebody else "
                    "does not decide that: look at it and add --trust, or give your own value"
                )
    return text


def require_below(out: str, file: Path) -> None:
    """Raise UntrustedError when a folder that a file names for results lies neither below the file's folder nor below the current one."""
    places = (file.parent.resolve(), Path.cwd())
    if not _TRUSTED.get() and not any(Path(out).resolve().is_relative_to(place) for place in places):
        raise UntrustedError(
            f"{file} says out = {out!r}, which lies neither below its folder nor below the current one; give your own --out, or "
            "look at the file and add --trust"
        )


def _reason(key: str, token: str, inside: Path | None, known: Collection[str]) -> str:
    """Return why a token is not harmless, or ''."""
    if token.startswith("hf:") or token == "huggingface" or "://" in token or key == "model":
        return "which is on the network"
    run = inside is not None and token.startswith("run:")
    path = token.removeprefix("run:") if run else token
    if token in RUNS_CODE or (is_reference(token) and not run):
        return "which runs code"
    opened = (key in SOURCE_OPTIONS or (not key and inside is not None)) and token not in known
    named = run or key in PATHS or bool(re.search(r"[/\\~{}]|^\.", path)) or (opened and exists(path))
    if named and (inside is None or not Path(path).resolve().is_relative_to(inside.resolve())):
        return "a path outside its folder"
    return ""
