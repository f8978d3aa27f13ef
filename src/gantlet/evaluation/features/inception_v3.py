"""Inception v3 with the weights of 2015: the features that FID, KID and the Inception Score are defined on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from gantlet.core.errors import ConfigError, WeightsError
from gantlet.core.interfaces.extractors import Tapped
from gantlet.data import decode
from gantlet.data.reading import Pixels
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.backends import backend_identity, check_backend, compiled
from gantlet.evaluation.features.inception_network import TAPS, Network
from gantlet.evaluation.features.inception_resize import RESIZES, SIZE
from gantlet.evaluation.features.weights import WeightsFile, load_tensors, locate

WEIGHTS = WeightsFile(
    "pt_inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    (
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    ),
)
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def build_network(state: Mapping[str, Tensor], what: str, precision: str = "float32") -> Network:
    """Return the network with these weights; raises WeightsError for missing names or other shapes."""
    try:
        return Network(state, PRECISIONS[precision]).eval()
    except (KeyError, RuntimeError, IndexError) as error:
        raise WeightsError(
            f"{what} does not hold Inception v3's tensors ({str(error).partition(chr(10))[0]}); "
            f"expected the names and shapes of {WEIGHTS.name}"
        ) from error


@EXTRACTORS.register(
    "inception-v3",
    source="Szegedy et al. 2016, arXiv:1512.00567; weights of Heusel et al. 2017, arXiv:1706.08500",
    unrounded=True,
)
@dataclass(frozen=True)
class InceptionV3(Tapped):
    """Inception v3 with the weights of 2015, on which FID is defined: 2,048 features and 1,008 class probabilities.

    Not torchvision's network: average pools count real pixels only, the last block pools by maximum, batch norm has
    ε = 0.001, and there are 1,008 logits. Taps 64, 192, 768 and 2048 are averaged over space; the probabilities are
    the softmax of the logits without their bias, as the Inception Score takes them. Batch norm is folded, memory is
    channels_last.

    When it lies: it was trained on ImageNet's classes and sees textures and objects, not faces or layout; another
    resize moves FID by more than many papers' improvements, so compare numbers of one ``resize`` only.

    Args: tap: 64, 192, 768, 2048, logits_unbiased, logits, or spatial
    (2,023 features with their place, for sFID); resize: tf1 (TTUR, torch-fidelity), pytorch-fid or clean
    (clean-fid); precision: float32, or bfloat16 (other features; faster where matrix units compute it: GPUs, AMX);
    weights: path of the published .pth file, empty: the cache, else a download; weights_sha256: expect another file
    than the published one at ``weights``; device: cpu, cuda or mps; backend: torch, onnxruntime or openvino (float32 on the
    CPU, equal to 1e-4 and stamped).
    Raises: ConfigError for another tap, resize or precision; WeightsError when the weights cannot be had.
    """

    tap: str = "2048"
    resize: str = "tf1"
    precision: str = "float32"
    weights: str = ""
    weights_sha256: str = ""
    device: str = "cpu"
    backend: str = "torch"
    name = "inception-v3"

    def __post_init__(self) -> None:
        for option, value, known in (
            ("tap", self.tap, TAPS),
            ("resize", self.resize, RESIZES),
            ("precision", self.precision, PRECISIONS),
        ):
            if value not in known:
                raise ConfigError(f"inception-v3: option {option!r} must be one of {', '.join(known)}; got {value!r}")
        check_backend(self.name, self.backend, self.device, self.precision)
        if self.weights_sha256 and not self.weights:
            raise ConfigError("inception-v3: weights_sha256 names another file than the published; give weights=PATH")

    @property
    def dim(self) -> int:
        """Return the tap's dimension."""
        return TAPS[self.tap]

    @property
    def _file(self) -> WeightsFile:
        """Return the file of weights that is expected."""
        if not self.weights_sha256:
            return WEIGHTS
        return WeightsFile(Path(self.weights).name, self.weights_sha256.lower())

    @cached_property
    def _network(self) -> Callable[[Tensor], dict[str, Tensor]]:
        """Return the network, loaded on first use; raises WeightsError."""
        path = locate(self._file, self.weights)
        network = build_network(load_tensors(path), str(path), self.precision).to(self.device)
        return compiled(network, torch.zeros(2, 3, SIZE, SIZE), self.backend)

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {
            "name": self.name,
            "version": "1",
            "weights_sha256": self._file.sha256,
            "tap": self.tap,
            "preprocessing": RESIZES[self.resize].words,
            "precision": self.precision,
            "decoder": str(decode.VERSION),
            **backend_identity(self.backend),
        }

    def prepare(self, image: Pixels) -> Float32[np.ndarray, "299 299 3"]:
        """Resize and normalise one image; gray is repeated."""
        return RESIZES[self.resize].apply(np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image)

    @property
    def trunk(self) -> tuple[str, ...]:
        """Return what two taps must share to be read from one pass of the network."""
        return self.name, self.resize, self.precision, self.weights, self.weights_sha256, self.device, self.backend

    def forward(self, batch: Float32[np.ndarray, "b 299 299 3"]) -> dict[str, torch.Tensor]:
        """Return every tap of prepared images."""
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            taps: dict[str, torch.Tensor] = self._network(torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2))
            return taps

    def read(self, output: dict[str, torch.Tensor]) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b 1008"]]:
        """Return this tap's features and the class probabilities."""
        probabilities = output["logits_unbiased"].softmax(dim=1)
        return output[self.tap].cpu().numpy(), probabilities.cpu().numpy()

    def extract(
        self, batch: Float32[np.ndarray, "b 299 299 3"]
    ) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b 1008"]]:
        """Return the tap's features and class probabilities of prepared images."""
        return self.read(self.forward(batch))
