"""A TorchScript file as a feature extractor."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from gantlet.core.errors import ConfigError, ShapeError, WeightsError
from gantlet.core.files import sha256
from gantlet.core.interfaces.extractors import Extractor
from gantlet.data import decode
from gantlet.data.reading import fit_square
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.user_supplied import check_input, check_output

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INPUTS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], str]] = {
    "uint8": (lambda x: x, "uint8 0..255"),
    "byte": (lambda x: x.float(), "v as float"),
    "unit": (lambda x: x.float() / 255, "v/255"),
    "symmetric": (lambda x: x.float() / 127.5 - 1, "v/127.5 - 1"),
    "imagenet": (
        lambda x: (x.float() / 255 - torch.tensor(_MEAN)[:, None, None]) / torch.tensor(_STD)[:, None, None],
        "(v/255 - ImageNet mean)/ImageNet std",
    ),
}


@EXTRACTORS.register("torchscript", source="PyTorch's TorchScript archives; gantlet's own convention for the input")
@dataclass(frozen=True)
class TorchScriptFeatures(Extractor):
    """Features of a network saved by torch.jit.save, written torchscript[path=FILE,size=224,input=imagenet].

    The network gets [b, channels, size, size] and returns features [b, d], or the pair of features and class
    probabilities [b, k]. Images are brought to size by ``data.reading.fit_square``. The archive is a program in the
    TorchScript language: it is read by PyTorch's own reader and holds no Python objects that could run code, but load
    only files you trust all the same. The file's SHA-256 is the identity of its weights.

    When it lies: where ``input`` is not the normalisation that the network was trained with, the features are noise.

    Args: path: the file; size: side in pixels; channels: 1 or 3; input: uint8, byte (0..255 as float), unit ([0, 1]),
    symmetric ([−1, 1]) or imagenet (needs 3 channels); device: cpu, cuda or mps.
    Raises: ConfigError for other options; WeightsError for a file that is missing or no TorchScript archive; ShapeError
    when it cannot take such images or returns anything else.
    """

    path: str = ""
    size: int = 224
    channels: int = 3
    input: str = "unit"
    device: str = "cpu"
    name = "torchscript"

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("extractor 'torchscript' needs a file: torchscript[path=FILE]")
        if self.input not in INPUTS or (self.input == "imagenet" and self.channels != 3):
            raise ConfigError(
                f"torchscript: option 'input' must be one of {', '.join(INPUTS)} (imagenet with 3 channels); "
                f"got {self.input!r} with {self.channels}"
            )
        check_input("torchscript", self.size, self.channels)

    @cached_property
    def _digest(self) -> str:
        """Return the file's SHA-256; raises WeightsError when there is no such file."""
        if not Path(self.path).is_file():
            raise WeightsError(f"there is no TorchScript file {self.path!r}; check the path")
        return sha256(Path(self.path))

    @cached_property
    def _network(self) -> Any:
        """Return the network in evaluation mode, loaded on first use; raises WeightsError."""
        _ = self._digest
        try:
            return torch.jit.load(self.path, map_location=self.device).eval()
        except (RuntimeError, ValueError, OSError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise WeightsError(
                f"{self.path} is not a TorchScript archive ({reason}); write one with torch.jit.save, objects are "
                "never unpickled"
            ) from error

    @cached_property
    def dim(self) -> int:
        """Return the number of features of one black image."""
        return self.extract(np.zeros((1, self.size, self.size, self.channels), np.uint8))[0].shape[1]

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": self._digest,
            "preprocessing": f"fit_square {self.size}x{self.size}x{self.channels}, {INPUTS[self.input][1]}",
            "precision": "float32",
            "decoder": str(decode.VERSION),
        }

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "s s c_out"]:
        """Bring one image to the network's size and channels."""
        return fit_square(image, self.size, self.channels)

    def extract(
        self, batch: UInt8[np.ndarray, "b s s c"]
    ) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"] | None]:
        """Return the network's features, and its probabilities where it gives any."""
        pixels = INPUTS[self.input][0](torch.from_numpy(batch).permute(0, 3, 1, 2)).to(self.device)
        try:
            with torch.inference_mode():
                output = self._network(pixels)
        except RuntimeError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise ShapeError(
                f"{self.path} cannot take {pixels.dtype} images of shape {tuple(pixels.shape)} ({reason}); "
                "set size, channels and input to what it was trained with"
            ) from error
        return check_output(self.path, output, len(batch))
