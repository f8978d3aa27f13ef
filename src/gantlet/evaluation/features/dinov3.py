"""DINOv3: self-supervised features with rotary positions."""

from dataclasses import dataclass
from functools import cached_property

from torch import nn

from gantlet.core.errors import WeightsError
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import HubExtractor

SIZE = 224


@EXTRACTORS.register("dinov3", source="Siméoni et al. 2025, arXiv:2508.10104")
@dataclass(frozen=True)
class DinoV3(HubExtractor):
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
    name = "dinov3"
    _types = ("dinov3_vit",)
    _kinds = ("DINOv3ViTConfig", "DINOv3ViTModel")
    _side = SIZE

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        patch = int(self._hub.config.patch_size)
        if SIZE % patch:
            raise WeightsError(
                f"{self._hub.folder} has patches of {patch} pixels, which do not fill {SIZE}; expected e.g. 16"
            )
        network: nn.Module = self._hub.network()
        return network.to(self.device)
