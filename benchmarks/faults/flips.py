"""Flips: one random bit of a file of each kind is turned, and the file is read by gantlet's own reader.

Held: it is refused in one sentence, or read as before. Images and arrays that have no checksum of their own (bmp-like pixels
of idx, tar, npy) may change unseen, as may texts that people write (config.toml, events.jsonl): that is counted, and no
fault. A checkpoint, cache, statistics file or report that says something else is a fault.
"""

import hashlib
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from . import whole
from .forked import in_child
from .fuzz import LIMIT, MEMORY
from .small import make

NAMES = {
    "checkpoint": "checkpoints/final.safetensors", "cache": "x.safetensors", "statistics": "y.safetensors", "report": "report.json",
    "config": "config.toml", "events": "events.jsonl", "npz": "x.npz", "npy": "x.npy", "zip": "x.zip", "tar": "x.tar", "png": "x.png",
    "idx": "x-images-idx3-ubyte", "idx.gz": "x-images-idx3-ubyte.gz",
}  # fmt: skip
OURS = ("checkpoint", "cache", "statistics", "report")


def tasks(flips: int) -> list[dict[str, Any]]:
    """Return one task a kind."""
    return [{"kind": kind, "flips": flips} for kind in NAMES]


def reader(kind: str) -> Callable[[Path], Any]:
    """Return what reads a kind as a user's command would."""
    if kind == "statistics":
        from gantlet.evaluation.features.statistics_file import read_statistics

        def statistics(path: Path) -> Any:
            read = read_statistics(path)
            return read.header, [(part.n, part.mean.tolist(), part.m2.tolist()) for part in read.summary.parts]

        return statistics
    if kind == "checkpoint":
        from gantlet.training.runs.generator import load_generator

        def checkpoint(path: Path) -> Any:
            loaded = load_generator(path.parent.parent)
            return loaded.digest, loaded.config, loaded.step, loaded.classes, loaded.sample(2).tolist()

        return checkpoint
    if kind == "report":
        from gantlet.actions.report import load_report

        return load_report
    return whole.READERS.get(Path(NAMES[kind]).suffix, whole.images)


def measure(kind: str, flips: int, place: Path) -> dict[str, Any]:
    """Turn ``flips`` bits, one at a time, of one kind of file in a folder that holds ``run`` and ``rep``."""
    folder = place / "flips"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.toml").touch()
    path = folder / NAMES[kind]
    make(kind, path, place / "run", place / "rep")
    content = path.read_bytes()
    before = _read(kind, path)
    assert before[0] == "read", before
    counts: Counter[str] = Counter()
    faults = []
    for number in range(flips):
        bit = Random(f"{kind} {number}").randrange(8 * len(content))
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        what, digest = _read(kind, path)
        if what == "read":
            what = "unchanged" if digest == before[1] else "changed unseen"
        counts[what] += 1
        if what in ("traceback", "hung", "crash") or (what == "changed unseen" and kind in OURS):
            faults.append(f"byte {bit // 8} bit {bit % 8}: {what} {digest}"[:300])
    return {"bytes": len(content), **counts, "held": not faults, "faults": faults}


def _read(kind: str, path: Path) -> tuple[str, str]:
    """Return what came of reading a file in a child: read (with the content's digest), refused or a fault."""

    def work() -> int:
        from gantlet.core.errors import GantletError

        signal.alarm(0)
        os.chdir(path.parents[0])
        try:
            content = reader(kind)(path)
        except GantletError as error:
            sys.stdout.write(str(error)[:200])
            return 1
        if "undecodable: " in repr(content):
            return 1
        sys.stdout.write(hashlib.sha256(repr(content).encode()).hexdigest())
        return 0

    ended = in_child(work, limit=LIMIT, memory=MEMORY)
    if ended.hung:
        return "hung", ""
    names = {0: "read", 1: "refused"}
    return names.get(ended.status, "traceback" if ended.traceback else "crash"), ended.out or ended.err[-250:]
