"""Extractors that users bring along: a Python function, a TorchScript file."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError, ShapeError, UsageError, WeightsError
from gantlet.core.files import sha256
from gantlet.evaluation.features import EXTRACTORS

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")
BATCH = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)


def means(images: np.ndarray) -> np.ndarray:
    return images.mean(axis=(1, 2))


def build(function: Any, **options: Any) -> Any:
    return EXTRACTORS.build("callable[version=2,size=8]", function=function, **options)


def test_a_function_given_in_python() -> None:
    extractor = build(means)
    np.testing.assert_allclose(extractor.extract(BATCH)[0], BATCH.mean(axis=(1, 2)), rtol=1e-6)
    assert extractor.dim == 3
    assert extractor.identity["version"] == "2"
    assert "means" in extractor.identity["function"]
    both = build(lambda images: (torch.from_numpy(means(images)), np.full((len(images), 4), 0.25)))
    features, probabilities = both.extract(BATCH)
    assert features.dtype == probabilities.dtype == np.float32
    assert both.prepare(BATCH[0, :5, :, :1]).shape == (8, 8, 3)


def test_a_function_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_features.py").write_text("def flat(images): return images.reshape(len(images), -1) / 255\n")
    extractor = EXTRACTORS.build("callable[path=own_features:flat,version=1,size=8]")
    np.testing.assert_allclose(extractor.extract(BATCH)[0], BATCH.reshape(3, -1) / 255, rtol=1e-6)
    with pytest.raises(UsageError, match="did you mean 'flat'"):
        EXTRACTORS.build("callable[path=own_features:flatt,version=1]").extract(BATCH)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (lambda x: x, r"shape \(3, 8, 8, 3\) and type uint8 for 3 images; expected numbers of shape \(3, d\)"),
        (lambda x: means(x)[:2], r"shape \(2, 3\)"),
        (lambda x: ["a", "b", "c"], "expected numbers"),
        (lambda x: [[1], [2, 3], [4]], "expected an array"),
        (lambda x: (means(x), means(x)), "apply a softmax"),
        (lambda x: x / None, "raised TypeError for uint8 images of shape"),
    ],
)
def test_outputs_that_are_no_features(output: Any, reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        build(output).extract(BATCH)


def test_a_function_needs_a_version_and_to_be_there() -> None:
    with pytest.raises(ConfigError, match="needs a version"):
        EXTRACTORS.build("callable[path=a:b]")
    for spec in ("callable[version=1]", "callable[version=1,function=means]"):
        with pytest.raises(ConfigError, match="path=module:function"):
            EXTRACTORS.build(spec)
    with pytest.raises(ConfigError, match=r"size 1\.\.2048"):
        EXTRACTORS.build("callable[path=a:b,version=1,size=0]")


class Net(nn.Module):
    """Means over space, and their softmax where asked for."""

    def __init__(self, pair: bool = False) -> None:
        super().__init__()
        self.pair = pair
        self.scale = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: torch.Tensor) -> Any:
        features = x.float().mean(dim=(2, 3)) * self.scale
        return (features, features.softmax(dim=1)) if self.pair else features


def saved(path: Path, pair: bool = False) -> Path:
    torch.jit.save(torch.jit.trace(Net(pair), torch.zeros(2, 3, 8, 8)), path)
    return path


@pytest.mark.parametrize(
    ("input_", "low", "high"),
    [
        ("uint8", 0, 255),
        ("byte", 0, 255),
        ("unit", 0, 1),
        ("symmetric", -1, 1),
        ("imagenet", -0.485 / 0.229, 0.515 / 0.229),
    ],
)
def test_a_torchscript_file_and_its_input(tmp_path: Path, input_: str, low: float, high: float) -> None:
    path = saved(tmp_path / "net.pt")
    extractor = EXTRACTORS.build(f"torchscript[path={path},size=8,input={input_}]")
    ends = np.stack([np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)])
    np.testing.assert_allclose(extractor.extract(ends)[0][:, 0], [low, high], rtol=1e-5)
    assert extractor.dim == 3
    assert extractor.identity["weights_sha256"] == sha256(path)


def test_a_torchscript_file_with_probabilities(tmp_path: Path) -> None:
    extractor = EXTRACTORS.build(f"torchscript[path={saved(tmp_path / 'net.pt', pair=True)},size=8]")
    features, probabilities = extractor.extract(BATCH)
    assert probabilities is not None
    np.testing.assert_allclose(features, BATCH.mean(axis=(1, 2)) / 255 * [1, 2, 3], rtol=1e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_files_that_are_no_torchscript(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no TorchScript file"):
        _ = EXTRACTORS.build(f"torchscript[path={tmp_path}/gone.pt]").identity
    torch.save({"a": torch.ones(2)}, tmp_path / "state.pt")
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps([1, 2]))
    for name in ("state.pt", "pickle.pt"):
        with pytest.raises(WeightsError, match="not a TorchScript archive"):
            EXTRACTORS.build(f"torchscript[path={tmp_path / name},size=8]").extract(BATCH)


def test_torchscript_networks_that_do_not_fit(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(nn.Conv2d(3, 2, 3), torch.zeros(1, 3, 8, 8)), tmp_path / "maps.pt")
    with pytest.raises(ShapeError, match=r"shape \(3, 2, 6, 6\).*average them over space"):
        EXTRACTORS.build(f"torchscript[path={tmp_path / 'maps.pt'},size=8]").extract(BATCH)
    with pytest.raises(ShapeError, match=r"cannot take torch.float32 images of shape \(3, 1, 8, 8\)"):
        EXTRACTORS.build(f"torchscript[path={tmp_path / 'maps.pt'},size=8,channels=1]").extract(BATCH[..., :1])
    for wrong, reason in (("input=bgr", "must be one of"), ("input=imagenet,channels=1", "with 3 channels")):
        with pytest.raises(ConfigError, match=reason):
            EXTRACTORS.build(f"torchscript[path=x,{wrong}]")
    with pytest.raises(ConfigError, match="needs a file"):
        EXTRACTORS.build("torchscript")
