"""Trust: a string that comes out of a file names neither code nor the network nor a path outside that file's folder.

Checkpoints, statistics files and config.toml hold specs. What a user types may name anything; what a downloaded file
says may name built-in parts and data only, unless the user trusts it (``--trust``, or ``with trust():``).
"""

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from gantlet.core.errors import UntrustedError

_TRUSTED: ContextVar[bool] = ContextVar("trusted", default=False)
_CODE = re.compile(r"(?:^|[\[=,+])\s*([A-Za-z_]\w*(?:\.\w+)*:[A-Za-z_]\w*)")
_RUNS_CODE = re.compile(r"(?:^|[\[=,+])\s*(callable|torchscript)\b")
_NETWORK = re.compile(r"(?:^|[\[=,+])\s*(hf:[^\[\],]*|huggingface\b|\w+://[^\[\],]*)|\bmodel=([^\[\],]+)")
_PATH = re.compile(r"(?:^|[\[=,+])\s*(?:run:)?([^\[\]=,+]*[/\\][^\[\]=,]*|~[^\[\],]*|\.\.[^\[\],]*)")
_PATH_OPTION = re.compile(r"\b(?:path|root|folder|weights|file)=([^\[\],]+)")


@contextlib.contextmanager
def trust() -> Iterator[None]:
    """Trust the strings of every file that is read inside the block."""
    token = _TRUSTED.set(True)
    try:
        yield
    finally:
        _TRUSTED.reset(token)


def require_harmless(text: str, file: Path, *, inside: Path | None = None) -> str:
    """Return a spec or source string that a file holds; raises UntrustedError when it names more than built-in parts.

    Args: text: the string; file: where it was read; inside: the folder in which paths may lie (None: none may).
    Code: module:attribute, callable, torchscript. Network: hf:…, URLs, model=…. Paths: anything with a slash, an existing
    file or folder, and the values of path=, root=, folder=, weights= and file=.
    """
    if _TRUSTED.get():
        return text
    plain = re.sub(r"\brun:", "", text)
    if match := _CODE.search(re.sub(r"\bhf:", "", plain)) or _RUNS_CODE.search(text):
        raise UntrustedError(_sentence(file, text, f"{match.group(1)}, which runs code"))
    if match := _NETWORK.search(text):
        raise UntrustedError(
            _sentence(file, text, f"{(match.group(1) or match.group(2)).strip()}, which is on the network")
        )
    for path in _paths(text):
        if inside is None or not (inside / path).resolve().is_relative_to(inside.resolve()):
            raise UntrustedError(_sentence(file, text, f"the path {path} outside its folder"))
    return text


def _paths(text: str) -> list[str]:
    name = text.partition("[")[0].strip().removeprefix("run:")
    found = [match.group(1).strip() for match in (*_PATH.finditer(text), *_PATH_OPTION.finditer(text))]
    return [*found, *([name] if name and "run:" in text[:4] else [])]


def _sentence(file: Path, text: str, what: str) -> str:
    return (
        f"{file} says {text!r} and so names {what}; a file that may come from somebody else does not decide that: look at "
        "it and add --trust, or give your own value"
    )
