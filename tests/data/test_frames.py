"""Files of several frames: counted as Pillow counts them, and taken as asked."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, DataError
from gantlet.data import formats
from gantlet.data.decode import Undecodable, decode
from gantlet.data.formats import frames, sniffed
from gantlet.data.opening import open_source
from gantlet.evaluation.groups import group_numbers

RNG = np.random.default_rng(0)
FRAMES = [Image.fromarray(RNG.integers(0, 256, (6, 7, 3), dtype=np.uint8)) for _ in range(5)]


def film(kind: str, n: int, **options: object) -> bytes:
    file = io.BytesIO()
    FRAMES[0].save(file, kind, save_all=True, append_images=FRAMES[1:n], **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("GIF", {}),
        ("GIF", {"comment": b"!,;" * 200}),
        ("TIFF", {}),
        ("TIFF", {"big_tiff": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("PNG", {}),
        ("PNG", {"default_image": True}),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid APNG")
def test_frames_are_counted_as_by_pillow(kind: str, options: dict[str, object]) -> None:
    for n in (1, 2, 5):
        data = film(kind, n, **options)
        with Image.open(io.BytesIO(data)) as opened:
            assert frames(data, sniffed(data)) == getattr(opened, "n_frames", 1)
    assert frames(film(kind, 5, **options), sniffed(data)) == 5


def test_damaged_and_endless_files_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        data = film(kind, 5)
        for cut in (*range(1, 60), len(data) // 2, len(data) - 3):
            assert 1 <= frames(data[:cut], sniffed(data)) <= 6
    loop = bytearray(film("TIFF", 1))
    start = int.from_bytes(loop[4:8], "little")
    entries = int.from_bytes(loop[start : start + 2], "little")
    loop[start + 2 + 12 * entries : start + 6 + 12 * entries] = loop[4:8]
    assert frames(bytes(loop), "TIFF") == 1
    monkeypatch.setattr(formats, "MOST_FRAMES", 3)
    assert [frames(film(kind, 5), sniffed(film(kind, 5))) for kind in ("GIF", "TIFF", "WEBP", "PNG")] == [3] * 4


def test_a_frame_decodes_to_its_pixels() -> None:
    data = film("TIFF", 5)
    for k in range(5):
        np.testing.assert_array_equal(decode(data, frame=k), np.asarray(FRAMES[k]))
    with pytest.raises(Undecodable, match="no frame 5"):
        decode(data, frame=5)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    for name, n in (("a/x.tif", 3), ("b/y.tif", 2), ("b/z.png", 1)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(film(name[-3:].replace("tif", "TIFF"), n))
    (tmp_path / "b/broken.tif").write_bytes(b"")
    return tmp_path


def test_the_first_frame_is_used_and_it_is_said(pages: Path) -> None:
    source = open_source(str(pages))
    assert "2 files hold 5 frames; the first of each is used ([frames=all] or [frames=k] take others)" in source.notes
    assert len(source) == 4
    assert not any("frames" in note for note in open_source(f"{pages}[frames=0]").notes)
    assert open_source(f"{pages}[frames=0]").digest == source.digest


def test_all_frames_become_images_with_their_labels(pages: Path, tmp_path: Path) -> None:
    source = open_source(f"{pages}[frames=all]")
    names = ["a/x.tif#0", "a/x.tif#1", "a/x.tif#2", "b/broken.tif", "b/y.tif#0", "b/y.tif#1", "b/z.png"]
    assert list(source.names) == names and source.formats[0] == "TIFF" and source.formats[-1] == "PNG"
    np.testing.assert_array_equal(source.labels, [0, 0, 0, 1, 1, 1, 1])
    for i, frame in ((0, 0), (1, 1), (2, 2), (4, 0), (5, 1), (6, 0)):
        np.testing.assert_array_equal(source.read(i), np.asarray(FRAMES[frame]))
    assert "2 files hold 5 frames, all used: frames of one file are dependent" in " ".join(source.notes)
    assert source.digest != open_source(str(pages)).digest
    assert open_source(source.spec).digest == source.digest


def test_archives_take_frames_too(pages: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as tar, zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted(pages.glob("?/*")):
            tar.add(path, path.relative_to(pages).as_posix())
            archive.write(path, path.relative_to(pages).as_posix())
    expected = open_source(f"{pages}[frames=all]")
    for name in ("set.tar", "set.zip"):
        source = open_source(f"{tmp_path / name}[frames=all]")
        assert (source.names, source.digest) == (expected.names, expected.digest)


def test_label_files_label_all_frames(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        for name, data in (("1.tif", film("TIFF", 3)), ("1.cls", b"7"), ("2.tif", film("TIFF", 2)), ("2.cls", b"9")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    source = open_source(f"{tmp_path / 'set.tar'}[frames=all]")
    np.testing.assert_array_equal(source.labels, [0, 0, 0, 1, 1])
    assert source.classes == ("7", "9") and "frames=all" in source.spec


def test_a_frame_that_a_file_lacks_is_one_sentence(pages: Path) -> None:
    (pages / "b/z.png").unlink()
    source = open_source(f"{pages}[frames=1]")
    np.testing.assert_array_equal(source.read(0), np.asarray(FRAMES[1]))
    assert source.digest != open_source(str(pages)).digest
    with pytest.raises(DataError, match=r"no frame 2, counted from 0, in 1 of 3 files, e.g. b/y.tif \(frames: 2\)"):
        open_source(f"{pages}[frames=2]")
    for text in ("last", "-1", "²"):
        with pytest.raises(ConfigError, match="frames' must be all or a frame's number"):
            open_source(f"{pages}[frames={text}]")


def test_the_frames_of_one_file_are_one_group() -> None:
    names = ["1.gif#0", "1.gif#1", "2.gif#0", "2.gif#1", "b/2.gif#0"]
    np.testing.assert_array_equal(group_numbers(names, "stem"), [0, 0, 1, 1, 2])
