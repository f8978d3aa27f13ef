"""MAE: a masked auto-encoder's features, one of the six spaces of FDr-6."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import HubExtractor


@EXTRACTORS.register(
    "mae", source="He et al. 2022, arXiv:2111.06377; for evaluation: Yang et al. 2026, arXiv:2604.28190"
)
@dataclass(frozen=True)
class Mae(HubExtractor):
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
    name = "mae"
    _types = ("vit_mae",)
    _kinds = ("ViTMAEConfig", "ViTMAEModel")
    _scale_text = "ImageNet mean and std, no mask"

    @cached_property
    def _network(self) -> nn.Module:
        """Return the encoder with its masking off, loaded on first use; raises WeightsError."""
        network = self._hub.network()
        network.config.mask_ratio = 0.0
        moved: nn.Module = network.to(self.device)
        return moved

    def _features(self, network: nn.Module, pixels: Float32[Tensor, "b 3 s s"]) -> Float[Tensor, "b d"]:
        """Return the class tokens; no patch is shuffled."""
        patches = (self._side // self._hub.config.patch_size) ** 2
        order = torch.arange(patches, dtype=torch.float32, device=pixels.device).expand(len(pixels), -1)
        output: Tensor = network(pixel_values=pixels, noise=order).last_hidden_state[:, 0]
        return output
