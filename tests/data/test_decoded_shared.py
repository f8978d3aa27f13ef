"""Decoded images beside other processes and over time: one decodes, others wait; old sets go; a training in the cache resumes."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gantlet
from gantlet.core.config import TrainConfig
from gantlet.core.locks import take
from gantlet.data import decoded as module
from gantlet.data.arrays import array_source
from gantlet.training.runs.tensors import read_header

RIGHT = hashlib.sha256(np.random.default_rng(3).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8).tobytes()).hexdigest()
"""Of the pixels in decoding.py."""
RNG = np.random.default_rng(8)


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "LEAST", 1)


def begun(log: Path) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("decoding.py")
    process = subprocess.Popen([sys.executable, str(script), str(log)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def rows(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().splitlines()] if log.exists() else []


def until_read(log: Path, n: int) -> None:
    ends = time.monotonic() + 60
    while len(rows(log)) < n:
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_of_two_processes_one_decodes_and_the_other_waits(tmp_path: Path) -> None:
    logs = [tmp_path / "one", tmp_path / "two"]
    first = begun(logs[0])
    until_read(logs[0], 5)
    second = begun(logs[1])
    said = [process.communicate(timeout=60)[0].strip().split("|") for process in (first, second)]
    assert [words[0] for words in said] == [RIGHT, RIGHT]
    assert sorted(rows(logs[0])) == list(range(50)) and rows(logs[1]) == []
    assert said[1][1:] == ["another process decodes the same images: waiting for it"]


def test_a_process_that_waits_goes_on_where_a_killed_one_was(tmp_path: Path) -> None:
    logs = [tmp_path / "one", tmp_path / "two"]
    first = begun(logs[0])
    until_read(logs[0], 30)  # a block of 16 is whole
    second = begun(logs[1])
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    words = second.communicate(timeout=60)[0].strip().split("|")
    assert words[0] == RIGHT and "of them are there already" in words[-1]
    assert min(rows(logs[1])) in (16, 32) and max(rows(logs[1])) == 49


def cached(n: int, seed: int) -> tuple[Path, list[str]]:
    """Decode a set of n images; return its pixels' file and what was said."""
    source = array_source("made", np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1), dtype=np.uint8))
    said: list[str] = []
    assert module.decoded(source, 8, 1, on_bad="fail", progress=None, say=said.append) is not None
    made = module._Cache(source, (8, 8, 1), module._made_of(source, 8, 1, "fail"))
    return made.path(".pixels"), said


def aged(path: Path, days: float) -> None:
    for file in path.parent.glob(f"{path.stem}.*"):
        os.utime(file, (then := time.time() - days * 86_400, then))


def test_sets_that_nobody_read_for_long_are_removed_when_another_is_decoded() -> None:
    (old, _), (read, _), (held, _), (half, _) = (cached(20, seed) for seed in range(4))
    half.rename(half.with_suffix(".unfinished"))
    half.with_suffix(".json").unlink()
    for path in (old, read, held, half):
        aged(path, 31)
    cached(20, 1)  # read again
    with held.with_suffix(".lock").open("r+b") as handle:
        assert take(handle.fileno())
        _, said = cached(20, 9)
    assert [path.exists() for path in (old, read, held)] == [False, True, True]
    assert not half.with_suffix(".unfinished").exists() and not old.with_suffix(".json").exists()
    assert said[0].startswith("removed 2 decoded data sets from ") and "for 30 days" in said[0]


def test_younger_sets_stay_and_nothing_is_said() -> None:
    path, _ = cached(20, 0)
    aged(path, 29)
    _, said = cached(20, 1)
    assert path.exists() and len(said) == 1 and said[0].startswith("decoding 20 images")


def trained(out: Path, data: Path, steps: int, **options: Any) -> str:
    """Train with the cache or without; return the digest of all weights."""
    config = TrainConfig(
        data=str(data), out=str(out), steps=steps, batch=8, latent=4, network="r3gan[width=8]", objective="rpgan", mirror=True,
        sample_every=0, checkpoint_every=2, evaluate=False, device="cpu", held_out="none", **{key: value for key, value in options.items() if key != "resume"},
    )  # fmt: skip
    gantlet.train(config, resume=options.get("resume", False), say=lambda _: None)
    return str(read_header(out / "checkpoints" / "final.safetensors")["weights_sha256"])


def test_a_training_resumed_from_the_cache_gives_the_same_bits(tmp_path: Path) -> None:
    """Held in memory; from the cache; stopped and resumed from it; begun in memory and resumed from a cache made anew."""
    data = tmp_path / "set.npz"
    np.savez(data, x=RNG.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8))
    held = trained(tmp_path / "held", data, 5, cache=False)
    assert not (tmp_path / "cache" / "decoded").exists()
    assert trained(tmp_path / "mapped", data, 5) == held
    trained(tmp_path / "stopped", data, 3)
    assert trained(tmp_path / "stopped", data, 5, resume=True) == held
    trained(tmp_path / "moved", data, 3, cache=False)
    for file in (tmp_path / "cache" / "decoded").iterdir():
        file.unlink()
    assert trained(tmp_path / "moved", data, 5, resume=True) == held
    assert list((tmp_path / "cache" / "decoded").glob("*.pixels"))
