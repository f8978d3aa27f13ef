"""Atomic writes: whole or not at all, and the reason in words."""

import errno
from pathlib import Path

import pytest

from gantlet.core.errors import OutputError
from gantlet.core.files import sha256, write_text, writing


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), writing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the disk is full"), writing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_of_a_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("I am a file")
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "a" / "b.txt", "text")


def test_digest_is_the_known_one(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "abc")  # FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
