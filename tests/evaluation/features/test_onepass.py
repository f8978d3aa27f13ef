"""Several feature spaces in one pass: each image decoded once, each network run once, the same features as alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetForImageClassification

from gantlet.core.errors import ConfigError, WeightsError
from gantlet.data.arrays import array_source
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.extract import extract, extract_all
from gantlet.evaluation.features.onepass import trunks


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resnet")
    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=5)
    ResNetForImageClassification(config).save_pretrained(folder)
    return folder


def images(n: int = 37):
    return array_source("x", np.random.default_rng(0).integers(0, 256, (n, 20, 20, 3), dtype=np.uint8))


def test_each_image_is_decoded_once_and_each_network_runs_once(resnet: Path, monkeypatch) -> None:
    taps = [EXTRACTORS.build(f"resnet[model={resnet},tap={tap}]") for tap in ("conv", "logits", "softmax")]
    extractors = [EXTRACTORS.build("pixels"), *taps, EXTRACTORS.build("random-conv")]
    alone = [extract(images(), extractor, cache=False)[0] for extractor in extractors]
    read, passes = [], []
    source = images()
    counted = type(source)(**{**vars(source), "read": lambda i: (read.append(i), source.read(i))[1]})
    forward = type(taps[0]).forward
    monkeypatch.setattr(
        type(taps[0]), "forward", lambda self, batch: (passes.append(len(batch)), forward(self, batch))[1]
    )
    together = extract_all(counted, extractors, cache=False)
    assert sorted(read) == list(range(37))
    assert passes == [16, 16, 5]
    for (bank, info), lone in zip(together, alone, strict=True):
        assert np.array_equal(bank.features, lone.features)
        assert not info.cached
    assert [trunk.members for trunk in trunks(extractors)] == [[0], [1, 2, 3], [4]]


def test_only_what_is_not_cached_is_computed() -> None:
    first, second = EXTRACTORS.build("pixels[size=4]"), EXTRACTORS.build("pixels[size=5]")
    extract(images(20), first)
    found = extract_all(images(20), [first, second])
    assert [info.cached for _, info in found] == [True, False]
    assert [info.cached for _, info in extract_all(images(20), [first, second])] == [True, True]


def test_resnet_taps_are_those_of_transformers(resnet: Path) -> None:
    model = ResNetForImageClassification.from_pretrained(resnet).eval()
    extractor = EXTRACTORS.build(f"resnet[model={resnet},tap=softmax]")
    image = images().read(0)
    prepared = extractor.prepare(image)
    features, probabilities = extractor.extract(prepared[None])
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    pixels = (torch.from_numpy(prepared.copy()).permute(2, 0, 1)[None].float() / 255 - mean) / std
    with torch.inference_mode():
        expected = model(pixel_values=pixels).logits.softmax(1).numpy()
    np.testing.assert_allclose(features, expected, atol=1e-6)
    assert np.array_equal(features, probabilities)
    dims = {tap: EXTRACTORS.build(f"resnet[model={resnet},tap={tap}]").dim for tap in ("pixels", "conv", "logits")}
    assert dims == {"pixels": 150_528, "conv": 16, "logits": 5}


def test_wrong_taps_and_models(resnet: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pixels, conv"):
        EXTRACTORS.build("resnet[tap=pool]")
    with pytest.raises(WeightsError, match="holds no model"):
        _ = EXTRACTORS.build(f"resnet[model={tmp_path}]").identity


def test_inceptions_spatial_tap_is_the_first_seven_channels_of_mixed_6d(inception_state) -> None:
    from gantlet.evaluation.features.inception_network import Network

    network = Network(inception_state).eval()
    seen: list[torch.Tensor] = []
    network.to_768[-2].register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.inference_mode():
        taps = network(torch.zeros(1, 3, 299, 299))
    assert taps["spatial"].shape == (1, 2023)
    assert torch.equal(taps["spatial"], seen[0][:, :7].permute(0, 2, 3, 1).reshape(1, -1))
