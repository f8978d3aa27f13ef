"""Is each file whole? The content of every file under a folder, by the product's own readers, without times."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gantlet.core.locks import PART

TIMED = ("seconds", "header_sha256", "sha256")


def tree(folder: Path) -> dict[str, str]:
    """Return the digest of each file's content by its path; raises the reader's error for a file that is not whole.

    Not read: unfinished files, locks, temporary files, TensorBoard's own files.
    """
    contents = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        inner = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not inner and not name.startswith("tmp/") and "tfevents" not in name:
            content = READERS.get(path.suffix, _bytes)(path)
            contents[name] = hashlib.sha256(repr(content).encode()).hexdigest()[:16]
    return contents


def unfinished(folder: Path) -> list[Path]:
    """Return the unfinished files and folders that killed processes left."""
    return [path for path in sorted(folder.rglob(f".*{PART}")) if "tmp" not in path.relative_to(folder).parts[:1]]


def timeless(value: Any) -> Any:
    """Return plain values without the seconds among them, and without the digests over them."""
    if isinstance(value, dict):
        return {key: timeless(entry) for key, entry in value.items() if key not in TIMED}
    return [timeless(entry) for entry in value] if isinstance(value, list | tuple) else value


def tensors(path: Path) -> Any:
    """Return the content of a checkpoint, cache or statistics file."""
    if path.parent.name == "checkpoints":
        from gantlet.training.runs.tensors import read_tensors

        return timeless(read_tensors(path)[1])  # holds the tensors' digest, which was checked
    from gantlet.evaluation.features.cache import arrays_digest, read

    arrays, made_of, facts = read(path)
    return arrays_digest(arrays), made_of, timeless(facts)


def images(path: Path) -> Any:
    """Return what a source of images, points or moments holds; an image that cannot be decoded counts as its reason."""
    from gantlet.data.decode import Undecodable
    from gantlet.data.opening import open_source
    from gantlet.data.points import PointSource

    source: Any = open_source(str(path))
    if source.kind == "statistics":
        from gantlet.evaluation.features.statistics_file import read_statistics

        moments = read_statistics(path).summary.moments
        return moments.mean.tolist(), moments.cov.tolist()
    if isinstance(source, PointSource):
        return source.points.tolist()
    pictures: list[str] = []
    for i in range(len(source)):
        try:
            pixels = source.read(i)
            pictures.append(f"{pixels.shape} {hashlib.sha256(pixels.tobytes()).hexdigest()}")
        except Undecodable as error:
            pictures.append(f"undecodable: {error.reason}")
    labels = None if source.labels is None else source.labels.tolist()
    return list(source.names), pictures, labels, list(source.classes)


def picture(path: Path) -> Any:
    """Return the pixels of one image."""
    from gantlet.data.decode import decode

    pixels = decode(path)
    return pixels.shape, hashlib.sha256(pixels.tobytes()).hexdigest()


def _json(path: Path) -> Any:
    text = path.read_text()
    if path.name.startswith("report"):
        from gantlet.core.results.report import Report

        Report.from_json(text)
    return timeless(json.loads(text))


def _events(path: Path) -> Any:
    from gantlet.training.runs.events import read_events

    return timeless(read_events(path.parent))


def _config(path: Path) -> Any:
    from gantlet.core.config import TrainConfig

    return TrainConfig.from_toml(path)


def _page(path: Path) -> Any:
    text = path.read_text()
    assert text.rstrip().endswith("</html>"), f"{path} is cut short"
    return "page"


def _text(path: Path) -> Any:
    return [line for line in path.read_text().splitlines() if "seconds" not in line]


def _bytes(path: Path) -> Any:
    return path.read_bytes()


READERS: dict[str, Callable[[Path], Any]] = {
    ".safetensors": tensors,
    ".json": _json,
    ".jsonl": _events,
    ".toml": _config,
    ".html": _page,
    ".md": _text,
    ".png": picture,
    ".gif": picture,
    ".zip": images,
    ".npz": images,
    ".npy": images,
}
