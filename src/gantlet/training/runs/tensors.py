"""The file format of checkpoints: safetensors with a JSON header; nothing is pickled, damage is detected."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from gantlet.core.errors import CheckpointError, DataError
from gantlet.core.files import in_utf8, json_digest, require_regular, writing
from gantlet.core.visible import json_text

T = TypeVar("T")
FORMAT = 2
"""Written; format 1 had no digest of its header and is still read."""


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over names, dtypes, shapes and bytes of tensors, in hexadecimal; memory layout does not
    matter.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def weights_digest(module: nn.Module) -> str:
    """Return the SHA-256 of a module's parameters and buffers: equal exactly when all weights are bit-identical."""
    return tensors_digest(module.state_dict())


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write tensors and a JSON header atomically; raises OutputError."""
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    described = {**header, "format": FORMAT, "tensors_sha256": tensors_digest(plain)}
    described = json.loads(json_text(described))
    described["header_sha256"] = json_digest(described)
    content = save(plain, metadata={"gantlet": json.dumps(described, allow_nan=False)})
    with writing(path) as temporary:
        temporary.write_bytes(content)


def read_header(path: Path) -> dict[str, Any]:
    """Return the JSON header alone; raises CheckpointError when the file is damaged or is no checkpoint."""
    from safetensors import SafetensorError, safe_open

    if path.exists():
        try:
            require_regular(path)
        except DataError as error:
            raise CheckpointError(str(error)) from error
    try:
        with in_utf8(path) as name, safe_open(name, framework="pt") as file:
            metadata = file.metadata() or {}
        header: dict[str, Any] = json.loads(metadata["gantlet"])
        version, digest = header["format"], header.pop("header_sha256", None)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged or is not a gantlet checkpoint ({error})") from error
    if version not in (1, FORMAT):
        raise CheckpointError(f"{path} has format {version}; this gantlet reads formats 1 and {FORMAT}")
    if digest != json_digest(header) and (digest is not None or version != 1):
        raise CheckpointError(f"{path} is damaged (the SHA-256 of its header differs from the one that it holds)")
    return header


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return tensors and header, checked against the digest; raises CheckpointError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    header = read_header(path)
    try:
        with in_utf8(path) as name:
            tensors: dict[str, Tensor] = load_file(name)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged ({error})") from error
    if tensors_digest(tensors) != header.get("tensors_sha256"):
        raise CheckpointError(f"{path} is damaged (the SHA-256 of its tensors differs from its header)")
    return tensors, header


def part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors of one part, ``name/…``, under their own names."""
    return {key[len(name) + 1 :]: tensor for key, tensor in tensors.items() if key.startswith(f"{name}/")}


def unchanged(run: Path, read: Callable[[], T]) -> T:
    """Return what ``read`` returns; again where it failed while a training beside it wrote or removed checkpoints."""
    while True:
        before = _listing(run)
        try:
            return read()
        except CheckpointError:
            if _listing(run) == before:
                raise


def _listing(run: Path) -> dict[str, tuple[int, int]]:
    """Return the names of a run's checkpoints, each with its inode and time."""
    found = {}
    for path in (run / "checkpoints").glob("*.safetensors"):
        with contextlib.suppress(OSError):
            status = path.stat()
            found[path.name] = status.st_ino, status.st_mtime_ns
    return found
