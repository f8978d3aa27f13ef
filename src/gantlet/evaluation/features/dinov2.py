"""DINOv2: self-supervised features, the space of FD-DINOv2."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gantlet.core.errors import WeightsError
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import HubExtractor

SIZE = 224
OFFSET = 0.1


def position_embeddings(trained: Float[Tensor, "1 n d"], side: int) -> Float[Tensor, "1 m d"]:
    """Return the position embeddings for side × side patches from those of the training size (class token first).

    Convention: bicubic with the scale (side + 0.1)/√n, as in the authors' program; a plain resize to ``side``, as in
    transformers, gives slightly other features and is rejected.
    """
    grid = round((trained.shape[1] - 1) ** 0.5)
    if grid == side:
        return trained
    patches = trained[:, 1:].float().unflatten(1, (grid, grid)).permute(0, 3, 1, 2)
    scale = (side + OFFSET) / grid
    resized = functional.interpolate(patches, scale_factor=(scale, scale), mode="bicubic", align_corners=False)
    return torch.cat([trained[:, :1], resized.permute(0, 2, 3, 1).flatten(1, 2).to(trained.dtype)], dim=1)


@EXTRACTORS.register(
    "dinov2", source="Oquab et al. 2023, arXiv:2304.07193; for evaluation: Stein et al. 2023, arXiv:2306.04675"
)
@dataclass(frozen=True)
class DinoV2(HubExtractor):
    """DINOv2's class token after the last layer norm: the space of FD-DINOv2 (1,024 features for ViT-L/14).

    Preprocessing as in Stein et al.: Pillow bicubic to 224×224 without a crop (other shapes are squeezed), ImageNet's
    mean and standard deviation. Needs the extra: pip install 'gantlet[hub]'.

    When it lies: features of another model size, or of another resize, are another space: published FD-DINOv2 means
    ViT-L/14. It was trained on natural photos at more than 224 pixels; small images are enlarged and look blurred.

    Args: model: a folder with config.json and model.safetensors, or a name on the hub (downloaded once); weights: such a
    folder, which takes the model's place (--weights PATH); device: cpu, cuda or mps.
    Raises: WeightsError when the model cannot be had or is no DINOv2; ConfigError without the extra.
    """

    model: str = "facebook/dinov2-large"
    name = "dinov2"
    _types = ("dinov2",)
    _kinds = ("Dinov2Config", "Dinov2Model")
    _side = SIZE

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network with positions for patches of this size, loaded on first use; raises WeightsError."""
        patch = int(self._hub.config.patch_size)
        if SIZE % patch:
            raise WeightsError(
                f"{self._hub.folder} has patches of {patch} pixels, which do not fill {SIZE}; expected e.g. 14"
            )
        network = self._hub.network()
        resized = position_embeddings(network.embeddings.position_embeddings, SIZE // patch)
        network.embeddings.position_embeddings = nn.Parameter(resized, requires_grad=False)
        moved: nn.Module = network.to(self.device)
        return moved
