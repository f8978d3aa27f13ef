"""MAE: a masked auto-encoder's features, one of the six spaces of FDr-6."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import IMAGENET, HubModel, bicubic, normalised


@EXTRACTORS.register(
    "mae", source="He et al. 2022, arXiv:2111.06377; for evaluation: Yang et al. 2026, arXiv:2604.28190"
)
@dataclass(frozen=True)
class Mae(Extractor):
    """MAE's class token after the last layer norm, of the whole image: nothing is masked (1,024 features for ViT-L/16).

    Preprocessing: Pillow bicubic to the model's size (224) without a crop, ImageNet's mean and standard deviation. Needs the
    extra: pip install 'gantlet[hub]'.

    When it lies: it learned to fill in pixels, so it sees texture and layout before objects; the class token had no task of its own in
    that training. Distances are small numbers: real validation images of ImageNet lie at 0.04 (Yang et al. 2026).

    Args: model: a folder with config.json and model.safetensors, or a name on the hub (downloaded once); weights: such a folder,
    which takes the model's place (--weights PATH); device: cpu, cuda or mps.
    Raises: WeightsError when the model cannot be had or is no MAE; ConfigError without the extra.
    """

    model: str = "facebook/vit-mae-large"
    weights: str = ""
    device: str = "cpu"
    name = "mae"

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it."""
        return HubModel(self.name, self.weights or self.model, ("vit_mae",), "ViTMAEConfig", "ViTMAEModel")

    @property
    def dim(self) -> int:
        """Return the width of the encoder."""
        return int(self._hub.config.hidden_size)

    @cached_property
    def _network(self) -> nn.Module:
        """Return the encoder with its masking off, loaded on first use; raises WeightsError."""
        network = self._hub.network()
        network.config.mask_ratio = 0.0
        moved: nn.Module = network.to(self.device)
        return moved

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        size = self._hub.config.image_size
        return self._hub.identity(f"Pillow bicubic {size}x{size} without crop, ImageNet mean and std, no mask")

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "s s 3"]:
        """Resize one image to the model's size, RGB."""
        return bicubic(image, self._hub.config.image_size, crop=False)

    def extract(self, batch: UInt8[np.ndarray, "b s s 3"]) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the class tokens; no probabilities."""
        patches = (self._hub.config.image_size // self._hub.config.patch_size) ** 2
        order = torch.arange(patches, dtype=torch.float32, device=self.device).expand(
            len(batch), -1
        )  # none is shuffled
        with torch.inference_mode():
            output = self._network(pixel_values=normalised(batch, *IMAGENET, self.device), noise=order)
            return output.last_hidden_state[:, 0].float().cpu().numpy(), None
