"""Fashion-MNIST: 60,000 training and 10,000 test pictures of clothes, 28×28 pixels, in MNIST's format."""

from gantlet.data import SOURCES
from gantlet.data.official_idx import OfficialIdx, open_official
from gantlet.data.source import ImageSource

MIRRORS = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
SHA256 = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


@SOURCES.register("fashion-mnist", source="Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747")
def fashion_mnist(root: str = "", split: str = "train") -> ImageSource:
    """Fashion-MNIST's clothes, gray 28×28, ten classes; downloaded once with their SHA-256 where no folder is given.

    Args: root: folder with the four idx files, gzipped or not (they have MNIST's file names: use a separate folder);
    empty: the cache folder, filled by download; split: train (60,000) or test (10,000).
    Raises: DataError when files are missing, damaged, or cannot be downloaded (with a remedy).
    """
    return open_official(OfficialIdx("fashion-mnist", "Fashion-MNIST", MIRRORS, SHA256, CLASSES), root, split)
