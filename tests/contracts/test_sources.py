"""What every kind of data source must keep, each opened on a small example."""

import gzip
import struct
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from gantlet.core.interfaces.networks import ImageShape
from gantlet.data import SOURCES
from gantlet.data.opening import open_source
from gantlet.data.points import PointSource
from gantlet.training.runs import generator as saved

PIXELS = np.random.default_rng(5).integers(0, 256, (8, 6, 6, 1), dtype=np.uint8)


def _folder(root: Path) -> str:
    for i, image in enumerate(PIXELS):
        path = root / "set" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[:, :, 0]).save(path)
    return f"folder[path={root / 'set'}]"


def _zip(root: Path) -> str:
    _folder(root)
    with zipfile.ZipFile(root / "set.zip", "w") as archive:
        for path in (root / "set").rglob("*.png"):
            archive.write(path, path.relative_to(root / "set"))
    return f"zip[path={root / 'set.zip'}]"


def _tar(root: Path) -> str:
    _folder(root)
    with tarfile.open(root / "set.tar", "w") as archive:
        archive.add(root / "set", "set")
    return f"tar[path={root / 'set.tar'}]"


def _npz(root: Path) -> str:
    np.savez(root / "a.npz", x=PIXELS, y=np.arange(8) % 2)
    return f"npz[path={root / 'a.npz'}]"


def _npy(root: Path) -> str:
    np.save(root / "a.npy", PIXELS)
    return f"npy[path={root / 'a.npy'}]"


def _idx_file(path: Path, array: np.ndarray) -> None:
    header = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def _idx(root: Path) -> str:
    for split in ("train", "t10k"):
        _idx_file(root / f"{split}-images-idx3-ubyte.gz", PIXELS[..., 0])
        _idx_file(root / f"{split}-labels-idx1-ubyte.gz", np.arange(8, dtype=np.uint8) % 2)
    return f"idx[path={root / 'train-images-idx3-ubyte.gz'}]"


def _mnist(root: Path) -> str:
    _idx(root)
    return f"mnist[root={root}]"


def _cifar10(root: Path) -> str:
    records = np.random.default_rng(0).integers(0, 10, (4, 3073), dtype=np.uint8)
    for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
        (root / name).write_bytes(records.tobytes())
    return f"cifar10[root={root}]"


def _huggingface(root: Path) -> str:
    rows = {"image": [Image.fromarray(image[:, :, 0]) for image in PIXELS], "label": [i % 2 for i in range(8)]}
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(root / "hub")
    return f"hf:{root / 'hub'}"


def make(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8), np.arange(n) % 2


class Stub:
    n_classes, classes, class_counts, digest, latent, notes = 2, ("a", "b"), (5, 5), "0" * 64, 4, ()

    def render(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return make(len(z), 0)[0].astype(np.float32)

    shape = ImageShape(4, 3)

    def sample(self, n: int, seed: int, labels: np.ndarray) -> np.ndarray:
        return make(n, seed)[0]


def _callable(root: Path) -> str:
    (root / "contract_maker.py").write_text(
        "import numpy as np\n"
        "def make(n, seed): return np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)\n"
    )
    return "contract_maker:make"


def _pairs(root: Path) -> str:
    for side in "AB":
        (root / "pairs" / side).mkdir(parents=True)
        for i, image in enumerate(PIXELS):
            Image.fromarray(image[:, :, 0]).save(root / "pairs" / side / f"{i}.png")
    return f"image-pairs[path={root / 'pairs'}]"


EXAMPLES: dict[str, Callable[[Path], str]] = {
    "as-squares": lambda root: f"as-squares[of={_npy(root)},fit=pad]",
    "callable": _callable,
    "cifar10": _cifar10,
    "digits": lambda root: "digits",
    "fashion-mnist": lambda root: _mnist(root).replace("mnist", "fashion-mnist", 1),
    "folder": _folder,
    "huggingface": _huggingface,
    "idx": _idx,
    "image-pairs": _pairs,
    "mixture": lambda root: "mixture[n=8]",
    "mnist": _mnist,
    "npy": _npy,
    "paired": lambda root: "paired[of=digits[split=test],task=class]",
    "npz": _npz,
    "random-split": lambda root: f"random-split[of={_folder(root)},held_out=3,split=test]",
    "run": lambda root: "run:somewhere",
    "stacked-mnist": lambda root: _mnist(root).replace("mnist[", "stacked-mnist[n=8,", 1),
    "tar": _tar,
    "triangles": lambda root: "triangles[n=8]",
    "zip": _zip,
}


def test_every_source_has_an_example_here() -> None:
    assert sorted(EXAMPLES) == [entry.name for entry in SOURCES.entries() if entry.meta.images]


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_contract(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saved, "load_generator", lambda run, which: Stub())
    text = EXAMPLES[kind](tmp_path)
    source, again = open_source(text, n=8), open_source(text, n=8)
    assert len(source) >= 2
    assert len(set(source.names)) == len(source)
    assert source.digest == again.digest
    assert len(bytes.fromhex(source.digest)) == 32
    few = range(min(8, len(source)))
    images = [source.read(i) for i in few]
    if isinstance(source, PointSource):
        assert all(image.dtype == np.float32 and image.ndim == 1 for image in images)
    else:
        assert all(image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] in (1, 3) for image in images)
    with ThreadPoolExecutor(4) as pool:
        for image, same in zip(images, pool.map(again.read, few), strict=True):
            np.testing.assert_array_equal(image, same)
    if source.labels is not None:
        assert source.labels.shape == (len(source),)
        assert source.labels.min() >= 0
        assert source.labels.max() < len(source.classes)
    assert open_source(source.spec, n=8).digest == source.digest
    if source.held_out:
        assert open_source(source.held_out).classes == source.classes
