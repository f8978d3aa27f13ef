"""Source strings: the kind of source that a text names, and the function that opens it."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gantlet.core.calls import called
from gantlet.core.errors import DataError, TooFewSamples, UsageError, nearest
from gantlet.core.files import as_path, exists
from gantlet.core.plugins import find_attribute
from gantlet.core.specs import parse_spec, typed_options
from gantlet.core.words import counted
from gantlet.data.statistics_file import StatisticsSource

if TYPE_CHECKING:
    from gantlet.data.kinds import Source
    from gantlet.data.source import ImageSource
from gantlet.data import SOURCES

_BY_SUFFIX = {".zip": "zip", ".tar": "tar", ".tgz": "tar", ".npz": "npz", ".npy": "npy", ".safetensors": "statistics"}


_SHARDS = re.compile(r".*\{\d+\.\.\d+\}.*\.tar")


_HUB = re.compile(r"hf:(?P<path>[^\[\]]+)\[(?P<split>[^\[\]=,]+)\]")


_IDX = re.compile(r".*(idx\d-ubyte|\.idx)(\.gz)?")


_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@called
def open_source(text: str | Path, *, n: int = 0, seed: int = 0) -> "Source":
    """Open the source that a source string names: a built-in name, a path, hf:…, run:PATH or module:function, with options.

    Args: text: e.g. ``digits``, ``mnist[root=DIR,split=test]``, ``photos/``, ``fakes.zip[labels=none]``,
    ``hf:owner/name[test]``, ``run:RUN@ema``; n, seed: for sources that generate their images (run, callable), unless the
    text sets them.
    Returns: the opened source, of at least two images or points.
    Raises: UsageError for an unknown name or option; DataError for a missing path or unusable data; TooFewSamples.
    """
    source = opened(text, n, seed)
    if len(source) < source.least:
        raise TooFewSamples(f"{source.spec} holds {counted(len(source), source.kind[:-1])}; expected at least two")
    return source


def opened(text: str | Path, n: int = 0, seed: int = 0) -> "Source":
    """Open a source as `open_source` does, of a single image too."""
    text = str(as_path(text, "a source")) if not isinstance(text, str) or not text.strip() else text
    kind, options = resolve_source(text)
    entry = SOURCES.entry(kind)
    arguments = typed_options(f"data source {kind!r}", entry.object, options)
    if entry.meta.generated:
        arguments = {"n": n, "seed": seed} | arguments
    for name, parameter in inspect.signature(entry.object).parameters.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise UsageError(f"data source {kind!r} needs the option {name}: {kind}[{name}=…]")
    source: Source = entry.object(**arguments)
    named = text == kind or text.startswith(f"{kind}[")
    if named and "path" not in options and exists(kind) and not isinstance(source, StatisticsSource):
        note = f"{kind} is the built-in data source; for the file or folder of this name write ./{kind}"
        source = dataclasses.replace(source, notes=(*source.notes, note))
    return source


def open_images(text: str) -> "ImageSource":
    """Open a source as `open_source` does, for callers that need images; raises DataError for points."""
    from gantlet.data.kinds import require_images

    return require_images(open_source(text), "this")


def resolve_source(text: str) -> tuple[str, dict[str, str]]:
    """Return the kind of source and its options, including the path."""
    if exists(text) and text not in SOURCES:
        return _kind_of_path(text), {"path": text}
    path, which = _split_weights(text.removeprefix("run:"))
    if text.startswith("run:") and which.isalpha() and exists(path):  # whatever characters its name has
        return "run", {"path": path, "which": which}
    hub = _HUB.fullmatch(text)
    name, options = (f"hf:{hub['path']}", {"split": hub["split"]}) if hub else parse_spec(text)
    if name in SOURCES:
        return name, options
    kind, form_options = _by_form(name)
    if kind:
        return kind, {**form_options, **options}
    if exists(name):
        # options ask for the images of an .npz that holds moments too; a statistics file takes none
        images = Path(name).is_file() and Path(name).suffix.lower() == ".npz" and options
        return "npz" if images else _kind_of_path(name), {"path": name, **options}
    if "/" in name or Path(name).suffix.lower() in _BY_SUFFIX or _IDX.fullmatch(name):
        raise DataError(f"there is no file or folder {name!r}; check the path")
    raise UsageError(
        f"there is no file or folder {name!r}, and no data source of this name{nearest(name, _by_name_alone())}; a source is one of "
        "these names, a folder, a .zip, .tar, .npz, .npy or idx file, hf:owner/name, run:PATH, or module:function"
    )


def _by_name_alone() -> list[str]:
    """Return the names of the sources that need no path: what a word that is no path may have meant."""
    return [
        entry.name
        for entry in SOURCES.entries()
        if all(p.default is not p.empty for p in inspect.signature(entry.object).parameters.values())
    ]


def _by_form(name: str) -> tuple[str, dict[str, str]]:
    """Return the kind that follows from the form of a name, with its options; or ''."""
    if name.startswith("run:"):
        path, which = _split_weights(name.removeprefix("run:"))
        return "run", {"path": path, "which": which}
    if name.startswith("hf:"):
        return "huggingface", {"path": name.removeprefix("hf:")}
    if _SHARDS.fullmatch(name):
        return "tar", {"path": name}
    if _FUNCTION.fullmatch(name) and not exists(name):
        registered = SOURCES.registered(find_attribute(name))
        return (registered.name, {}) if registered else ("callable", {"path": name})
    return "", {}


def _kind_of_path(path: str) -> str:
    if Path(path).is_dir():
        return "folder"
    suffix = ".tar" if path.lower().endswith((".tar.gz", ".tar.xz", ".tar.bz2")) else Path(path).suffix.lower()
    if suffix == ".npz":
        from gantlet.data.statistics_file import holds_moments

        return "statistics" if holds_moments(path) else "npz"
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if _IDX.fullmatch(Path(path).name):
        return "idx"
    raise UsageError(f"cannot tell what {path!r} is; expected a folder, a .zip, .tar, .npz, .npy or idx file")


def _split_weights(path: str) -> tuple[str, str]:
    folder, at, which = path.rpartition("@")
    return (path, "newest") if not at or exists(path) else (folder, which)
