"""Locks die with their process; leftovers go only when nobody holds them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gantlet.core.errors import OutputError
from gantlet.core.files import writing
from gantlet.core.locks import PART, leftovers, only_one, sweep

HOLD = """
import sys, time
from pathlib import Path
from gantlet.core.files import writing
from gantlet.core.locks import only_one
folder = Path(sys.argv[1])
with only_one(folder), writing(folder / "half.txt") as path:
    path.write_text("half")
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_kept_out_until_the_first_dies(tmp_path: Path, other: "subprocess.Popen[str]") -> None:
    with pytest.raises(OutputError, match=f"in use by process {other.pid}"), only_one(tmp_path):
        pass
    other.kill()
    other.wait()
    with only_one(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"process {os.getpid()}"


def test_leftovers_are_removed_only_when_their_process_is_dead(tmp_path: Path, other: "subprocess.Popen[str]") -> None:
    (tmp_path / ".mine.txt").write_text("somebody's file")
    sweep(tmp_path)
    (unfinished,) = tmp_path.glob(f".*{PART}")
    assert not leftovers(tmp_path)
    os.utime(unfinished, (0, 0))
    assert not leftovers(tmp_path)
    other.kill()
    other.wait()
    assert leftovers(tmp_path) == [unfinished]
    sweep(tmp_path)
    assert not unfinished.exists()
    assert (tmp_path / ".mine.txt").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / f".x{PART}").symlink_to(tmp_path / "kept")
    os.utime(tmp_path / f".x{PART}", (0, 0), follow_symlinks=False)
    sweep(tmp_path)
    assert (tmp_path / "kept").read_text() == "kept"


def test_writing_leaves_nothing(tmp_path: Path) -> None:
    with writing(tmp_path / "a.txt") as path:
        path.write_text("whole")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]
