"""Fuzzing: every input is a function of target, batch and index, so that each find can be made again."""

import contextlib
import hashlib
import json
import mmap
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from .forked import in_child
from .small import make
from .targets import TARGETS

BATCH = 200
LIMIT = 20
"""Seconds of one execution at most."""
MEMORY = 2 * 2**30
"""Bytes that a batch may take beyond what the parent has."""


class TooLong(BaseException):
    """An execution took more than LIMIT seconds."""


def tasks(executions: int) -> list[dict[str, Any]]:
    """Return the batches of ``executions`` over all targets by their shares, interleaved."""
    total = sum(target.share for target in TARGETS.values())
    batches = {name: max(1, round(executions * target.share / total / BATCH)) for name, target in TARGETS.items()}
    listed = [((i + 0.5) / n, name, i) for name, n in batches.items() for i in range(n)]
    return [{"target": name, "batch": i} for _, name, i in sorted(listed)]


def made(target: str, batch: int, index: int) -> bytes | str:
    """Return one input."""
    return TARGETS[target].make(Random(f"{target} {batch} {index}"))


def measure(target: str, batch: int, place: Path) -> dict[str, Any]:
    """Run one batch in a child, in a folder that holds ``run`` and ``rep``; return counts and finds."""
    at = mmap.mmap(-1, 8)
    with tempfile.TemporaryDirectory() as scratch:
        ended = in_child(lambda: _batch(target, batch, Path(scratch), place, at), limit=LIMIT * 20, memory=MEMORY)
    if ended.status == 0:
        counts: dict[str, Any] = json.loads(ended.out)
        return {**counts, "held": not counts["finds"]}
    index = int.from_bytes(at[:8], "little")
    why = "hung" if ended.hung else f"status {ended.status}: {ended.err[-300:]}"
    with contextlib.chdir(place):
        shown = _shown(target, batch, index)
    find = {"index": index, "what": why, "where": "", "input": shown}
    return {"executions": index + 1, "held": False, "finds": [find]}


def _batch(target: str, batch: int, scratch: Path, place: Path, at: mmap.mmap) -> int:
    """Execute; what a reader prints goes nowhere, the counts go to stdout."""
    import os

    os.chdir(place)
    signal.signal(signal.SIGALRM, _raise)
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    finds: dict[str, dict[str, Any]] = {}
    started, slowest = time.monotonic(), 0.0
    for index in range(BATCH):
        at[:8] = index.to_bytes(8, "little")
        data = made(target, batch, index)
        before = time.monotonic()
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            result, where = _execute(target, data, scratch)
        slowest = max(slowest, time.monotonic() - before)
        counts[result if result in ("returned", "refused") else "fault"] += 1
        if where:
            finds.setdefault(
                where, {"index": index, "what": result, "where": where, "input": _shown(target, batch, index)}
            )
            finds[where]["times"] = finds[where].get("times", 0) + 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    facts = {"seconds": round(time.monotonic() - started, 2), "slowest": round(slowest, 2), "peak_mb": peak}
    sys.stdout.write(json.dumps({"executions": BATCH, **counts, **facts, "finds": list(finds.values())}))
    return 0


def _raise(*_: object) -> None:
    raise TooLong


def _execute(target: str, data: bytes | str, scratch: Path) -> tuple[str, str]:
    """Return what came, and where an error arose that is no GantletError."""
    from gantlet.core.errors import GantletError

    signal.alarm(LIMIT)
    try:
        TARGETS[target].use(data, scratch)
    except GantletError:
        return "refused", ""
    except BaseException as error:  # noqa: BLE001
        frames = traceback.extract_tb(error.__traceback__)
        inner = [frame for frame in frames if "/gantlet/" in frame.filename] or list(frames)
        where = f"{inner[-1].filename.rpartition('/gantlet/')[2]}:{inner[-1].name}:{type(error).__name__}"
        return f"{type(error).__name__}: {error}"[:300], where
    finally:
        signal.alarm(0)
    return "returned", ""


def _shown(target: str, batch: int, index: int) -> str:
    data = made(target, batch, index)
    if isinstance(data, str):
        return data if len(data) < 400 else f"sha256 {hashlib.sha256(data.encode(errors='replace')).hexdigest()}"
    return data.hex() if len(data) < 400 else f"sha256 {hashlib.sha256(data).hexdigest()}"


def prepare(place: Path, run: Path, report: Path) -> None:
    """Write the files that source strings name."""
    for name, kind in (
        ("x.npz", "npz"),
        ("x.npy", "npy"),
        ("x.zip", "zip"),
        ("x.tar", "tar"),
        ("x-images-idx3-ubyte", "idx"),
    ):
        make(kind, place / name, run, report)
    (place / "pictures").mkdir(exist_ok=True)
    make("png", place / "pictures" / "0.png", run, report)
