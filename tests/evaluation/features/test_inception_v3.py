"""Inception v3 against golden values of other programs, and its parts against plain arithmetic."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from gantlet.core.errors import ConfigError, WeightsError
from gantlet.core.files import sha256
from gantlet.data import download
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.inception_network import (
    BATCH_NORM_EPSILON,
    TAPS,
    FoldedConv,
    Network,
    average_pool,
    chain,
)
from gantlet.evaluation.features.inception_resize import RESIZES, bilinear
from gantlet.evaluation.features.inception_v3 import InceptionV3, build_network

State = dict[str, torch.Tensor]
RNG = np.random.default_rng(0)


def with_network(network: Network, **options: str) -> InceptionV3:
    """Return the extractor with this network in the place of the published one."""
    extractor = InceptionV3(**options)
    vars(extractor)["_network"] = network
    return extractor


@pytest.fixture(scope="module")
def network(inception_state: State) -> Network:
    return build_network(inception_state, "random weights")


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@pytest.mark.shared
def test_every_tap_is_torch_fidelitys(shared: Path, network: Network) -> None:
    golden = np.load(shared / "golden/inception_v3_random.npz")
    images = {name.removeprefix("image/"): golden[name] for name in golden if name.startswith("image/")}
    assert len(images) == 4
    for name, image in images.items():
        for tap in set(TAPS) - {"spatial"}:  # torch-fidelity has no such tap
            extractor = with_network(network, tap=tap)
            features, probabilities = extractor.extract(extractor.prepare(image)[None])
            # the golden values are float64; the bar is 2e-6, float32 gives up to 4e-7
            assert relative(features[0], golden[f"{name}/{tap}"]) < 2e-6
            assert features.shape == (1, extractor.dim)
        expected = torch.from_numpy(golden[f"{name}/logits_unbiased"]).softmax(dim=0).numpy()
        assert relative(probabilities[0], expected) < 1e-5  # e^x of logits of size ~10, each off by ~4e-7 of it


@pytest.mark.shared
def test_pytorch_fids_preprocessing(shared: Path, network: Network) -> None:
    golden = np.load(shared / "golden/inception_v3_random.npz")
    extractor = with_network(network, resize="pytorch-fid")
    for name in [name.removeprefix("image/") for name in golden if name.startswith("image/")]:
        features, _ = extractor.extract(extractor.prepare(golden[f"image/{name}"])[None])
        assert relative(features[0], golden[f"{name}/pytorch_fid_2048"]) < 2e-6


@pytest.mark.shared
def test_the_random_weights_have_the_published_names_and_shapes(shared: Path, inception_state: State) -> None:
    published = dict(json.loads((shared / "golden/inception_v3_shapes.json").read_text()))
    assert {name: list(value.shape) for name, value in inception_state.items()} == published


@pytest.mark.parametrize(("kernel", "stride"), [((3, 3), 2), ((1, 7), 1), ((7, 1), 1), ((1, 1), 1), ((5, 5), 1)])
def test_a_folded_convolution_is_convolution_batch_norm_and_relu(kernel: tuple[int, int], stride: int) -> None:
    chance = torch.Generator().manual_seed(0)
    state = {"m.a.conv.weight": torch.randn(6, 4, *kernel, generator=chance)}
    for part in ("weight", "bias", "running_mean", "running_var"):
        state[f"m.a.bn.{part}"] = torch.rand(6, generator=chance) + 0.1
    x = torch.randn(2, 4, 9, 9, generator=chance)
    padding = (0, 0) if stride > 1 else (kernel[0] // 2, kernel[1] // 2)
    plain = functional.conv2d(x, state["m.a.conv.weight"], stride=stride, padding=padding)
    parts = [state[f"m.a.bn.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    expected = functional.batch_norm(plain, *parts, eps=BATCH_NORM_EPSILON).relu()
    folded = chain(state, "m", "a", stride=stride)
    # float32 sums of at most 100 terms of size ~1: rounding below 100·6e-8·10
    torch.testing.assert_close(folded(x), expected, atol=6e-5, rtol=1e-5)
    assert isinstance(folded[0], FoldedConv)


def test_average_pools_count_real_pixels_only() -> None:
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    pooled = average_pool(x)[0, 0]
    assert pooled[0, 0] == (0 + 1 + 4 + 5) / 4
    assert pooled[1, 1] == x[0, 0, :3, :3].mean()


@pytest.mark.parametrize("size", [(5, 7), (299, 299), (310, 400), (1, 1), (32, 32)])
def test_both_bilinear_resizes_against_their_definitions(size: tuple[int, int]) -> None:
    image = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    plain = torch.from_numpy(image).permute(2, 0, 1)[None].double()
    half_pixel = functional.interpolate(plain, (299, 299), mode="bilinear", align_corners=False)[0].permute(1, 2, 0)
    # values up to 255, four float32 operations: 255·6e-8·4
    np.testing.assert_allclose(bilinear(image, half_pixel=True), half_pixel, atol=1e-4, rtol=0)
    tf1 = bilinear(image, half_pixel=False)
    for row, column in ((0, 0), (298, 298), (17, 150), (298, 3), (200, 299 // 2)):
        at = np.array([row * size[0] / 299, column * size[1] / 299])
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, np.array(size) - 1)
        (v, h), (y0, x0), (y1, x1) = at - low, low, high
        top = image[y0, x0] * (1 - h) + image[y0, x1] * h
        bottom = image[y1, x0] * (1 - h) + image[y1, x1] * h
        np.testing.assert_allclose(tf1[row, column], top * (1 - v) + bottom * v, atol=1e-4, rtol=0)


def test_clean_is_pillows_bicubic_unrounded_and_clipped() -> None:
    image = RNG.integers(100, 156, (400, 250, 3), dtype=np.uint8)  # no overshoot leaves 0..255: nothing is clipped
    values = RESIZES["clean"].apply(image) * 128 + 128
    rounded = np.asarray(Image.fromarray(image).resize((299, 299), Image.Resampling.BICUBIC))
    # Pillow's 8-bit filter rounds after each of two passes; the weights' absolute sum is below 1.3
    assert np.abs(values - rounded).max() <= 1.2
    assert np.abs(values - np.rint(values)).max() > 0.4
    edges = np.kron(RNG.integers(0, 2, (40, 60, 3)), np.ones((10, 10, 1))).astype(np.uint8) * 255
    clipped = RESIZES["clean"].apply(edges) * 128 + 128
    assert (clipped.min(), clipped.max()) == (0, 255)


def test_the_ranges_of_the_three_normalisations() -> None:
    white, black = np.full((8, 8, 3), 255, np.uint8), np.zeros((8, 8, 3), np.uint8)
    for name, low, high in (("tf1", -1, 127 / 128), ("pytorch-fid", -1, 1), ("clean", -1, 127 / 128)):
        for image, value in ((black, low), (white, high)):
            np.testing.assert_allclose(RESIZES[name].apply(image), value, atol=1e-6)


def test_gray_is_repeated_and_features_do_not_depend_on_the_batch(network: Network) -> None:
    extractor = with_network(network)
    gray = RNG.integers(0, 256, (40, 30, 1), dtype=np.uint8)
    prepared = [extractor.prepare(gray), extractor.prepare(gray.repeat(3, axis=2)), extractor.prepare(gray[::-1])]
    np.testing.assert_array_equal(prepared[0], prepared[1])
    together, probabilities = extractor.extract(np.stack(prepared))
    alone = extractor.extract(prepared[2][None])[0]
    assert relative(together[2], alone[0]) < 1e-6  # float32, another order of sums
    np.testing.assert_array_equal(extractor.extract(np.stack(prepared))[0], together)
    assert together.shape == (3, 2048)
    assert together.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_bfloat16_is_near_and_another_identity(inception_state: State, network: Network) -> None:
    exact = with_network(network)
    rough = with_network(build_network(inception_state, "random weights", "bfloat16"), precision="bfloat16")
    prepared = exact.prepare(RNG.integers(0, 256, (20, 20, 3), dtype=np.uint8))[None]
    difference = relative(rough.extract(prepared)[0], exact.extract(prepared)[0])
    # 8 bits of mantissa: 2^-9 a rounding; independent over ~50 layers 2^-9·√50 = 0.014, and not exact
    assert 1e-4 < difference < 0.05
    assert rough.identity["precision"] == "bfloat16"
    assert rough.identity != exact.identity


def test_options_that_decide_values_are_in_the_identity() -> None:
    specs = ["", "[tap=64]", "[resize=clean]", "[resize=pytorch-fid]", "[precision=bfloat16]"]
    identities = [tuple(build_extractor(f"inception-v3{spec}").identity.items()) for spec in specs]
    assert len(set(identities)) == len(specs)
    assert build_extractor("inception-v3[tap=64]").dim == 64
    for spec in ("tap=3", "resize=antialias", "precision=float16"):
        with pytest.raises(ConfigError, match="must be one of"):
            build_extractor(f"inception-v3[{spec}]")


def test_without_network_the_error_names_file_digest_and_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path))
    monkeypatch.setattr(download.urllib.request, "urlopen", offline)
    extractor = build_extractor("inception-v3")
    batch = extractor.prepare(np.zeros((8, 8, 3), np.uint8))[None]
    with pytest.raises(
        WeightsError, match=r"pt_inception-2015-12-05-6726825d\.pth \(SHA-256 6726825d.*Three ways out: .*weights"
    ):
        extractor.extract(batch)


def test_other_weights_only_by_their_own_digest(tmp_path: Path, inception_state: State) -> None:
    path = tmp_path / "random.pth"
    torch.save(inception_state, path)
    with pytest.raises(WeightsError, match="expected 6726825d"):
        build_extractor(f"inception-v3[weights={path}]")._network  # type: ignore[attr-defined]
    named = build_extractor(f"inception-v3[weights={path},weights_sha256={sha256(path)}]")
    batch = named.prepare(np.full((4, 4, 3), 9, np.uint8))[None]
    assert named.extract(batch)[0].shape == (1, 2048)
    assert named.identity["weights_sha256"] == sha256(path)
    with pytest.raises(ConfigError, match="give weights=PATH"):
        build_extractor(f"inception-v3[weights_sha256={'0' * 64}]")
    torch.save({"fc.weight": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match="does not hold Inception v3's tensors"):
        build_extractor(f"inception-v3[weights={path},weights_sha256={sha256(path)}]")._network  # type: ignore[attr-defined]
