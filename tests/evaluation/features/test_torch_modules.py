"""A user's network in train mode: found wherever the function names it, evaluated in evaluation mode, and said."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import gantlet
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.torch_modules import modules_behind

BATCH = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Dropout(0.5))

    def forward(self, images: Any) -> torch.Tensor:
        return self.body(torch.as_tensor(images).permute(0, 3, 1, 2).float())

    def features(self, images: Any) -> torch.Tensor:
        return self(images)


class Holder:
    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __call__(self, images: np.ndarray) -> torch.Tensor:
        return self.network(images)

    def method(self, images: np.ndarray) -> torch.Tensor:
        return self.network(images)


def apply(network: nn.Module, images: np.ndarray) -> torch.Tensor:
    return network(images)


def enclosed(network: nn.Module) -> Any:
    def features(images: np.ndarray) -> torch.Tensor:
        return network(images)

    return features


GLOBAL = Network()


def by_global(images: np.ndarray) -> torch.Tensor:
    return inner(images)


def inner(images: np.ndarray) -> torch.Tensor:
    return GLOBAL(images)


NETWORK = Network()
WAYS = {
    "itself": (NETWORK, NETWORK),
    "bound": (NETWORK.features, NETWORK),
    "default": (lambda images, net=NETWORK: net(images), NETWORK),
    "closure": (enclosed(NETWORK), NETWORK),
    "partial": (functools.partial(apply, NETWORK), NETWORK),
    "object": (Holder(NETWORK), NETWORK),
    "method": (Holder(NETWORK).method, NETWORK),
    "global": (by_global, GLOBAL),
}


def build(function: Any) -> Any:
    return EXTRACTORS.build("callable[version=1,size=8]", function=function)


@pytest.mark.parametrize("way", WAYS)
def test_a_network_in_train_mode_is_found_and_held_in_evaluation_mode(way: str) -> None:
    function, network = WAYS[way]
    assert modules_behind(function) == [network]
    network.train()
    extractor = build(function)
    assert "left in train mode" in extractor.warnings[0]
    first, second = (extractor.extract(BATCH)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert all(part.training for part in network.modules())
    assert int(network.body[0].num_batches_tracked) == 0
    network.eval()
    assert extractor.warnings == ()
    np.testing.assert_array_equal(network(BATCH).detach().numpy(), first)
    assert extractor.identity["mode"] == "eval"


def test_each_part_keeps_its_own_mode() -> None:
    network = Network()
    network.body[0].eval()
    build(network).extract(BATCH)
    assert [part.training for part in network.body] == [False, True, True]


def test_functions_without_a_network_are_as_before() -> None:
    plain = build(lambda images: images.mean(axis=(1, 2)))
    assert plain.warnings == () and "mode" not in plain.identity
    assert modules_behind(len) == []


def test_the_report_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for side in ("real", "fake"):
        (tmp_path / side).mkdir()
        for i in range(12):
            Image.fromarray(np.roll(BATCH[i % 6], i, 1)).save(tmp_path / side / f"{i}.png")
    (tmp_path / "own_network.py").write_text(
        "import torch\n"
        "network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout())\n"
        "def features(images): return network(torch.from_numpy(images).float())[:, :4]\n"
    )
    config = gantlet.EvaluateConfig(
        features="callable[path=own_network:features,version=1,size=8]", metrics=("frechet_distance",), cache=False
    )
    report = gantlet.evaluate("fake", "real", config)
    assert [warning for warning in report.warnings if "train mode" in warning] == [
        "the network of own_network:features was left in train mode: features were computed in evaluation mode (dropout off, "
        "stored batch statistics); call its eval() first"
    ]
