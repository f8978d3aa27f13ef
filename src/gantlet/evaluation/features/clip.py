"""CLIP: image features trained with captions, the space of CMMD."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn
from torch.nn import functional

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import CLIP, HubModel, bicubic, normalised

TAPS = {
    "projected": "centre crop, Pillow bicubic {0}x{0}, CLIP mean and std; projected, L2-normalised",
    "cls": "Pillow bicubic {0}x{0} without crop, CLIP mean and std; class token after the last layer norm",
}


@EXTRACTORS.register(
    "clip", source="Radford et al. 2021, arXiv:2103.00020; for evaluation: Jayasumana et al. 2024, arXiv:2401.09603"
)
@dataclass(frozen=True)
class Clip(Extractor):
    """CLIP's image features: projected and L2-normalised for CMMD (768 features), or the class token before projection.

    tap=projected is CMMD's: centre crop, Pillow bicubic to the model's size (336 for the default), projection, length
    one. tap=cls is that of Stein et al. 2023: bicubic without a crop, the class token after the last layer norm, not
    projected, not normalised. Needs the extra: pip install 'gantlet[hub]'.

    When it lies: it sees what captions tell (objects, style) and is weak on counts, geometry and fine texture; each
    published number belongs to one model, tap and resize.

    Args: model: a folder with config.json and model.safetensors, or a name on the hub (downloaded once); tap: projected
    or cls; device: cpu, cuda or mps.
    Raises: ConfigError for another tap or without the extra; WeightsError when the model cannot be had or is no CLIP.
    """

    model: str = "openai/clip-vit-large-patch14-336"
    tap: str = "projected"
    device: str = "cpu"
    name = "clip"

    def __post_init__(self) -> None:
        if self.tap not in TAPS:
            raise ConfigError(f"clip: option 'tap' must be one of {', '.join(TAPS)}; got {self.tap!r}")

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it: its image part."""
        kinds = "CLIPVisionConfig", "CLIPVisionModelWithProjection"
        return HubModel(self.name, self.model, ("clip", "clip_vision_model"), *kinds)

    @property
    def dim(self) -> int:
        """Return the dimension of the projection, or the width of the image part."""
        return int(self._hub.config.projection_dim if self.tap == "projected" else self._hub.config.hidden_size)

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        network: nn.Module = self._hub.network()
        return network.to(self.device)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return self._hub.identity(TAPS[self.tap].format(self._hub.config.image_size), tap=self.tap)

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "s s 3"]:
        """Crop (for CMMD) and resize one image to the model's size, RGB."""
        return bicubic(image, self._hub.config.image_size, crop=self.tap == "projected")

    def extract(self, batch: UInt8[np.ndarray, "b s s 3"]) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the tap's features; no probabilities."""
        pixels = normalised(batch, *CLIP, self.device)
        with torch.inference_mode():
            if self.tap == "projected":
                features = functional.normalize(self._network(pixel_values=pixels).image_embeds.float(), dim=1)
            else:
                features = self._network.vision_model(pixel_values=pixels).pooler_output.float()  # type: ignore[operator]
            return features.cpu().numpy(), None
