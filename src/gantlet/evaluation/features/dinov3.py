"""DINOv3: self-supervised features with rotary positions."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from gantlet.core.errors import WeightsError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import IMAGENET, HubModel, bicubic, normalised

SIZE = 224


@EXTRACTORS.register("dinov3", source="Siméoni et al. 2025, arXiv:2508.10104")
@dataclass(frozen=True)
class DinoV3(Extractor):
    """DINOv3's class token after the last layer norm: 1,024 features for ViT-L/16.

    Preprocessing: Pillow bicubic to 224×224 without a crop (other shapes are squeezed), ImageNet's mean and standard deviation. The
    hub hands its weights out after their licence is accepted there; then `hf download`, and --weights FOLDER. Needs the extra:
    pip install 'gantlet[hub]'.

    When it lies: no published Fréchet distances stand in this space yet, and it is not that of dinov2. It was trained on
    natural photos; small images are enlarged and look blurred.

    Args: model: a folder with config.json and model.safetensors, or a name on the hub (downloaded once); weights: such a folder,
    which takes the model's place (--weights PATH); device: cpu, cuda or mps.
    Raises: WeightsError when the model cannot be had or is no DINOv3 transformer; ConfigError without the extra.
    """

    model: str = "facebook/dinov3-vitl16-pretrain-lvd1689m"
    weights: str = ""
    device: str = "cpu"
    name = "dinov3"

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it."""
        return HubModel(self.name, self.weights or self.model, ("dinov3_vit",), "DINOv3ViTConfig", "DINOv3ViTModel")

    @property
    def dim(self) -> int:
        """Return the width of the model."""
        return int(self._hub.config.hidden_size)

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        if SIZE % int(self._hub.config.patch_size):
            raise WeightsError(
                f"{self._hub.folder} has patches of {self._hub.config.patch_size} pixels, which do not fill {SIZE}; expected e.g. 16"
            )
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
        """Return the class tokens; no probabilities."""
        with torch.inference_mode():
            output = self._network(pixel_values=normalised(batch, *IMAGENET, self.device))
            return output.last_hidden_state[:, 0].float().cpu().numpy(), None
