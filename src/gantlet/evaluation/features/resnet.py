"""ResNet-34: the four spaces in which Xu et al. compared metrics, from one pass."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Tapped
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import IMAGENET, HubModel, normalised, resized

SIZE = 224
TAPS = ("pixels", "conv", "logits", "softmax")


@EXTRACTORS.register(
    "resnet", source="He et al. 2016, arXiv:1512.03385; for evaluation: Xu et al. 2018, arXiv:1806.07755"
)
@dataclass(frozen=True)
class ResNet(Tapped):
    """ResNet-34, ImageNet-trained: normalised pixels, pooled convolutions (512), logits or class probabilities.

    The four spaces of Xu et al. 2018; a pass of the network gives them all. Preprocessing: Pillow bilinear to 224×224
    without a crop, ImageNet's mean and standard deviation. Needs the extra: pip install 'gantlet[hub]'.

    When it lies: the paper's weights were torchvision's; the hub's are other ones of the same network, so orders agree
    and numbers do not. The pixel space has 150,528 dimensions and sees shifts and brightness before content.

    Args: tap: pixels, conv, logits or softmax; model: a folder with config.json and model.safetensors, or a name on the
    hub (downloaded once); device: cpu, cuda or mps.
    Raises: ConfigError for another tap or without the extra; WeightsError when the model cannot be had or is no ResNet.
    """

    tap: str = "conv"
    model: str = "microsoft/resnet-34"
    device: str = "cpu"
    name = "resnet"

    def __post_init__(self) -> None:
        if self.tap not in TAPS:
            raise ConfigError(f"resnet: option 'tap' must be one of {', '.join(TAPS)}; got {self.tap!r}")

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it."""
        return HubModel(self.name, self.model, ("resnet",), "ResNetConfig", "ResNetForImageClassification")

    @property
    def dim(self) -> int:
        """Return the tap's dimension."""
        widths = {"pixels": 3 * SIZE**2, "conv": self._hub.config.hidden_sizes[-1]}
        return int(widths.get(self.tap, self._hub.config.num_labels))

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        network: nn.Module = self._hub.network()
        return network.to(self.device)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        how = f"Pillow bilinear {SIZE}x{SIZE} without crop, ImageNet mean and std"
        return self._hub.identity(how, tap=self.tap)

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "224 224 3"]:
        """Resize one image to 224×224 RGB."""
        return resized(image, SIZE, Image.Resampling.BILINEAR)

    @property
    def trunk(self) -> tuple[str, ...]:
        """Return what two taps must share to be read from one pass."""
        return self.name, self.model, self.device

    def forward(self, batch: UInt8[np.ndarray, "b 224 224 3"]) -> dict[str, torch.Tensor]:
        """Return every tap of prepared images."""
        with torch.inference_mode():
            pixels = normalised(batch, *IMAGENET, self.device)
            conv = self._network.resnet(pixels).pooler_output.flatten(1)  # type: ignore[operator]
            logits = self._network.classifier(conv)  # type: ignore[operator]
            return {"pixels": pixels.flatten(1), "conv": conv, "logits": logits, "softmax": logits.softmax(dim=1)}

    def read(self, output: dict[str, torch.Tensor]) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"]]:
        """Return this tap's features and the class probabilities."""
        return output[self.tap].cpu().numpy(), output["softmax"].cpu().numpy()

    def extract(
        self, batch: UInt8[np.ndarray, "b 224 224 3"]
    ) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"]]:
        """Return the tap's features and the class probabilities."""
        return self.read(self.forward(batch))
