"""tar archives: a folder's meaning, WebDataset's samples, and what is refused."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, DataError
from gantlet.data.decode import Undecodable
from gantlet.data.opening import open_source

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)


def png(i: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS[i]).save(buffer, "png")
    return buffer.getvalue()


def packed(path: Path, files: Mapping[str, bytes], mode: str = "w") -> str:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def test_a_tar_means_what_its_folder_means(tmp_path: Path) -> None:
    files = {f"./set/{'ab'[i % 2]}/img{i + 8}.png": png(i) for i in range(6)}
    path = packed(tmp_path / "a.tar", {**files, "./notes.txt": b"hello"})
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    source, folder = open_source(path), open_source(str(tmp_path / "set"))
    assert [name.removeprefix("set/") for name in source.names] == list(folder.names)
    np.testing.assert_array_equal(source.labels, folder.labels)
    assert (source.classes, source.digest) == (folder.classes, folder.digest)
    np.testing.assert_array_equal(source.read(1), PIXELS[2])
    assert any("notes.txt" in note for note in source.notes)
    assert open_source(f"{path}[labels=none]").labels is None


@pytest.mark.parametrize(("suffix", "one", "two"), [("cls", b"7", b"3\n"), ("json", b'{"label": 7}', b'{"cls": "3"}')])
def test_webdataset_samples_in_shards(tmp_path: Path, suffix: str, one: bytes, two: bytes) -> None:
    for shard in range(3):
        files = {}
        for i in (2 * shard, 2 * shard + 1):
            files |= {f"{i:04d}.png": png(i), f"{i:04d}.{suffix}": (two, one)[i % 2]}
        packed(tmp_path / f"s-{shard:03d}.tar", files)
    source = open_source(f"{tmp_path}/s-{{000..002}}.tar")
    assert len(source) == 6
    np.testing.assert_array_equal(source.labels, [0, 1] * 3)
    assert source.classes == ("3", "7")
    np.testing.assert_array_equal(source.read(5), PIXELS[5])
    assert open_source(source.spec).digest == source.digest
    assert not any("suffix" in note for note in source.notes)
    with pytest.raises(DataError, match=r"no file .*s-003\.tar"):
        open_source(f"{tmp_path}/s-{{000..003}}.tar")
    with pytest.raises(DataError, match="comes after"):
        open_source(f"{tmp_path}/s-{{3..1}}.tar")


def test_labels_by_name_missing_and_unreadable(tmp_path: Path) -> None:
    images = {f"{i}.png": png(i) for i in range(3)}
    named = packed(tmp_path / "n.tar", {**images, "0.cls": b"dog", "1.cls": b"cat", "2.cls": b"dog"})
    source = open_source(named)
    assert source.classes == ("cat", "dog")
    np.testing.assert_array_equal(source.labels, [1, 0, 1])
    short = packed(tmp_path / "s.tar", {**images, "0.cls": b"1", "1.cls": b"2"})
    assert open_source(short).labels is None
    assert "2.png" in open_source(short).notes[-1]
    with pytest.raises(DataError, match=r"expects a \.cls or \.json file for every image; 2\.png"):
        open_source(f"{short}[labels=cls]")
    for name, data in (("x.tar", json.dumps({"caption": "x"}).encode()), ("y.tar", b"[1"), ("z.tar", b"\xff")):
        bad = packed(tmp_path / name, {**images, **{f"{i}.json": data for i in range(3)}})
        with pytest.raises(DataError, match="holds no label"):
            open_source(bad)
        assert open_source(f"{bad}[labels=none]").labels is None
    with pytest.raises(ConfigError, match="auto, cls, dirs, none"):
        open_source(f"{named}[labels=yes]")


@pytest.mark.parametrize("name", ["../out.png", "/etc/out.png", "a/../../out.png"])
def test_names_that_leave_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="leaves the archive"):
        open_source(packed(tmp_path / "a.tar", {"ok.png": png(0), name: png(1)}))


def test_links_duplicates_and_compressed_archives_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar", {"a.png": png(0), "b.png": png(1)})
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("c.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DataError, match="is a link or device"):
        open_source(path)
    packed(tmp_path / "b.tar", {"a.png": png(0)})
    packed(tmp_path / "b.tar", {"./a.png": png(1)}, "a")
    with pytest.raises(DataError, match="twice"):
        open_source(str(tmp_path / "b.tar"))
    with pytest.raises(DataError, match="gunzip"):
        open_source(packed(tmp_path / "c.tar.gz", {"a.png": png(0)}, "w:gz"))


def test_damaged_archives(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"no archive" * 100)
    with pytest.raises(DataError, match="cannot be read as a tar"):
        open_source(str(tmp_path / "a.tar"))
    big = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(big).save(buffer, "png")
    path = Path(packed(tmp_path / "b.tar", {"a.png": png(0), "b.png": png(1), "c.png": buffer.getvalue()}))
    path.write_bytes(path.read_bytes()[: 512 * 6 + 3000])
    try:
        source = open_source(str(path))
    except DataError as error:  # some versions of Python tell while listing, others while reading
        assert "tar archive" in str(error)  # noqa: PT017
    else:
        with pytest.raises(Undecodable, match="damaged in the archive"):
            source.read(2)
