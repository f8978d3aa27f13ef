"""ConvNeXt V2: convolutional features, one of the six spaces of FDr-6."""

from dataclasses import dataclass

from jaxtyping import Float, Float32
from torch import Tensor, nn

from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.hub import HubExtractor

SIZE = 224


@EXTRACTORS.register(
    "convnextv2", source="Woo et al. 2023, arXiv:2301.00808; for evaluation: Yang et al. 2026, arXiv:2604.28190"
)
@dataclass(frozen=True)
class ConvNextV2(HubExtractor):
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
    name = "convnextv2"
    _types = ("convnextv2",)
    _kinds = ("ConvNextV2Config", "ConvNextV2Model")
    _side = SIZE

    @property
    def dim(self) -> int:
        """Return the width of the last stage."""
        return int(self._hub.config.hidden_sizes[-1])

    def _features(self, network: nn.Module, pixels: Float32[Tensor, "b 3 s s"]) -> Float[Tensor, "b d"]:
        """Return the averaged feature maps."""
        output: Tensor = network(pixel_values=pixels).last_hidden_state.mean(dim=(2, 3))
        return output
