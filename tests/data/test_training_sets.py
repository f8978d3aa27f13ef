"""Fashion-MNIST, CIFAR-10 and stacked MNIST, on small files of their formats."""

import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, DataError
from gantlet.data import download
from gantlet.data.opening import open_source

RNG = np.random.default_rng(0)
DIGITS = RNG.integers(0, 256, (30, 28, 28), dtype=np.uint8)
LABELS = (np.arange(30) % 10).astype(np.uint8)


def idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def four_files(tmp_path: Path) -> Path:
    for split in ("train", "t10k"):
        (tmp_path / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(DIGITS)))
        (tmp_path / f"{split}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS)))
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(download.urllib.request, "urlopen", refuse)


def test_fashion_mnist_in_a_folder(four_files: Path) -> None:
    source = open_source(f"fashion-mnist[root={four_files},split=test]")
    assert source.classes[9] == "Ankle boot"
    assert source.held_out == f"fashion-mnist[root={four_files},split=train]"
    assert source.names[3] == "fashion-mnist-test#3"
    np.testing.assert_array_equal(source.read(3)[:, :, 0], DIGITS[3])
    np.testing.assert_array_equal(source.labels, LABELS)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["fashion-mnist", "cifar10", "stacked-mnist"])
def test_without_network_each_says_what_to_do(name: str) -> None:
    with pytest.raises(DataError, match=r"unreachable.*into that folder.*(mnist|cifar10)\[root=DIR\]"):
        open_source(name)
    with pytest.raises(ConfigError, match="train or test"):
        open_source(f"{name}[split=val]")


def test_stacked_mnist_shows_the_digits_that_its_label_names(four_files: Path) -> None:
    source = open_source(f"stacked-mnist[root={four_files},n=400,pad=0]")
    padded = open_source(f"stacked-mnist[root={four_files},n=400]")
    assert source.labels is not None and padded.digest != source.digest
    for i in (0, 7, 399):
        image = source.read(i)
        assert image.shape == (28, 28, 3)
        np.testing.assert_array_equal(padded.read(i)[2:-2, 2:-2], image)
        assert padded.read(i).shape == (32, 32, 3) and padded.read(i).sum() == image.sum()
        rows = [int(np.flatnonzero((image[:, :, c] == DIGITS).all(axis=(1, 2)))[0]) for c in range(3)]
        assert source.labels[i] == int("".join(str(LABELS[row]) for row in rows))
        assert source.classes[source.labels[i]] == "".join(str(LABELS[row]) for row in rows)
    other = open_source(f"stacked-mnist[root={four_files},n=400,seed=1]")
    assert other.digest != source.digest
    assert len(np.unique(source.labels)) > 250  # 400 draws of 1,000 modes: 330 expected, standard deviation 7
    assert open_source(source.held_out).labels is not None
    for wrong in ("n=1", "pad=-1"):
        with pytest.raises(ConfigError, match="n ≥ 2"):
            open_source(f"stacked-mnist[root={four_files},{wrong}]")


def test_stacked_mnist_holds_out_as_many_images_as_the_papers_count(four_files: Path) -> None:
    held_out = open_source(f"stacked-mnist[root={four_files},n=26001]").held_out
    assert len(open_source(held_out)) == 26_000 and "split=test" in held_out
    assert len(open_source(open_source(f"stacked-mnist[root={four_files},n=400]").held_out)) == 400


def cifar_batches(n: int = 4) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    return {name: (RNG.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8), RNG.integers(0, 10, n)) for name in names}


def binary(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Write records pixel by pixel, as the format's description says."""
    out = bytearray()
    for image, label in zip(images, labels, strict=True):
        out.append(int(label))
        for channel in range(3):
            out += image[:, :, channel].tobytes()
    return bytes(out)


def test_cifar10_batches_in_a_folder_and_in_the_archive(tmp_path: Path) -> None:
    batches = cifar_batches()
    (tmp_path / "loose").mkdir()
    (tmp_path / "packed").mkdir()
    with tarfile.open(tmp_path / "packed/cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, (images, labels) in batches.items():
            data = binary(images, labels)
            (tmp_path / "loose" / name).write_bytes(data)
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    loose, packed = (open_source(f"cifar10[root={tmp_path / where}]") for where in ("loose", "packed"))
    assert loose.digest == packed.digest
    assert (len(loose), len(open_source(packed.held_out))) == (20, 4)
    np.testing.assert_array_equal(packed.read(6), batches["data_batch_2.bin"][0][2])
    assert packed.labels is not None
    np.testing.assert_array_equal(packed.labels[4:8], batches["data_batch_2.bin"][1])
    assert packed.classes[3] == "cat"


def test_cifar10_missing_and_damaged(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither test_batch\.bin nor cifar-10-binary\.tar\.gz"):
        open_source(f"cifar10[root={tmp_path},split=test]")
    for data, reason in ((b"", "multiple of 3073"), (b"\0" * 3072, "multiple of 3073"), (b"\x0b" * 3073, "label 11")):
        (tmp_path / "test_batch.bin").write_bytes(data)
        with pytest.raises(DataError, match=reason):
            open_source(f"cifar10[root={tmp_path},split=test]")
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(b"nothing"))
    with pytest.raises(DataError, match="damaged or incomplete"):
        open_source(f"cifar10[root={tmp_path}]")
