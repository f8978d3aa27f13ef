"""MNIST: 60,000 training and 10,000 test digits of 28×28 pixels, from the four official idx files."""

from gantlet.data import SOURCES
from gantlet.data.official_idx import OfficialIdx, open_official
from gantlet.data.source import ImageSource

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
CLASSES = tuple(str(digit) for digit in range(10))


@SOURCES.register("mnist", source="LeCun, Bottou, Bengio and Haffner 1998, doi:10.1109/5.726791")
def mnist(root: str = "", split: str = "train") -> ImageSource:
    """MNIST's handwritten digits, gray 28×28, ten classes; downloaded once with their SHA-256 where no folder is given.

    Args: root: folder with the four idx files, gzipped or not; empty: the cache folder, filled by download; split:
    train (60,000) or test (10,000).
    Raises: DataError when files are missing, damaged, or cannot be downloaded (with a remedy).
    """
    return open_official(OfficialIdx("mnist", "MNIST", MIRRORS, SHA256, CLASSES), root, split)
