"""SigLIP 2: image features trained with captions, one of the six spaces of FDr-6."""

from dataclasses import dataclass

from jaxtyping import Float, Float32
from torch import Tensor, nn

from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import HubExtractor

HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@EXTRACTORS.register(
    "siglip2", source="Tschannen et al. 2025, arXiv:2502.14786; for evaluation: Yang et al. 2026, arXiv:2604.28190"
)
@dataclass(frozen=True)
class Siglip2(HubExtractor):
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
    name = "siglip2"
    _types = ("siglip", "siglip_vision_model")
    _kinds = ("SiglipVisionConfig", "SiglipVisionModel")
    _scale = HALF
    _scale_text = "(v/255 - 0.5)/0.5"

    def _features(self, network: nn.Module, pixels: Float32[Tensor, "b 3 s s"]) -> Float[Tensor, "b d"]:
        """Return the pooled features."""
        output: Tensor = network(pixel_values=pixels).pooler_output
        return output
