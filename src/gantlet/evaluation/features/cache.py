"""Cached arrays on disk: safetensors with a JSON header that says exactly what they were made of."""

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save, save_file

from gantlet.core.errors import CacheError, OutputError
from gantlet.core.files import cache_folder, explained, in_utf8, is_utf8, json_digest, require_regular, writing
from gantlet.core.stamp import differing
from gantlet.core.visible import in_unicode

HEADER = "gantlet"


def cache_path(kind: str, made_of: Mapping[str, Any]) -> Path:
    """Return where arrays made of this are cached: another content, option or version has another name."""
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return cache_folder() / kind / f"{key[:40]}.safetensors"


def store(path: Path, arrays: Mapping[str, np.ndarray], made_of: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Write arrays with their header atomically: of two writers at once one wins whole. Raises OutputError."""
    tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    header: dict[str, Any] = {"made_of": made_of, "facts": facts, "sha256": arrays_digest(tensors)}
    header = json.loads(json.dumps(in_unicode(header)))
    header["header_sha256"] = json_digest(header)
    with writing(path) as temporary, explained(path):
        try:
            metadata = {HEADER: json.dumps(header)}
            if is_utf8(temporary):
                save_file(tensors, temporary, metadata=metadata)
            else:
                temporary.write_bytes(save(tensors, metadata=metadata))
        except SafetensorError as error:  # safetensors hides the cause of a failed write in its text
            raise OSError(str(error)) from error


def keep(path: Path, arrays: Mapping[str, np.ndarray], made_of: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Cache what was computed; where that is not possible warn and go on: a full disk does not undo the work."""
    try:
        store(path, arrays, made_of, facts)
    except OutputError as error:
        warnings.warn(f"not cached: {error}", stacklevel=2)


def load(path: Path, made_of: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Return the arrays and facts cached for ``made_of``, or None where there are none yet.

    Raises: CacheError for a damaged file and for a header that says anything else; nothing is silently reused.
    """
    if not path.exists():
        return None
    try:
        arrays, header, facts = read(path)
    except CacheError as error:
        raise CacheError(f"{error}; delete it, or use --no-cache") from error
    if apart := differing(header, json.loads(json.dumps(in_unicode(made_of)))):
        field, theirs, ours = apart
        raise CacheError(
            f"the cache file {path} was made with {field} = {theirs!r}, expected {ours!r}; delete it, or use --no-cache"
        )
    return arrays, facts


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any], dict[str, Any]]:
    """Return a file's arrays, what they were made of, and its facts; raises CacheError for a damaged file and for any other."""
    require_regular(path)
    try:
        with in_utf8(path) as name, safe_open(name, framework="numpy") as file:
            if HEADER not in (metadata := file.metadata() or {}):
                raise CacheError(f"{path} holds no statistics or features: gantlet did not write it")
            header = json.loads(metadata[HEADER])
            if "tensors_sha256" in header:
                raise CacheError(f"{path} holds no statistics or features: it is a gantlet checkpoint")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        found, facts, digest = header["made_of"], header["facts"], header["sha256"]
        if not (isinstance(found, dict) and isinstance(facts, dict)):
            raise ValueError("its header is of another kind")
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise CacheError(f"the file {path} is damaged, or was not written by gantlet ({error})") from error
    whole = header.pop("header_sha256", None)  # files of earlier versions have none
    if arrays_digest(arrays) != digest or whole not in (None, json_digest(header)):
        raise CacheError(f"the file {path} is damaged (its checksum is wrong)")
    return arrays, found, facts


def arrays_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 over named arrays: names, types, shapes and bytes."""
    whole = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        whole.update(f"{name} {array.dtype} {array.shape}:".encode())
        whole.update(array.reshape(-1).view(np.uint8).data)
    return whole.hexdigest()
