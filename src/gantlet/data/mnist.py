"""MNIST: 60,000 training and 10,000 test digits of 28×28 pixels, from the four official idx files."""

from pathlib import Path

from gantlet.data import SOURCES
from gantlet.data.arrays import array_source
from gantlet.data.download import DownloadError, fetch
from gantlet.data.idx import read_idx
from gantlet.data.source import ImageSource
from gantlet.errors import ConfigError, DataError
from gantlet.files import cache_folder

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_PREFIX = {"train": "train", "test": "t10k"}


@SOURCES.register("mnist", source="LeCun, Bottou, Bengio and Haffner 1998, doi:10.1109/5.726791")
def mnist(root: str = "", split: str = "train") -> ImageSource:
    """MNIST's handwritten digits, gray 28×28, ten classes; downloaded once with their SHA-256 where no folder is given.

    Args: root: folder with the four idx files, gzipped or not; empty: the cache folder, filled by download; split:
    train (60,000) or test (10,000).
    Raises: DataError when files are missing, damaged, or cannot be downloaded (it says what to do).
    """
    if split not in _PREFIX:
        raise ConfigError(f"option 'split' of data source 'mnist' must be train or test; got {split!r}")
    folder = Path(root) if root else cache_folder() / "mnist"
    images = read_idx(_file(folder, f"{_PREFIX[split]}-images-idx3-ubyte", download=not root))
    labels = read_idx(_file(folder, f"{_PREFIX[split]}-labels-idx1-ubyte", download=not root))
    if images.ndim != 3 or labels.shape != images.shape[:1] or (len(labels) and labels.max() > 9):
        raise DataError(
            f"{folder}: images {images.shape} and labels {labels.shape} are not MNIST's; get the files again"
        )

    def spec(which: str) -> str:
        return f"mnist[root={root},split={which}]" if root else f"mnist[split={which}]"

    return array_source(
        spec(split),
        images[:, :, :, None],
        labels.astype("int64"),
        tuple(str(digit) for digit in range(10)),
        prefix=f"mnist-{split}",
        held_out=spec("test" if split == "train" else "train"),
    )


def _file(folder: Path, name: str, *, download: bool) -> Path:
    for variant in (name, f"{name}.gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"):
        if (folder / variant).is_file():
            return folder / variant
    if not download:
        raise DataError(
            f"{str(folder)!r} has no {name} or {name}.gz; give root= the folder with MNIST's four idx files"
        )
    packed = f"{name}.gz"
    try:
        return fetch(folder / packed, [mirror + packed for mirror in MIRRORS], SHA256[packed])
    except DownloadError as error:
        raise DataError(
            f"MNIST's {packed} is not in {folder} and could not be downloaded ({error}); connect to the network once, "
            f"or put the four gzipped idx files into that folder, or write mnist[root=DIR]"
        ) from error
