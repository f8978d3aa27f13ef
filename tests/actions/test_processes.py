"""evaluate under torchrun: two processes give the numbers of one, one of them prints, wrong use is one sentence."""

import atexit
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.core.errors import DataError, UsageError
from gantlet.core.processes import ALONE, Processes, _attempt, _unwrap, processes

WORDS = ["evaluate", "fakes.npz", "--real", "reals.npz", "--features", "random-conv[dim=16]", "--json"]
WORDS += ["--metrics", "frechet_distance,kernel_distance,precision,recall,coverage"]


def run(folder: Path, count: int, *words: str) -> subprocess.CompletedProcess[str]:
    program = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GANTLET_CACHE": str(folder / f"cache{count}")}
    command = [sys.executable, *program, "-m", *["--"] * bool(program), "gantlet", *words]  # --: torchrun has --n… too
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("together")
    rng = np.random.default_rng(0)
    for name, n, centre in (("reals", 75, 120), ("fakes", 53, 140), ("few", 2, 140), ("others", 47, 128)):
        images = rng.normal(centre, 30, (n, 12, 12, 3)).clip(0, 255).astype(np.uint8)
        np.savez(path / f"{name}.npz", x=images)
    return path


@pytest.mark.slow  # real torchrun
def test_two_processes_give_the_numbers_of_one_and_speak_once(folder: Path) -> None:
    one, two, cached = run(folder, 1, *WORDS), run(folder, 2, *WORDS), run(folder, 2, *WORDS)
    assert (one.returncode, two.returncode, cached.returncode) == (0, 0, 0), two.stderr + cached.stderr
    alone = json.loads(one.stdout)
    for result in (two, cached):
        together = json.loads(result.stdout)  # one JSON object: the second process printed nothing
        assert together["n_fake"] == 53
        for a, b in zip(alone["estimates"], together["estimates"], strict=True):
            for part in ("value", "low", "high"):
                assert b[part] == pytest.approx(a[part], rel=1e-9), a["metric"]
    assert len(list((folder / "cache2").rglob("features/**/*.safetensors"))) == 2


@pytest.mark.slow  # real torchrun
def test_bad_files_of_all_processes_are_named_once_and_wrong_use_is_told(folder: Path) -> None:
    (folder / "bad").mkdir(exist_ok=True)
    for i in range(40):
        Image.fromarray(np.full((12, 12, 3), i, np.uint8)).save(folder / "bad" / f"{i:02d}.png")
    for name in ("00.png", "39.png"):
        (folder / "bad" / name).write_text("no image")
    result = run(folder, 2, *[word.replace("fakes.npz", "bad") for word in WORDS])
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("gantlet:")]
    assert "2 of 40" in line and "00.png" in line and "39.png" in line
    result = run(folder, 3, *[word.replace("fakes.npz", "few.npz") for word in WORDS])
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("gantlet:")]
    assert "fewer than the 3 processes" in line


TOLD = ("value", "low", "high", "a", "b", "difference", "p_value")
GENERATOR = """
import numpy as np
def draw(n, seed):
    return np.random.default_rng(seed).normal(140, 30, (n, 12, 12, 3)).clip(0, 255).astype(np.uint8)
"""
TOGETHER = {
    "compare": "compare fakes.npz others.npz --real reals.npz --features random-conv[dim=16] --metrics coverage,recall",
    "until": "evaluate drawn:draw --real reals.npz --features random-conv[dim=16] --metrics coverage --until 20% --n 1500",
    "a trained classifier": "evaluate digits[split=test] --real digits --features classifier --metrics coverage,gan_train",
}


@pytest.mark.slow  # real torchrun
@pytest.mark.parametrize("words", TOGETHER.values(), ids=TOGETHER.keys())
def test_other_work_of_two_processes_is_that_of_one(folder: Path, words: str) -> None:
    (folder / "drawn.py").write_text(GENERATOR)
    one, two = (run(folder, count, *words.split(), "--json") for count in (1, 2))
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    alone, together = (json.loads(result.stdout) for result in (one, two))
    part = "estimates" if "estimates" in alone else "differences"
    assert alone.get("n_fake") == together.get("n_fake")
    for a, b in zip(alone[part], together[part], strict=True):
        known = [name for name in TOLD if a.get(name) is not None]
        assert known and [b[name] for name in known] == pytest.approx([a[name] for name in known], rel=1e-9), a[
            "metric"
        ]


def test_a_process_leaves_the_group_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended inside the group, the process that is done first was aborted one time in four, and torchrun ended with 1."""
    import torch.distributed

    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    here = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    for name, value in {**here, "RANK": "0", "WORLD_SIZE": "2", "GANTLET_PATIENCE": "1"}.items():
        monkeypatch.setenv(name, value)
    at_exit: list[Callable[[], None]] = []
    alone = functools.partial(
        torch.distributed.init_process_group, init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1
    )

    def joined(backend: str, **_: object) -> None:
        alone(backend)

    monkeypatch.setattr(torch.distributed, "init_process_group", joined)
    monkeypatch.setattr(atexit, "register", at_exit.append)
    assert processes() == Processes(0, 1)
    assert processes() == Processes(0, 1)  # joined once
    (leave,) = at_exit
    assert torch.distributed.is_initialized()
    leave()
    assert not torch.distributed.is_initialized()
    leave()  # after a program that left by itself


def test_other_commands_run_in_one_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["stats", "make", "digits", "--out", "x.safetensors"]) == 2
    assert "gantlet stats runs in one process" in capsys.readouterr().err


def test_shares_are_whole_batches() -> None:
    for n in (1, 16, 17, 75, 320):
        shares = [Processes(rank, 3).share(n, 16) for rank in range(3)]
        assert [i for share in shares for i in range(n)[share]] == list(range(n))
        assert all(share.start % 16 == 0 or share.start == n for share in shares)


def test_errors_travel_with_their_exit_status() -> None:
    def wrong() -> None:
        raise UsageError("no such thing")

    with pytest.raises(UsageError, match="no such thing"):
        _unwrap(_attempt(wrong))

    def broken() -> None:
        raise DataError("broken")

    with pytest.raises(Exception, match="broken") as caught:
        _unwrap(_attempt(broken))
    assert caught.value.exit_status == 1
    assert ALONE.first(lambda: 3) == 3 and ALONE.everyone(lambda: 3) == [3]
