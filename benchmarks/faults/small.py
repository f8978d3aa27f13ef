"""Small valid files of every kind that gantlet reads, made by code, the same in every process."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

N, SIDE = 6, 8


def pixels(n: int = N, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Return n random images [n, SIDE, SIDE, channels] of bytes."""
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE, SIDE, channels), dtype=np.uint8)


def encoded(form: str, mode: str = "RGB", seed: int = 0) -> bytes:
    """Return one small image in a format of Pillow."""
    rgb = Image.fromarray(pixels(1, 3, seed)[0])
    content = io.BytesIO()
    rgb.convert(mode).save(content, form)
    return content.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a .zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return content.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    """Return a .tar archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def npy(array: np.ndarray) -> bytes:
    """Return an array as an .npy file."""
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def pictures(mutated: bytes = b"") -> dict[str, bytes]:
    """Return named PNG files in two classes, the first of them replaced by ``mutated`` where it is given."""
    files = {f"{'ab'[i % 2]}/{i}.png": encoded("PNG", "L", i) for i in range(4)}
    return {**files, "a/0.png": mutated or files["a/0.png"]}


def idx(shape: tuple[int, ...] = (N, SIDE, SIDE)) -> bytes:
    """Return an idx file of bytes."""
    whole = struct.pack(f">I{len(shape)}I", 0x0800 + len(shape), *shape)
    return whole + pixels(N).tobytes()[: int(np.prod(shape))]


def arrays() -> dict[str, np.ndarray]:
    """Return the arrays of a statistics file."""
    return {"part0.n": np.array([9]), "part0.mean": np.arange(3.0), "part0.m2": np.arange(6.0) + 1}


STATISTICS: dict[str, Any] = {
    "kind": "gantlet statistics, version 1",
    "features": "pixels",
    "extractor": {"name": "pixels", "version": "1"},
    "protocol": "",
    "package": "0",
    "sources": [{"spec": "x", "sha256": "ab", "n": 9}],
}
EVENTS = "".join(
    json.dumps(line) + "\n"
    for line in (
        {"event": "log", "step": 1, "images_seen": 8, "seconds": 0.5, "discriminator": 0.7},
        {
            "event": "evaluate",
            "step": 2,
            "score": 1.5,
            "estimates": {"recall": {"value": 0.5, "low": 0.4, "high": 0.6}},
        },
        {"event": "warning", "step": 3, "message": "the discriminator wins"},
    )
)


def make(kind: str, path: Path, run: Path, report: Path) -> None:
    """Write a valid file of one kind; a run and a report are given as folders that the commands made."""
    from gantlet.evaluation.features.cache import store

    if kind in ("cache", "statistics"):
        made_of = STATISTICS if kind == "statistics" else {"extractor": "pixels", "source": "x"}
        store(path, arrays(), made_of, {"n": 9, "bad": []})
        return
    images = {"x": pixels(), "y": np.arange(N), "classes": np.array(list("abcdef"))}
    packed = io.BytesIO()
    np.savez(packed, **images)
    contents = {
        "png": lambda: encoded("PNG"),
        "idx": idx,
        "idx.gz": lambda: gzip.compress(idx(), mtime=0),
        "zip": lambda: zipped(pictures()),
        "tar": lambda: tarred(pictures()),
        "npz": packed.getvalue,
        "npy": lambda: npy(pixels()),
        "checkpoint": (run / "checkpoints" / "final.safetensors").read_bytes,
        "report": (report / "report.json").read_bytes,
        "config": (run / "config.toml").read_bytes,
        "events": (run / "events.jsonl").read_bytes,
    }
    path.write_bytes(contents[kind]())
