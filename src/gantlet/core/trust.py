"""Trust: a string that comes out of a file names neither code nor the network nor a path outside that file's folder.

Checkpoints, statistics files and config.toml hold specs. What a user types may name anything; what a downloaded file
says may name built-in parts and data only, unless the user trusts it (``--trust``, or ``with trust():``).
"""

import contextlib
import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gantlet.core.errors import UntrustedError, UsageError
from gantlet.core.files import exists
from gantlet.core.own_files import is_own
from gantlet.core.plugins import is_reference
from gantlet.core.specs import parse_spec, split_specs

_TRUSTED: ContextVar[bool] = ContextVar("trusted", default=False)
_WORD = re.compile(r"(?:(\w+)\s*=)?\s*([^\[\]=,+@]+)")
"""A name, or a value with its key, whatever stands around it."""
_ROOTED = re.compile(r"[/\\~.]")
YOUR_OWN = "give your own value"
CODE = "which runs code"
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
    would be opened. A file that the user's own training wrote (`is_own`) may name all of these but code.
    """
    if not _TRUSTED.get():
        if not text.isprintable():  # NUL ends a path for the system, and half a surrogate is no text
            raise UntrustedError(
                f"{file} says {text!r}, which holds control characters; no part or path has such a name"
            )
        for key, token, whole in _tokens(text):
            reason = _reason(key, token, inside, known, whole)
            if reason and (reason == CODE or not is_own(file)):
                raise UntrustedError(
                    f"{file} says {text!r} and so names {token}, {reason}; a file that may come from somebody else "
                    f"does not decide that: look at it and add --trust, or {YOUR_OWN}"
                )
    return text


def require_harmless_fields(read: Any, file: Path, *, but: Collection[str] = (), known: Collection[str] = ()) -> None:
    """Raise UntrustedError when a field of a dataclass that was read from a file names more than built-in parts.

    All texts are tested by `require_harmless`, those in lists and tables as well, so that a new field is never forgotten.
    Args: read: as the file says; but: fields that the user gave values of his own, that are tested elsewhere, or not used;
    known: as in `require_harmless`.
    """
    for field in dataclasses.fields(read):
        if field.name not in but:
            for text in _texts(getattr(read, field.name)):
                require_harmless(text, file, known=known)


def require_below(out: str, file: Path) -> None:
    """Raise UntrustedError when a folder that a file names for results lies neither below the file's folder nor below the current one."""
    places = (file.parent.resolve(), Path.cwd())
    if not _TRUSTED.get() and not any(Path(out).resolve().is_relative_to(place) for place in places):
        raise UntrustedError(
            f"{file} says out = {out!r}, which lies neither below its folder nor below the current one; give your own --out, or "
            "look at the file and add --trust"
        )


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts of a value, however deep in lists and tables they lie."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from (*_texts(key), *_texts(entry))
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)


def _tokens(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield (option or '', value, whether it is opened as it stands) of all that a string names.

    These are the names and values that `parse_spec` yields, in specs inside specs too, and the words between all signs.
    """
    waiting, met = [("", text)], set()
    while waiting:
        key, spec = waiting.pop()
        for part in {spec: None, **dict.fromkeys(split_specs(spec))}:
            if (key, part) in met:
                continue
            met.add((key, part))
            try:
                name, options = parse_spec(part)
            except UsageError:
                name, options = part, {}
            if exists(part):  # a folder may be called like a spec
                yield key, part, True
            yield key, name, True
            waiting.extend(options.items())
    yield from ((match[1] or "", match[2].strip(), False) for match in _WORD.finditer(text))


def _reason(key: str, token: str, inside: Path | None, known: Collection[str], whole: bool) -> str:
    """Return why a token is not harmless, or ''."""
    if key == "model" and (exists(token) or _ROOTED.match(token)):
        return "a path outside its folder"
    if token.startswith("hf:") or token == "huggingface" or "://" in token or key == "model":
        return "which is on the network"
    run = token.startswith("run:")
    if token in RUNS_CODE or (is_reference(token) and not (run and inside is not None)):
        return CODE
    path = token.removeprefix("run:")
    opened = whole and (key in SOURCE_OPTIONS or (not key and inside is not None)) and token not in known
    named = run or key in PATHS or bool(re.search(r"[/\\~{}]|^\.", path)) or (opened and exists(path))
    paths = (path, path.rpartition("@")[0]) if run and "@" in path else (path,)  # run:PATH@WEIGHTS
    if named and (inside is None or not all(Path(p).resolve().is_relative_to(inside.resolve()) for p in paths)):
        return "a path outside its folder"
    return ""
