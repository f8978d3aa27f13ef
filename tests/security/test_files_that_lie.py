"""Files that lie about their size, never end, or hold something else: one sentence, at once, in little memory."""

import gzip
import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, DataError, GantletError
from gantlet.core.files import read_text
from gantlet.core.limits import memory_bytes
from gantlet.core.results.report import Report
from gantlet.data.idx import read_idx
from gantlet.data.opening import open_source
from gantlet.training.runs.events import read_events

MORE = 300 * 2**20
"""Bytes that a reader may take beyond what the process has."""


def images(folder: Path, n: int = 4) -> None:
    from PIL import Image

    folder.mkdir()
    for i in range(n):
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(folder / f"{i}.png")


def npy_header(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return content.getvalue()


def test_a_pipe_and_a_device_among_images(tmp_path: Path) -> None:
    images(tmp_path / "pictures")
    os.mkfifo(tmp_path / "pictures" / "pipe.png")
    (tmp_path / "pictures" / "zero.png").symlink_to("/dev/zero")
    source = open_source(str(tmp_path / "pictures"))
    reasons = []
    for i in range(len(source)):
        try:
            source.read(i)
        except Exception as error:
            reasons.append(str(error))
    assert len(reasons) == 2
    assert all("no regular file" in reason for reason in reasons)


@pytest.mark.parametrize("shape", [(10**8, 31, 31, 1), (-5, 8, 8, 1), (2**40, 2**40)])
def test_an_array_that_promises_too_much(shape: tuple[int, ...], tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy_header(shape) + b"\0" * 1000)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy_header(shape) + b"\0" * 1000)
    for name in ("x.npy", "x.npz"):
        with pytest.raises(DataError):
            open_source(str(tmp_path / name))


def test_an_idx_file_is_unpacked_only_as_far_as_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb-images-idx3-ubyte.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(struct.pack(">IIII", 2051, 10, 28, 28))
        for _ in range(100):
            file.write(b"\0" * 10**7)
    code = (
        "import resource, sys; from pathlib import Path; from gantlet.data.idx import read_idx\n"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_idx(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__)\n"
        f"assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) * 1024 < {MORE}"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == "DataError\n", done.stderr
    assert done.returncode == 0, done.stderr


def test_idx_files_that_are_whole_or_short(tmp_path: Path) -> None:
    whole = struct.pack(">III", 0x00000803, 2, 3)[:4] + struct.pack(">III", 2, 3, 4) + bytes(range(24))
    (tmp_path / "a.idx").write_bytes(whole)
    assert read_idx(tmp_path / "a.idx").shape == (2, 3, 4)
    for damaged, message in ((whole[:-1], "the file has 23"), (whole + b"\0", "the file has more"), (b"", "nothing")):
        (tmp_path / "a.idx").write_bytes(damaged)
        with pytest.raises(DataError, match=message):
            read_idx(tmp_path / "a.idx")


def test_texts_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_text("x" * 100)
    for name, limit in (("x", 100), ("pipe", 100), ("long", 99), ("absent", 9)):
        with pytest.raises(DataError):
            read_text(tmp_path / name, limit)
    with pytest.raises(GantletError, match="not a gantlet report"):
        Report.from_json("[" * 200_000)


LINES = (
    *(
        "{bad",
        "3",
        "[" * 100_000,
        "null",
        '{"step": 1}',
        '{"event": "log", "step": "x"}',
        '{"event": "log", "step": -1}',
    ),
    *('{"event": "x", "estimates": 3}', '{"event": "x", "estimates": {"recall": "y"}}'),
)


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line_among_events(line: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        f'{{"event": "log", "step": 1, "images_seen": 9}}\n{line}\n{{"event": "log", "step": 2}}\n'
    )
    with pytest.raises(DataError, match="line 2 is no event"):
        read_events(tmp_path)


@pytest.mark.parametrize("text", ["infGB", "nanGB", "-3GB", "1e400", "GB", ""])
def test_a_memory_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="memory must"):
        memory_bytes(text)
