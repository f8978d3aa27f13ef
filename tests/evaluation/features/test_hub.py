"""DINOv2 and CLIP on tiny, randomly initialised models in a local folder."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Dinov2Config,
    Dinov2Model,
)

from gantlet.core.errors import ConfigError, WeightsError
from gantlet.core.files import sha256
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.dinov2 import position_embeddings
from gantlet.evaluation.features.hub import bicubic

IMAGE = np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8)
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 14}


@pytest.fixture(scope="module")
def dino(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dino")
    torch.manual_seed(0)
    Dinov2Model(Dinov2Config(**SMALL, mlp_ratio=2, image_size=70)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    config = CLIPVisionConfig(**SMALL, intermediate_size=32, image_size=28, projection_dim=8)
    CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def reference(image: Image.Image, mean: list[float], std: list[float]) -> torch.Tensor:
    pixels = torch.from_numpy(np.asarray(image, np.float32) / 255)
    return ((pixels - torch.tensor(mean)) / torch.tensor(std)).permute(2, 0, 1)[None]


def test_dinov2_is_its_class_token_of_a_squeezed_image(dino: Path) -> None:
    extractor = EXTRACTORS.build(f"dinov2[model={dino}]")
    features, probabilities = extractor.extract(extractor.prepare(IMAGE)[None])
    model = Dinov2Model.from_pretrained(dino).eval()
    resized = position_embeddings(model.embeddings.position_embeddings.detach(), 16)
    model.embeddings.position_embeddings = torch.nn.Parameter(resized)
    squeezed = Image.fromarray(IMAGE).resize((224, 224), Image.Resampling.BICUBIC)
    x = reference(squeezed, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.inference_mode():
        expected = model(pixel_values=x).pooler_output
    np.testing.assert_allclose(features, expected, atol=1e-5)  # values of size 1 in float32, few layers
    assert probabilities is None
    assert extractor.dim == 16
    assert extractor.identity["weights_sha256"] == sha256(dino / "model.safetensors")


def keys_cubic(x: np.ndarray) -> np.ndarray:
    """Return Keys' kernel with a = −3/4, PyTorch's choice."""
    x, a = np.abs(x), -0.75
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    return np.where(x <= 1, near, np.where(x < 2, a * (x**3 - 5 * x**2 + 8 * x - 4), 0))


def test_position_embeddings_follow_the_authors_offset() -> None:
    grid, side = 37, 16
    line = np.random.default_rng(0).standard_normal(grid).astype(np.float32)
    columns = torch.from_numpy(line).repeat(grid).reshape(1, -1, 1)
    resized = position_embeddings(torch.cat([torch.full((1, 1, 1), 7.0), columns], dim=1), side)
    assert resized.shape == (1, 1 + side * side, 1)
    assert resized[0, 0, 0] == 7
    # output i lies at (i + ½)·37/16.1 − ½; the border is left out
    at = (np.arange(side) + 0.5) * grid / (side + 0.1) - 0.5
    expected = keys_cubic(at[:, None] - np.arange(grid)) @ line
    np.testing.assert_allclose(resized[0, 1:, 0].reshape(side, side)[8, 1:-1], expected[1:-1], atol=1e-5)
    assert position_embeddings(columns[:, : 1 + 16], 4).shape == (1, 17, 1)


def test_clips_two_taps(clip: Path) -> None:
    model = CLIPVisionModelWithProjection.from_pretrained(clip).eval()
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    square = Image.fromarray(IMAGE[:, 20:70]).resize((28, 28), Image.Resampling.BICUBIC)
    squeezed = Image.fromarray(IMAGE).resize((28, 28), Image.Resampling.BICUBIC)
    with torch.inference_mode():
        projected = model(pixel_values=reference(square, mean, std)).image_embeds
        states = model.vision_model(pixel_values=reference(squeezed, mean, std)).last_hidden_state[:, 0]
        token = model.vision_model.post_layernorm(states)
    for tap, expected in (("projected", projected / projected.norm()), ("cls", token)):
        extractor = EXTRACTORS.build(f"clip[model={clip},tap={tap}]")
        features, _ = extractor.extract(extractor.prepare(IMAGE)[None])
        np.testing.assert_allclose(features, expected, atol=1e-5)
        assert extractor.dim == features.shape[1]
        assert tap in extractor.identity["tap"]
    with pytest.raises(ConfigError, match="projected, cls"):
        EXTRACTORS.build("clip[tap=pooled]")


def test_features_do_not_depend_on_the_batch(dino: Path, clip: Path) -> None:
    for spec in (f"dinov2[model={dino}]", f"clip[model={clip}]"):
        extractor = EXTRACTORS.build(spec)
        batch = np.stack([extractor.prepare(image) for image in (IMAGE, IMAGE[:, ::-1], IMAGE[:20, :, :1])])
        together = extractor.extract(batch)[0]
        np.testing.assert_allclose(extractor.extract(batch[1:2])[0], together[1:2], atol=1e-5)


def test_gray_and_tiny_images_are_brought_to_size() -> None:
    for shape in ((1, 1, 1), (3, 80, 1), (9, 2, 3)):
        for crop in (True, False):
            assert set(np.unique(bicubic(np.full(shape, 7, np.uint8), 14, crop=crop))) == {7}


def test_a_model_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    def offline(*_: object, **__: object) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("no network and no cached snapshot")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    for name in ("dinov2", "clip"):
        with pytest.raises(WeightsError, match=rf"no network.*Three ways out.*{name}\[model=FOLDER\]"):
            _ = EXTRACTORS.build(name).identity
    with pytest.raises(WeightsError, match="holds no model"):
        _ = EXTRACTORS.build(f"dinov2[model={tmp_path}]").identity


def test_models_of_another_kind_or_damaged(dino: Path, clip: Path, tmp_path: Path) -> None:
    for folder, spec in ((clip, "dinov2"), (dino, "clip")):
        extractor = EXTRACTORS.build(f"{spec}[model={folder}]")
        with pytest.raises(WeightsError, match=rf"holds a model of type .*; {spec} needs"):
            _ = extractor._network
    (tmp_path / "config.json").write_text((dino / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes((dino / "model.safetensors").read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cannot be loaded"):
        _ = EXTRACTORS.build(f"dinov2[model={tmp_path}]")._network


def test_without_the_extra_the_error_says_how_to_install_it(dino: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match=r"pip install 'gantlet\[hub\]'"):
        _ = EXTRACTORS.build(f"dinov2[model={dino}]").dim
