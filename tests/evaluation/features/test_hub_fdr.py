"""ConvNeXt V2, MAE, SigLIP 2 and DINOv3 on tiny, randomly initialised models in a local folder."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    ConvNextV2Config,
    ConvNextV2Model,
    DINOv3ViTConfig,
    DINOv3ViTModel,
    SiglipVisionConfig,
    SiglipVisionModel,
    ViTMAEConfig,
    ViTMAEForPreTraining,
    ViTMAEModel,
)

from gantlet.core.errors import WeightsError
from gantlet.core.files import sha256
from gantlet.evaluation.features import EXTRACTORS

IMAGE = np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8)
VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
NAMES = ("convnextv2", "mae", "siglip2", "dinov3")
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    made = {
        "convnextv2": ConvNextV2Model(ConvNextV2Config(hidden_sizes=[4, 8, 12, 16], depths=[1, 1, 1, 1])),
        "mae": ViTMAEForPreTraining(
            ViTMAEConfig(
                **VIT, image_size=32, patch_size=8, decoder_hidden_size=8, decoder_num_hidden_layers=1,
                decoder_num_attention_heads=2, decoder_intermediate_size=8,
            )
        ),
        "siglip2": SiglipVisionModel(SiglipVisionConfig(**VIT, image_size=32, patch_size=8)),
        "dinov3": DINOv3ViTModel(DINOv3ViTConfig(**VIT, patch_size=16, num_register_tokens=4)),
    }  # fmt: skip
    with (
        torch.no_grad()
    ):  # a fresh ConvNeXt V2 has response normalisation and layer scale at 0: nothing would be tested
        for name, parameter in made["convnextv2"].named_parameters():
            if "grn" in name:
                parameter.normal_()
    folders = {}
    for name, model in made.items():
        folders[name] = tmp_path_factory.mktemp(name)
        model.save_pretrained(folders[name])
    return folders


def squeezed(size: int, mean: torch.Tensor = MEAN, std: torch.Tensor = STD) -> torch.Tensor:
    pixels = np.asarray(Image.fromarray(IMAGE).resize((size, size), Image.Resampling.BICUBIC), np.float32) / 255
    return ((torch.from_numpy(pixels) - mean) / std).permute(2, 0, 1)[None]


def expected(name: str, folder: Path) -> torch.Tensor:
    if name == "convnextv2":
        states = ConvNextV2Model.from_pretrained(folder).eval()(squeezed(224), output_hidden_states=True).hidden_states
        return states[-1].flatten(2).mean(2)
    if name == "mae":
        model = ViTMAEModel.from_pretrained(folder, mask_ratio=0.0).eval()
        return model.layernorm(model(squeezed(32), output_hidden_states=True).hidden_states[-1])[:, 0]
    if name == "siglip2":
        half = torch.full((3,), 0.5)
        model = SiglipVisionModel.from_pretrained(folder).eval()
        return model.head(model(squeezed(32, half, half)).last_hidden_state)
    return DINOv3ViTModel.from_pretrained(folder).eval()(squeezed(224)).pooler_output


@pytest.mark.parametrize("name", NAMES)
def test_features_are_the_models_own(name: str, models: dict[str, Path]) -> None:
    extractor = EXTRACTORS.build(f"{name}[model={models[name]}]")
    features, probabilities = extractor.extract(extractor.prepare(IMAGE)[None])
    with torch.inference_mode():
        wanted = expected(name, models[name])
    np.testing.assert_allclose(features, wanted, atol=1e-5)  # values of size 1 in float32, few layers
    assert probabilities is None
    assert features.shape == (1, extractor.dim) == (1, 16)
    assert features.std() > 1e-3
    assert extractor.identity["weights_sha256"] == sha256(models[name] / "model.safetensors")


@pytest.mark.parametrize("name", NAMES)
def test_features_do_not_depend_on_the_batch_and_weights_take_the_models_place(
    name: str, models: dict[str, Path]
) -> None:
    extractor = EXTRACTORS.build(f"{name}[weights={models[name]}]")
    batch = np.stack([extractor.prepare(image) for image in (IMAGE, IMAGE[:, ::-1], IMAGE[:20, :, :1])])
    together = extractor.extract(batch)[0]
    np.testing.assert_allclose(extractor.extract(batch[1:2])[0], together[1:2], atol=1e-5)
    assert np.abs(together[0] - together[2]).max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_cannot_be_had_and_one_of_another_kind(
    name: str, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def offline(*_: object, **__: object) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("no network and no cached snapshot")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(WeightsError, match=rf"no network.*Three ways out.*{name}\[model=FOLDER\]"):
        _ = EXTRACTORS.build(name).identity
    other = models["mae" if name != "mae" else "dinov3"]
    with pytest.raises(WeightsError, match=rf"holds a model of type .*; {name} needs"):
        _ = EXTRACTORS.build(f"{name}[weights={other}]")._network


def test_dinov3_refuses_patches_that_do_not_fill_the_image(tmp_path: Path) -> None:
    DINOv3ViTModel(DINOv3ViTConfig(**VIT, patch_size=15)).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="patches of 15 pixels, which do not fill 224"):
        _ = EXTRACTORS.build(f"dinov3[model={tmp_path}]")._network
