"""ImageSource: one opened set of images."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from gantlet.core.calls import called, whole
from gantlet.core.drawing.grids import first_as_grid, show
from gantlet.core.errors import NoSuchItem
from gantlet.core.words import counted
from gantlet.data.joining import joined_fields

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Kind = Literal["images", "points", "statistics"]
"""The three kinds of source."""


@dataclass(frozen=True, eq=False)
class LatentImages:
    """A generator behind a source: ``images(z, labels)`` for z ~ N(0, I) [n, dim] is float32 in 0..255, not rounded.

    ``class_counts``: training images of each class where labels are required, else ().
    """

    dim: int
    images: Callable[[Float32[np.ndarray, "n k"], Int64[np.ndarray, " n"] | None], Float32[np.ndarray, "n h w c"]]
    class_counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Numbered:
    """``inner(i)`` for i = 0 … total − 1; any other number raises NoSuchItem, and what is no whole number UsageError."""

    inner: Callable[[int], Any]
    total: int
    spec: str

    def __call__(self, i: int) -> Any:
        return self.inner(numbered(i, self.total, f"images of {self.spec}"))


def numbered(i: Any, total: int, what: str) -> int:
    """Return the number of an item that there is; raises NoSuchItem, and UsageError for what is no whole number."""
    number = whole(f"the number of one of the {what}", i)
    if not 0 <= number < total:
        raise NoSuchItem(f"there are {total:,} {what}, from 0 to {total - 1:,}; got {number}")
    return number


@dataclass(frozen=True)
class ImageSource:
    """A finite, ordered set of images, decoded one at a time on demand.

    ``read(i)`` returns image i as uint8 [h, w, c], c = 1 (gray) or 3 (RGB), and may be called from several threads;
    it raises ``data.decode.Undecodable`` with a short reason for a broken file.
    """

    spec: str
    """The source string that opened it, with every option that matters."""
    names: Sequence[str]
    """One name per image: its file's path inside the source, or ``spec#index``."""
    read: Callable[[int], UInt8[np.ndarray, "h w c"]]
    digest: str
    """SHA-256 over the content (not over names of folders or times)."""
    labels: Int64[np.ndarray, " n"] | None = None
    classes: tuple[str, ...] = ()
    """Names of the classes; labels index it."""
    held_out: str = ""
    """The source string of the other split (train ↔ test), or ''."""
    notes: tuple[str, ...] = field(default=())
    """Notes for the user on how the data was read, e.g. a float range; they are shown as warnings."""
    remarks: tuple[str, ...] = ()
    """What was inferred, where nothing is wrong, e.g. classes from folders."""
    formats: Sequence[str] = ()
    """The format of each image's file (PNG, JPEG …; '' unknown), for sources that read files; else empty."""
    latents: LatentImages | None = None
    """The generator that draws the images, for sources that have one."""
    inputs: Callable[[UInt8[np.ndarray, "h w c"], int | None, int], UInt8[np.ndarray, "h2 w2 i"]] | None = None
    """For pairs: (image, its label or None, its row) → the input image that belongs to it, of its proportions."""
    kind: ClassVar[Kind] = "images"
    least: ClassVar[int] = 2
    """Fewer images cannot be evaluated or trained on."""
    modes: ClassVar[None] = None

    def __len__(self) -> int:
        return len(self.names)

    def __post_init__(self) -> None:
        """Let ``read`` say in words which images there are."""
        if not isinstance(self.read, Numbered) or self.read.total != len(self.names):
            inner = self.read.inner if isinstance(self.read, Numbered) else self.read
            object.__setattr__(self, "read", Numbered(inner, len(self.names), self.spec))

    @property
    def described(self) -> str:
        """Return its content in words."""
        return "images"

    @property
    def decode(self) -> Callable[[int], UInt8[np.ndarray, "h w c"]]:
        """Return the function that decodes image i."""
        return self.read

    @property
    def first_shape(self) -> tuple[int, ...]:
        """Return the shape of the first image, (height, width, channels)."""
        return tuple(self.read(0).shape)

    def __repr__(self) -> str:
        classes = f", {counted(len(self.classes), 'class')}" if self.classes else ""
        return f"<ImageSource {self.spec}: {counted(len(self), 'image')}{classes}>"

    @called
    def grid(self, n: int = 64, columns: int = 8) -> "Picture":
        """Return the first ``n`` images as one picture of Pillow's, which a notebook shows; raises UsageError for n or columns < 1."""
        return first_as_grid(self.read, len(self), n, columns)

    @called
    def show(self, n: int = 64, columns: int = 8) -> None:
        """Show the first ``n`` images: below the cell of a notebook, else in the system's viewer."""
        show(self.grid(n, columns))

    @classmethod
    def joined(cls, parts: "Sequence[ImageSource]") -> "ImageSource":
        """Return several sources as one: the images of the first, then those of the second, and so on; raises DataError."""
        starts = np.cumsum([0, *(len(part) for part in parts)])

        def read(i: int) -> UInt8[np.ndarray, "h w c"]:
            part = int(np.searchsorted(starts, i, side="right")) - 1
            return parts[part].read(i - int(starts[part]))

        return replace(
            parts[0],
            **joined_fields(parts),
            names=[name for part in parts for name in part.names],
            formats=[name for part in parts for name in part.formats] if all(part.formats for part in parts) else (),
            read=read,
            digest=hashlib.sha256(" ".join(part.digest for part in parts).encode()).hexdigest(),
        )
