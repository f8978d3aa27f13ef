"""Networks of the Hugging Face hub: a local folder or a name; their weights' digest; loading without surprises."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from gantlet.core.errors import ConfigError, WeightsError
from gantlet.core.files import sha256
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.words import counted
from gantlet.data import decode
from gantlet.data.download import is_offline

Channels = tuple[float, float, float]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
"""Means and standard deviations of the channels in [0, 1]."""


def hub_module(name: str, what: str) -> Any:
    """Import a library of the extra ``hub``; raises ConfigError that says how to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(f"{what} needs the package {name!r}: pip install 'gantlet[hub]'") from error


def model_folder(model: str, what: str) -> Path:
    """Return the folder of a model: ``model`` itself, or the hub's cached or downloaded copy; raises WeightsError."""
    if Path(model).is_dir():
        return Path(model)
    hub = hub_module("huggingface_hub", what)
    local = is_offline()
    try:
        folder = Path(
            hub.snapshot_download(model, allow_patterns=["config.json", "*.safetensors"], local_files_only=local)
        )
        if not any(folder.glob("*.safetensors")):
            folder = Path(
                hub.snapshot_download(
                    model, allow_patterns=["config.json", "pytorch_model.bin"], local_files_only=local
                )
            )
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(
            f"the model {model!r} for {what} is no local folder and could not be had from the hub ({reason}). Three "
            f"ways out: connect to the network once; put the hub's cache in its place ($HF_HOME); or give a folder "
            f"with its config.json and model.safetensors: {what}[model=FOLDER]"
        ) from error
    return folder


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 of a model's weights file (of all their digests where there are several)."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model.bin"))
    if not files or not (folder / "config.json").is_file():
        raise WeightsError(f"{folder} holds no model: expected config.json and model.safetensors")
    digests = [sha256(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()


def load_config(kind: str, types: Sequence[str], folder: Path, what: str) -> Any:
    """Return a model's configuration; raises WeightsError unless config.json's model_type is one of ``types``."""
    library = hub_module("transformers", what)
    try:
        model_type = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
        if model_type not in types:
            raise WeightsError(f"{folder} holds a model of type {model_type!r}; {what} needs {' or '.join(types)}")
        return getattr(library, kind).from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{folder}/config.json cannot be read: {str(error).partition(chr(10))[0]}") from error


def load_model(kind: str, folder: Path, what: str) -> Any:
    """Return a model in evaluation mode, float32, every tensor of it from the file; raises WeightsError."""
    library = hub_module("transformers", what)
    log = library.utils.logging
    level = log.get_verbosity()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        model, info = getattr(library, kind).from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise WeightsError(f"{folder} cannot be loaded as {kind}: {str(error).partition(chr(10))[0]}") from error
    finally:
        log.set_verbosity(level)
        log.enable_progress_bar()
    missing = sorted(info["missing_keys"])
    if missing:
        raise WeightsError(
            f"{folder} is no {kind}: its file lacks {counted(len(missing), 'tensor')}, e.g. {missing[0]}"
        )
    return model.eval().requires_grad_(False)


@dataclass(frozen=True)
class HubModel:
    """A model as an extractor uses it: its files, configuration and network, checked to be of the kind wanted.

    Args: extractor: the extractor's name; model: a folder or a name on the hub; types: what config.json may call it;
    config_kind, network_kind: classes of transformers.
    """

    extractor: str
    model: str
    types: tuple[str, ...]
    config_kind: str
    network_kind: str

    @cached_property
    def folder(self) -> Path:
        """Return the model's folder; raises WeightsError."""
        return model_folder(self.model, self.extractor)

    @cached_property
    def config(self) -> Any:
        """Return the model's configuration; raises WeightsError."""
        return load_config(self.config_kind, self.types, self.folder, self.extractor)

    def network(self) -> Any:
        """Load the network, of a model whose configuration is of the right type; raises WeightsError."""
        _ = self.config
        return load_model(self.network_kind, self.folder, self.extractor)

    def identity(self, preprocessing: str, **taps: str) -> dict[str, str]:
        """Return all that decides the features' values; ``taps``: tap=NAME where the extractor has several."""
        return {
            "name": self.extractor,
            "version": "1",
            "weights_sha256": weights_digest(self.folder),
            **taps,
            "preprocessing": preprocessing,
            "precision": "float32",
            "decoder": str(decode.VERSION),
        }


def resized(image: UInt8[np.ndarray, "h w c"], size: int, method: Image.Resampling) -> UInt8[np.ndarray, "s s 3"]:
    """Return the whole image at size × size RGB by one of Pillow's filters."""
    picture = Image.fromarray(np.ascontiguousarray(image[:, :, 0] if image.shape[2] == 1 else image)).convert("RGB")
    return np.asarray(picture.resize((size, size), method))


def bicubic(image: UInt8[np.ndarray, "h w c"], size: int, *, crop: bool) -> UInt8[np.ndarray, "s s 3"]:
    """Return the image at size × size RGB by Pillow's bicubic filter, of its centre square where ``crop``."""
    height, width, _ = image.shape
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    # cropped before the resize: its filter must not see what lies outside
    seen = image[top : top + side, left : left + side] if crop else image
    return resized(seen, size, Image.Resampling.BICUBIC)


def normalised(
    batch: UInt8[np.ndarray, "b s s 3"], mean: Sequence[float], std: Sequence[float], device: str
) -> Float32[Tensor, "b 3 s s"]:
    """Return (v/255 − mean)/std as a tensor on the device."""
    pixels = torch.tensor(batch, device=device).permute(0, 3, 1, 2).float() / 255
    shape = (1, 3, 1, 1)
    return (pixels - torch.tensor(mean, device=device).view(shape)) / torch.tensor(std, device=device).view(shape)


@dataclass(frozen=True)
class HubExtractor(Extractor):
    """A network of the hub as an extractor; a class of this kind names its model, types and kinds, and takes features from the output.

    Args: model: a folder with config.json and model.safetensors, or a name on the hub; weights: such a folder, which takes the model's
    place; device: cpu, cuda or mps.
    """

    model: str = ""
    weights: str = ""
    device: str = "cpu"
    _types: ClassVar[tuple[str, ...]]
    _kinds: ClassVar[tuple[str, str]]
    _scale: ClassVar[tuple[Channels, Channels]] = IMAGENET
    _scale_text: ClassVar[str] = "ImageNet mean and std"

    @cached_property
    def _hub(self) -> HubModel:
        """Return the model behind it."""
        return HubModel(self.name, self.weights or self.model, self._types, *self._kinds)

    @property
    def _side(self) -> int:
        """Return the side of the images that the network takes; raises WeightsError."""
        return int(self._hub.config.image_size)

    @property
    def dim(self) -> int:
        """Return the width of the features."""
        return int(self._hub.config.hidden_size)

    @cached_property
    def _network(self) -> nn.Module:
        """Return the network, loaded on first use; raises WeightsError."""
        network: nn.Module = self._hub.network()
        return network.to(self.device)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return self._hub.identity(f"Pillow bicubic {self._side}x{self._side} without crop, {self._scale_text}")

    def prepare(self, image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "s s 3"]:
        """Resize one image to the network's side, RGB."""
        return bicubic(image, self._side, crop=False)

    def extract(self, batch: UInt8[np.ndarray, "b s s 3"]) -> tuple[Float32[np.ndarray, "b d"], None]:
        """Return the features; no probabilities."""
        with torch.inference_mode():
            pixels = normalised(batch, *self._scale, self.device)
            return self._features(self._network, pixels).float().cpu().numpy(), None

    def _features(self, network: nn.Module, pixels: Float32[Tensor, "b 3 s s"]) -> Float[Tensor, "b d"]:
        """Return the features of normalised images."""
        output: Tensor = network(pixel_values=pixels).last_hidden_state[:, 0]
        return output
