"""Names of classes are one name in either form of Unicode, wherever they are read: é, or e and an accent, as macOS stores it."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.core.class_names import merged
from gantlet.data.arrays import to_labels
from gantlet.data.opening import open_source

TYPED, STORED = "caf\u00e9", "cafe\u0301"


def pixels(n: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(1)[0]).save(buffer, "png")
    return buffer.getvalue()


def test_of_folders(tmp_path: Path) -> None:
    for folder in ("bar", STORED, TYPED):
        (tmp_path / folder).mkdir(exist_ok=True)
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("this file system takes the two names for one")
    for folder in ("bar", STORED, TYPED):
        (tmp_path / folder / "0.png").write_bytes(png())
    source = open_source(str(tmp_path))
    assert source.classes == ("bar", TYPED) and sorted(source.labels.tolist()) == [0, 1, 1]
    assert all(source.read(i).shape == (8, 8, 3) for i in range(3))  # files are still found by their stored names


def test_of_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "texts.npz", x=pixels(4), y=np.array([STORED, "bar", TYPED, "bar"]))
    np.savez(tmp_path / "names.npz", x=pixels(4), y=np.array([0, 1, 2, 1]), classes=np.array([STORED, "bar", TYPED]))
    texts, names = (open_source(str(tmp_path / f"{file}.npz")) for file in ("texts", "names"))
    assert texts.classes == ("bar", TYPED) and texts.labels.tolist() == [1, 0, 1, 0]
    assert names.classes == (TYPED, "bar") and names.labels.tolist() == [0, 1, 0, 1]


def test_of_texts_that_index_names() -> None:
    source = gantlet.images(pixels(3), labels=np.array([TYPED, "bar", STORED]), classes=["bar", STORED])
    assert source.classes == ("bar", TYPED) and source.labels.tolist() == [1, 0, 1]


def test_of_webdataset_labels(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        for i, name in enumerate((STORED, TYPED, "bar")):
            for suffix, data in ((".png", png()), (".cls", name.encode())):
                info = tarfile.TarInfo(f"{i}{suffix}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    source = open_source(str(tmp_path / "set.tar"))
    assert source.classes == ("bar", TYPED) and source.labels.tolist() == [1, 1, 0]


def test_names_given_twice_are_one_class() -> None:
    assert to_labels("x", np.array([0, 1, 2]), 3, ("a", "b", "a"))[1] == ("a", "b")
    names, index = merged((STORED, "b", TYPED, "b"))
    assert names == (TYPED, "b") and index == [0, 1, 0, 1]
