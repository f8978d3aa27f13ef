"""Folders and archives of image files."""

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, DataError, TooFewSamples
from gantlet.data.collection import natural
from gantlet.data.decode import Undecodable
from gantlet.data.opening import open_source

RNG = np.random.default_rng(1)


def picture(path: Path, height: int = 5, width: int = 7) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(path)


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return target


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for name in ("cat/img10.png", "cat/img2.png", "dog/a.png", "Ant/b.JPG"):
        picture(tmp_path / "set" / name)
    return tmp_path / "set"


def test_class_folders_become_labels_in_natural_order(classes: Path) -> None:
    source = open_source(str(classes))
    assert list(source.names) == ["Ant/b.JPG", "cat/img2.png", "cat/img10.png", "dog/a.png"]
    assert source.classes == ("Ant", "cat", "dog")
    np.testing.assert_array_equal(source.labels, [0, 1, 1, 2])
    assert source.read(1).shape == (5, 7, 3)


def test_a_zip_means_the_same_as_its_folder(classes: Path, tmp_path: Path) -> None:
    folder, archive = open_source(str(classes)), open_source(str(zipped(classes, tmp_path / "set.zip")))
    assert (archive.names, archive.classes, archive.digest) == (folder.names, folder.classes, folder.digest)
    for i in range(len(folder)):
        np.testing.assert_array_equal(archive.read(i), folder.read(i))


def test_the_digest_follows_content_not_names_or_times(classes: Path) -> None:
    before = open_source(str(classes)).digest
    os.utime(classes / "dog/a.png", (1, 1))
    (classes / "dog").rename(classes / "eel")
    assert open_source(str(classes)).digest == before
    assert open_source(f"{classes}[background=black]").digest != before
    picture(classes / "eel/a.png")
    assert open_source(str(classes)).digest != before


def test_label_options(classes: Path) -> None:
    assert open_source(f"{classes}[labels=none]").labels is None
    picture(classes / "loose.png")
    mixed = open_source(str(classes))
    assert mixed.labels is None
    assert "outside the class folders" in mixed.notes[-1]
    with pytest.raises(DataError, match="loose"):
        open_source(f"{classes}[labels=dirs]")
    with pytest.raises(ConfigError, match="auto, dirs, none"):
        open_source(f"folder[path={classes},labels=yes]")


def test_a_wrapping_folder_is_no_class(tmp_path: Path) -> None:
    for name in ("pack/a/1.png", "pack/b/1.png"):
        picture(tmp_path / name)
    assert open_source(str(tmp_path)).classes == ("a", "b")


def test_splits_must_be_chosen_and_name_each_other(tmp_path: Path) -> None:
    for name in ("train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/2.png"):
        picture(tmp_path / name)
    with pytest.raises(DataError, match=r"split=train, split=test, split=all"):
        open_source(str(tmp_path))
    train = open_source(f"{tmp_path}[split=train]")
    assert (len(train), train.classes) == (2, ("a", "b"))
    assert list(open_source(train.held_out).names) == ["test/a/1.png", "test/b/2.png"]
    assert len(open_source(f"{tmp_path}[split=all]")) == 4
    with pytest.raises(DataError, match="no folder 'val'"):
        open_source(f"{tmp_path}[split=val]")


def test_what_is_left_out_is_said(classes: Path) -> None:
    for name in ("readme.txt", ".hidden.png", "cat/Thumbs.db"):
        (classes / name).write_text("text")
    notes = " ".join(open_source(str(classes)).notes)
    assert "ignored 1 file without an image suffix: readme.txt" in notes
    assert "ignored 2 hidden or system files" in notes


def test_empty_text_and_single_image_folders_say_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no files at all"):
        open_source(str(tmp_path / "empty"))
    (tmp_path / "text").mkdir()
    (tmp_path / "text/a.txt").write_text("hello")
    with pytest.raises(DataError, match=r"1 file \(a.txt\)"):
        open_source(str(tmp_path / "text"))
    picture(tmp_path / "one/a.png")
    with pytest.raises(TooFewSamples, match="1 image; expected at least two"):
        open_source(str(tmp_path / "one"))


def test_other_folders_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "run/checkpoints").mkdir(parents=True)
    (tmp_path / "run/config.toml").write_text("")
    with pytest.raises(DataError, match="write run:"):
        open_source(str(tmp_path / "run"))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match=r"write mnist\[root="):
        open_source(str(tmp_path))


def test_links_in_a_loop_end_and_broken_ones_are_undecodable(classes: Path) -> None:
    (classes / "cat/loop").symlink_to(classes)
    (classes / "dog/gone.png").symlink_to(classes / "nowhere.png")
    source = open_source(str(classes))
    assert len(source) == 5
    with pytest.raises(Undecodable, match="no file of this name"):
        source.read(list(source.names).index("dog/gone.png"))


def test_bad_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(DataError, match="cannot be read as a zip"):
        open_source(str(path))
    for names, reason in ((["../a.png"], "leaves the archive"), (["/a.png"], "leaves the archive")):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        with pytest.raises(DataError, match=reason):
            open_source(str(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", b"y")
    with pytest.raises(DataError, match="twice"):
        open_source(str(path))


def test_a_damaged_member_is_undecodable(classes: Path, tmp_path: Path) -> None:
    path = zipped(classes, tmp_path / "set.zip")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        data[archive.getinfo("dog/a.png").header_offset + 60] ^= 0xFF
    path.write_bytes(bytes(data))
    source = open_source(str(path))
    with pytest.raises(Undecodable, match="damaged in the archive"):
        source.read(list(source.names).index("dog/a.png"))


def test_natural_order() -> None:
    assert sorted(["b10", "b9", "a", "B1", "10", "9"], key=natural) == ["9", "10", "a", "B1", "b9", "b10"]


def test_the_digest_is_that_of_the_contents_in_order(classes: Path) -> None:
    # what stored reports and cached features hold: no option at its default may change it
    contents = [(classes / name).read_bytes() for name in open_source(str(classes)).names]
    parts = b"".join(hashlib.sha256(content).digest() for content in contents)
    for options in ("", "[frames=0]", "[frames=all]", "[bits=16]"):
        assert open_source(f"{classes}{options}").digest == hashlib.sha256(b"files on 255:" + parts).hexdigest()
