"""SigLIP 2: image features trained with captions, one of the six spaces of FDr-6."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import HubModel, bicubic, normalised

HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@EXTRACTORS.register(
    "siglip2", source="Tschannen et al. 2025, arXiv:2502.14786; for evaluation: Yang et al. 2026, arXiv:2604.28190"
)
@dataclass(frozen=True)
class Siglip2(Extractor):
    """SigLIP 2's image features, pooled by its attention head: 1,152 features for So400m/16 at 256 pixels.

    Preprocessing: Pillow bicubic to the model's size without a crop, (v/255 − 0.5)/0.5. Not normalised to length one. Models of one
    fixed size only (the hub calls their type siglip), not the NaFlex ones. Needs the extra: pip install 'gantlet[hub]'.

    When it lies: as CLIP it sees what captions tell and is weak on counts and fine texture; numbers of another model or size are
    of another space.

    Args: model: a folder with config.json and model.safetensors, or a name on the hub (downloaded once); weights: such a folder,
    which takes the model's place (--weights PATH); device: cpu, cuda or mps.
    Raises: WeightsError when the model cannot be had or is no such model; ConfigError without the extra.
    """

    model: str = "google/siglip2-so400m-patch16-256"
    weights: str = ""
    device: str = "cpu"
    name = "siglip2"

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it: its image part."""
        kinds = "SiglipVisionConfig", "SiglipVisionModel"
        return HubModel(self.name, self.weights or self.model, ("siglip", "siglip_vision_model"), *kinds)

    @property
    def dim(self) -> int:
        """Return the width of the image part."""
        return int(self._hub.config.hidden_size)

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        network: nn.Module = self._hub.network()
        return network.to(self.device)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        size = self._hub.config.image_size
        return self._hub.identity(f"Pillow bicubic {size}x{size} without crop, (v/255 - 0.5)/0.5")

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "s s 3"]:
        """Resize one image to the model's size, RGB."""
        return bicubic(image, self._hub.config.image_size, crop=False)

    def extract(self, batch: UInt8[np.ndarray, "b s s 3"]) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the pooled features; no probabilities."""
        with torch.inference_mode():
            output = self._network(pixel_values=normalised(batch, *HALF, self.device))
            return output.pooler_output.float().cpu().numpy(), None
