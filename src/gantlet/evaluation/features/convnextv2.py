"""ConvNeXt V2: convolutional features, one of the six spaces of FDr-6."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import IMAGENET, HubModel, bicubic, normalised

SIZE = 224


@EXTRACTORS.register(
    "convnextv2", source="Woo et al. 2023, arXiv:2301.00808; for evaluation: Yang et al. 2026, arXiv:2604.28190"
)
@dataclass(frozen=True)
class ConvNextV2(Extractor):
    """ConvNeXt V2's last feature map, averaged over positions: 1,024 features for the base model.

    Preprocessing: Pillow bicubic to 224×224 without a crop (other shapes are squeezed), ImageNet's mean and standard deviation.
    The mean is taken before the last layer norm, as the program of FDr-6 does. Needs the extra: pip install 'gantlet[hub]'.

    When it lies: without the layer norm the scale differs between features by orders of magnitude, and few of them decide a
    distance. It was trained with ImageNet's labels and sees what tells its classes apart.

    Args: model: a folder with config.json and model.safetensors, or a name on the hub (downloaded once); weights: such a folder,
    which takes the model's place (--weights PATH); device: cpu, cuda or mps.
    Raises: WeightsError when the model cannot be had or is no ConvNeXt V2; ConfigError without the extra.
    """

    model: str = "facebook/convnextv2-base-22k-224"
    weights: str = ""
    device: str = "cpu"
    name = "convnextv2"

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it."""
        kinds = "ConvNextV2Config", "ConvNextV2Model"
        return HubModel(self.name, self.weights or self.model, ("convnextv2",), *kinds)

    @property
    def dim(self) -> int:
        """Return the width of the last stage."""
        return int(self._hub.config.hidden_sizes[-1])

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        network: nn.Module = self._hub.network()
        return network.to(self.device)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return self._hub.identity(f"Pillow bicubic {SIZE}x{SIZE} without crop, ImageNet mean and std")

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "224 224 3"]:
        """Resize one image to 224×224 RGB."""
        return bicubic(image, SIZE, crop=False)

    def extract(self, batch: UInt8[np.ndarray, "b 224 224 3"]) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the averaged feature maps; no probabilities."""
        with torch.inference_mode():
            output = self._network(pixel_values=normalised(batch, *IMAGENET, self.device))
            return output.last_hidden_state.mean(dim=(2, 3)).float().cpu().numpy(), None
