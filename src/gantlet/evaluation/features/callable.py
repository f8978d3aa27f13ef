"""Any Python function as a feature extractor."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from gantlet.core.errors import ConfigError, GantletError, ShapeError
from gantlet.core.interfaces.extractors import Cautious, Extractor
from gantlet.core.plugins import find_callable
from gantlet.data import decode
from gantlet.data.reading import fit_square
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.torch_modules import evaluating, left_training, modules_behind
from gantlet.evaluation.features.user_supplied import check_input, check_output


@EXTRACTORS.register("callable", source="gantlet's own convention: function(images) → features")
@dataclass(frozen=True)
class CallableFeatures(Extractor, Cautious):
    """Features that a Python function makes of images, written callable[path=module:function,version=1].

    The function gets uint8 images [b, size, size, channels] (``data.reading.fit_square``) and returns features [b, d]
    as an array or tensor, or the pair of features and class probabilities [b, k]. In Python the function itself can be
    given: ``EXTRACTORS.build("callable[version=1]", function=f)``. Torch modules behind it (itself, or named by it) are
    held in evaluation mode during each call, so that dropout is off and batch norm uses its stored statistics; one that was
    left in train mode is reported, and has that mode again afterwards.

    When it lies: gantlet sees no weights here. ``version`` alone tells two states of the function apart, so change it
    whenever the function changes, or cached features of the old one are used.

    Args: path: module:function, found as by ``import`` from the current folder; version: any text; size: side of the
    images in pixels; channels: 1 or 3; function: in the place of ``path``.
    Raises: ConfigError without a version or a function; UsageError when there is no such function; ShapeError for
    outputs that are not one row of numbers an image; GantletError when the function raises.
    """

    path: str = ""
    version: str = ""
    size: int = 224
    channels: int = 3
    function: Callable[..., Any] | str | None = None
    name = "callable"

    def __post_init__(self) -> None:
        if not self.version:
            raise ConfigError(
                f"{self._what} needs a version, which tells its cached features from those of another state: "
                "callable[path=module:function,version=1]"
            )
        if bool(self.path) == (self.function is not None) or isinstance(self.function, str):
            raise ConfigError("extractor 'callable' needs path=module:function, or in Python function=…, one of them")
        check_input(self._what, self.size, self.channels)

    @property
    def _what(self) -> str:
        """Return its name in errors and in the identity."""
        return self.path or getattr(self.function, "__qualname__", "extractor 'callable'")

    @cached_property
    def _call(self) -> Callable[..., Any]:
        """Return the function; raises UsageError."""
        return self.function if callable(self.function) else find_callable(self.path)

    @cached_property
    def _modules(self) -> list[Any]:
        return modules_behind(self._call)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say that a torch module was left in train mode."""
        if not left_training(self._modules):
            return ()
        return (
            f"the network of {self._what} was left in train mode: features were computed in evaluation mode (dropout off, "
            "stored batch statistics); call its eval() first",
        )

    @cached_property
    def dim(self) -> int:
        """Return the number of features of one black image."""
        return self.extract(np.zeros((1, self.size, self.size, self.channels), np.uint8))[0].shape[1]

    @property
    def identity(self) -> dict[str, str]:
        """Return all that is known to decide the features' values."""
        return {
            "name": self.name,
            "version": self.version,
            "function": self._what,
            "weights_sha256": "",
            "preprocessing": f"fit_square {self.size}x{self.size}x{self.channels}",
            "precision": "float32",
            "decoder": str(decode.VERSION),
            **({"mode": "eval"} if self._modules else {}),
        }

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "s s c_out"]:
        """Bring one image to the function's size and channels."""
        return fit_square(image, self.size, self.channels)

    def extract(
        self, batch: UInt8[np.ndarray, "b s s c"]
    ) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"] | None]:
        """Return the function's features, and its probabilities where it gives any."""
        try:
            with evaluating(self._modules):
                output = self._call(batch)
        except GantletError:
            raise
        except Exception as error:
            raise ShapeError(
                f"{self._what} raised {type(error).__name__} for uint8 images of shape {batch.shape}: {error}"
            ) from error
        return check_output(self._what, output, len(batch))
