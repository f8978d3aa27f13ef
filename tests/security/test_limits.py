"""What one file may expand to: bounded by a stated limit, checked while reading, raised by --limit."""

import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.core import limits
from gantlet.core.errors import ConfigError, DataError, UnreadableFile
from gantlet.core.files import read_bytes
from gantlet.data.decode import Undecodable, decode
from gantlet.data.idx import read_idx
from gantlet.data.numpy_files import read_arrays
from gantlet.data.opening import open_source

MORE = 200 * 2**20
"""Bytes that a reader may take beyond what the process has, in these tests."""
PEAK = """
import resource, sys
from gantlet.data.opening import open_source
import gantlet.data.zip, gantlet.data.numpy_files
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    source = open_source(sys.argv[1])
    for i in range(len(source)):
        try:
            source.read(i)
        except Exception as error:
            print(error)
except Exception as error:
    print(error)
assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) * 1024 < int(sys.argv[2])
"""


def opened(path: Path) -> str:
    """Open a source in a process of its own, within MORE bytes; return what it said."""
    words = [sys.executable, "-c", PEAK, str(path), str(MORE)]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def png(side: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (side, side)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_member_that_says_it_is_small(method: int, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.png", png(8))
        archive.writestr("b.png", b"\0" * 300 * 2**20)
    content = stream.getvalue().replace(struct.pack("<I", 300 * 2**20), struct.pack("<I", 1000))
    (tmp_path / "x.zip").write_bytes(content)
    assert "damaged in the archive" in opened(tmp_path / "x.zip")


def test_a_way_of_packing_without_bound(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.png", png(8))
    with pytest.raises(DataError, match="packed with bzip2"):
        open_source(str(tmp_path / "x.zip"))


def test_a_member_that_is_too_large(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a.png", png(8))
        archive.writestr("b.png", b"\0" * 20 * 2**20)
    with limits.limit("100MB"):
        source = open_source(str(tmp_path / "x.zip"))
        with pytest.raises(Undecodable, match="--limit 1GB"):
            source.read(1)
    assert source.read(0).shape == (8, 8, 1)


def test_an_array_with_a_header_that_never_ends(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**30) + b" " * 400 * 2**20)
    assert "has a header of" in opened(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["x", "x.bin"])
def test_members_that_are_no_arrays_are_not_read(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, b"\0" * 400 * 2**20)
        content = io.BytesIO()
        np.save(content, np.zeros((3, 8, 8, 1), np.uint8))
        archive.writestr("images.npy", content.getvalue())
    assert opened(tmp_path / "x.npz") == ""


def test_the_limit_is_raised_by_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((100, 400, 400, 3), np.uint8))
    with limits.limit("20MB"), pytest.raises(DataError, match=r"48,000,000 bytes.*--limit 1GB"):
        read_arrays(str(tmp_path / "x.npz"))
    words = ["stats", "make", str(tmp_path / "x.npz"), "--features", "pixels[size=4]", "--no-cache", "--out"]
    assert main([*words, str(tmp_path / "a.safetensors"), "--limit", "20MB"]) == 1
    assert "--limit 1GB" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "a.safetensors"), "--limit=1GB"]) == 0
    assert main([*words, str(tmp_path / "b.safetensors"), "--limit"]) == 2
    assert main([*words, str(tmp_path / "b.safetensors"), "--limit", "much"]) == 2
    assert limits.most() == limits.DEFAULT


def test_what_lies_on_the_disk_as_it_is_may_always_be_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).integers(0, 9, (100, 400, 400, 3), np.uint8))
    with limits.limit("20MB"):
        assert read_arrays(str(tmp_path / "x.npz"))["x"].nbytes == 48_000_000


def test_an_honest_large_image_can_be_allowed() -> None:
    with limits.limit("10MB"):
        with pytest.raises(Undecodable, match="--limit 1GB"):
            decode(png(500))
        with limits.limit("1GB"):
            assert decode(png(500)).shape == (500, 500, 1)


def test_a_file_that_is_mostly_a_hole(tmp_path: Path) -> None:
    with (tmp_path / "x.idx").open("wb") as file:
        file.write(struct.pack(">IIII", 2051, 2**31, 28, 28))
        file.truncate(2**40)
    with pytest.raises(UnreadableFile, match="on the disk"):
        read_idx(tmp_path / "x.idx")
    with pytest.raises(UnreadableFile, match="on the disk"):
        read_bytes(tmp_path / "x.idx", 10)


def test_an_idx_file_that_promises_more_than_it_has(tmp_path: Path) -> None:
    (tmp_path / "x.idx").write_bytes(struct.pack(">IIII", 2051, 2**31, 28, 28) + bytes(100))
    with pytest.raises(DataError, match="the file has 100"):
        read_idx(tmp_path / "x.idx")


def test_shards_without_end() -> None:
    with pytest.raises(DataError, match="100,000,000 shards"):
        open_source("x-{0..99999999}.tar")


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "nan", "infGB", "1", "5 elephants"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="limit must"), limits.limit(text):
        pass


def test_a_member_without_a_name(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), b"x")
    whole = stream.getvalue()
    local, central = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
    first = bytearray(whole[:local].replace(b"a", b"", 1))
    first[26:28] = b"\0\0"
    second = bytearray(whole[local:central][:46])
    second[28:30] = b"\0\0"
    end = bytearray(whole[central:])
    end[12:16], end[16:20] = struct.pack("<I", len(second)), struct.pack("<I", len(first))
    (tmp_path / "x.zip").write_bytes(first + second + end)
    with pytest.raises(DataError, match="without a name"):
        open_source(str(tmp_path / "x.zip"))
