"""npz, npy, idx and MNIST."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from gantlet.core.errors import ConfigError, DataError
from gantlet.data import download, mnist
from gantlet.data.opening import open_source

from gantlet.data.arrays import to_bytes  # isort: skip

RNG = np.random.default_rng(2)
PIXELS = RNG.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)


def saved(path: Path, **arrays: object) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


@pytest.mark.parametrize("keys", [("x", "y"), ("images", "labels"), ("arr_0", "arr_1")])
def test_npz_by_its_usual_names(tmp_path: Path, keys: tuple[str, str]) -> None:
    path = saved(tmp_path / "a.npz", **{keys[0]: PIXELS, keys[1]: np.array([3, 3, 7, 7, 9, 9])})
    source = open_source(path)
    np.testing.assert_array_equal(source.labels, [0, 0, 1, 1, 2, 2])
    assert source.classes == ("3", "7", "9")
    assert list(source.names)[:2] == ["a.npz#0", "a.npz#1"]
    np.testing.assert_array_equal(source.read(4), PIXELS[4])
    assert open_source(f"{path}[labels=none]").labels is None


def test_class_names_and_foreign_keys(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", pics=PIXELS, y=np.array([0, 1, 0, 1, 0, 1]), classes=np.array(["cat", "dog"]))
    assert open_source(path).classes == ("cat", "dog")
    two = saved(tmp_path / "b.npz", first=PIXELS, second=PIXELS[:3])
    with pytest.raises(DataError, match="key=NAME"):
        open_source(two)
    assert len(open_source(f"{two}[key=second]")) == 3
    with pytest.raises(DataError, match="has no array 'third'"):
        open_source(f"{two}[key=third]")


def test_of_several_arrays_of_images_the_chosen_one_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", real_images=PIXELS, samples=PIXELS[:4], images=PIXELS[:5], labels=np.arange(5))
    assert open_source(path).notes == (
        "the array images (5, 5, 4, 3) was taken for the images; a.npz also holds real_images (6, 5, 4, 3), samples (4, 5, 4, 3): "
        f"choose with {path}[key=NAME]",
    )
    assert open_source(f"{path}[key=images]").notes == ()
    assert open_source(saved(tmp_path / "b.npz", images=PIXELS, labels=np.arange(6))).notes == ()


def test_layouts(tmp_path: Path) -> None:
    for name, array in (("nchw", PIXELS.transpose(0, 3, 1, 2)), ("nhwc", PIXELS)):
        np.save(tmp_path / f"{name}.npy", array)
        np.testing.assert_array_equal(open_source(str(tmp_path / f"{name}.npy")).read(2), PIXELS[2])
    np.save(tmp_path / "nhw.npy", PIXELS[..., 0])
    np.testing.assert_array_equal(open_source(str(tmp_path / "nhw.npy")).read(2), PIXELS[2, :, :, :1])
    np.save(tmp_path / "both.npy", PIXELS[:, :3])
    with pytest.raises(DataError, match="fits NHWC and NCHW"):
        open_source(str(tmp_path / "both.npy"))
    assert open_source(f"{tmp_path}/both.npy[layout=NHWC]").read(0).shape == (3, 4, 3)
    np.save(tmp_path / "rgba.npy", np.zeros((2, 5, 5, 4), np.uint8))
    with pytest.raises(DataError, match="has 4 channels, as RGBA has"):
        open_source(str(tmp_path / "rgba.npy"))


def test_value_ranges_are_told_or_asked_for(tmp_path: Path) -> None:
    exact = PIXELS.astype(np.float64)
    for name, values, word in (
        ("unit", exact / 255, "range=unit"),
        ("symmetric", exact / 127.5 - 1, "range=symmetric"),
    ):
        np.save(tmp_path / f"{name}.npy", values.astype(np.float32))
        source = open_source(str(tmp_path / f"{name}.npy"))
        np.testing.assert_array_equal(source.read(1), PIXELS[1])
        assert word in source.notes[0]
    np.save(tmp_path / "byte.npy", exact)
    with pytest.raises(DataError, match="range=byte"):
        open_source(str(tmp_path / "byte.npy"))
    np.testing.assert_array_equal(open_source(f"{tmp_path}/byte.npy[range=byte]").read(1), PIXELS[1])
    with pytest.raises(DataError, match="outside range=unit"):
        open_source(f"{tmp_path}/byte.npy[range=unit]")
    for values, reason in (
        (exact * np.nan, "NaN"),
        (np.ones((2, 4, 4), np.uint8), "ambiguous"),
        (exact.astype(complex), "type"),
    ):
        np.save(tmp_path / "bad.npy", values)
        with pytest.raises(DataError, match=reason):
            open_source(str(tmp_path / "bad.npy"))


@given(st.lists(st.integers(0, 255), max_size=8).map(lambda levels: [0, *levels, 255]))
def test_every_level_survives_both_float_ranges(levels: list[int]) -> None:
    pixels = np.array(levels, np.uint8).reshape(1, 1, -1, 1)
    for values in (pixels / np.float32(255), pixels / np.float32(127.5) - np.float32(1)):
        np.testing.assert_array_equal(to_bytes("x", values.astype(np.float32), "auto")[0], pixels)


def test_damaged_pickled_and_mismatched_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match="never unpickled"):
        open_source(str(tmp_path / "objects.npy"))
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(DataError, match="cannot be read as NumPy"):
        open_source(str(tmp_path / "bad.npz"))
    path = saved(tmp_path / "short.npz", x=PIXELS, wrong=np.arange(3))
    with pytest.raises(DataError, match="6 images but labels of shape"):
        open_source(f"{path}[labels=wrong]")
    with pytest.raises(ConfigError, match="must be auto, none or an array"):
        open_source(f"{path}[labels=nope]")


def idx_bytes(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def tiny_mnist(tmp_path: Path) -> Path:
    for split in ("train", "t10k"):
        (tmp_path / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(PIXELS[..., 0])))
        (tmp_path / f"{split}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(6, dtype=np.uint8)))
    return tmp_path


def test_idx_files_gzipped_or_not(tiny_mnist: Path) -> None:
    source = open_source(str(tiny_mnist / "train-images-idx3-ubyte.gz"))
    np.testing.assert_array_equal(source.read(3), PIXELS[3, :, :, :1])
    assert source.labels is None  # the labels beside it are not gzipped: another name
    labels = tiny_mnist / "train-labels-idx1-ubyte"
    (tiny_mnist / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels.read_bytes()))
    np.testing.assert_array_equal(open_source(source.spec).labels, np.arange(6))
    with pytest.raises(DataError, match="labels, not images"):
        open_source(str(labels))


def test_damaged_idx_files(tmp_path: Path) -> None:
    whole = idx_bytes(PIXELS[..., 0])
    for data, reason in (
        (whole[:-1], "promises"),
        (whole[:10], "inside its header"),
        (b"\x89PNG and more", "not an idx file"),
        (b"", "not an idx file"),
        (b"\0\0\x0d\x03" + whole[4:], "0x0d"),
        (gzip.compress(whole)[:-9], "damaged or incomplete"),
    ):
        (tmp_path / "a-idx3-ubyte").write_bytes(data)
        with pytest.raises(DataError, match=reason):
            open_source(str(tmp_path / "a-idx3-ubyte"))


def test_mnist_in_a_folder(tiny_mnist: Path) -> None:
    train = open_source(f"mnist[root={tiny_mnist}]")
    assert (len(train), train.held_out) == (6, f"mnist[root={tiny_mnist},split=test]")
    assert list(train.names)[:1] == ["mnist-train#0"]
    (tiny_mnist / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no t10k-labels-idx1-ubyte"):
        open_source(train.held_out)
    with pytest.raises(ConfigError, match="train or test"):
        open_source("mnist[split=val]")


def test_mnist_without_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path))
    monkeypatch.setattr(download.urllib.request, "urlopen", offline)
    with pytest.raises(DataError, match=r"unreachable.*put the four gzipped idx files.*mnist\[root=DIR\]"):
        open_source("mnist")


def test_a_download_of_another_digest_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "train-images-idx3-ubyte.gz"
    page.write_text("error page")
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mnist, "MIRRORS", (f"{tmp_path.as_uri()}/",))
    with pytest.raises(DataError, match="expected 440fcabf"):
        open_source("mnist")
    target = tmp_path / "copy"
    with pytest.raises(download.DownloadError, match="SHA-256"):
        download.fetch(target, [page.as_uri()], "0" * 64)
    assert not target.exists()
    digest = download.sha256(page)
    assert download.fetch(target, [(tmp_path / "gone").as_uri(), page.as_uri()], digest).read_text() == "error page"


@pytest.mark.shared
def test_the_real_mnist(shared: Path) -> None:
    source = open_source(f"mnist[root={shared / 'data/mnist'}]")
    assert source.labels is not None
    assert (len(source), list(source.labels[:10])) == (60000, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    assert list(np.bincount(source.labels)) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def test_digits_are_scikit_learns_split_by_class() -> None:
    train, test = open_source("digits"), open_source("digits[split=test]")
    assert (len(train), len(test), train.held_out, test.held_out) == (1437, 360, test.spec, train.spec)
    assert not set(train.names) & set(test.names)
    assert train.labels is not None
    assert test.labels is not None
    every = np.bincount(load_digits().target)
    # stratified: each class gives a fifth of its images (360 of 1797) to the test set, to within one image
    assert np.abs(np.bincount(test.labels) - every * 360 / 1797).max() <= 1
    row = int(test.names[7].split("#")[1])
    np.testing.assert_array_equal(test.read(7)[:, :, 0], np.rint(load_digits().images[row] * 255 / 16))
    with pytest.raises(ConfigError, match="train, test or all"):
        open_source("digits[split=val]")


def test_two_arrays_of_labels_are_refused_unless_they_agree(tmp_path: Path) -> None:
    images, labels = np.zeros((6, 8, 8), np.uint8), np.array([0, 1, 2, 0, 1, 2])
    path = saved(tmp_path / "two.npz", images=images, labels=labels, y=(labels + 1) % 3)
    with pytest.raises(
        DataError, match=r"the arrays y and labels both hold labels, and they differ: choose with .*"
    ) as told:
        open_source(path)
    assert f"{path}[labels=y] or {path}[labels=labels]" in str(told.value)
    assert open_source(f"{path}[labels=labels]").labels.tolist() == labels.tolist()
    assert open_source(f"{path}[labels=y]").labels.tolist() == [1, 2, 0, 1, 2, 0]
    assert open_source(f"{path}[labels=none]").labels is None
    for same in (labels[:, None], np.eye(3, dtype=np.uint8)[labels], labels.astype(np.float32)):
        path = saved(tmp_path / "same.npz", images=images, labels=labels, y=same)
        assert open_source(path).labels.tolist() == labels.tolist()
    path = saved(tmp_path / "scores.npz", images=images, labels=labels, y=labels + 0.5)
    with pytest.raises(DataError, match="both hold labels"):
        open_source(path)
