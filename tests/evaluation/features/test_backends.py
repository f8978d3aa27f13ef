"""Other engines give the network's own outputs, for any batch size; what does not fit is said."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.evaluation.features.backends import compiled
from gantlet.evaluation.features.build import build_extractor


class Small(nn.Module):
    def __init__(self, named: bool) -> None:
        super().__init__()
        self.conv, self.named = nn.Conv2d(3, 4, 3, stride=2), named

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | dict[str, torch.Tensor]:
        y = torch.relu(self.conv(x))
        found = y.mean(dim=(2, 3)), y.flatten(1)
        return {"mean": found[0], "flat": found[1]} if self.named else found


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("named", [False, True])
def test_outputs_are_those_of_the_network(backend: str, named: bool) -> None:
    torch.manual_seed(0)
    network = Small(named).eval()
    run = compiled(network, torch.zeros(2, 3, 9, 9), backend)
    for size in (1, 5):
        batch = torch.randn(size, 9, 9, 3).permute(0, 3, 1, 2)
        expected, found = network(batch), run(batch)
        assert not named or list(found) == ["mean", "flat"]
        pairs = zip(*((d.values() if named else d) for d in (expected, found)), strict=True)
        for one, other in pairs:
            # float32 sums of 27 products of order one, in another order
            np.testing.assert_allclose(other.numpy(), one.detach().numpy(), atol=1e-5)


def test_efficientnet_by_onnxruntime_equals_torch_and_is_stamped() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    outputs = []
    for spec in ("efficientnet-lite0", "efficientnet-lite0[backend=onnxruntime]"):
        extractor = build_extractor(spec)
        outputs.append(extractor.extract(np.stack([extractor.prepare(image) for image in images])))
    for one, other in zip(*outputs, strict=True):
        assert other is not None
        np.testing.assert_allclose(other, one, atol=1e-4)  # the bar of equal results
    assert extractor.identity["backend"].startswith("onnxruntime ")
    assert "backend" not in build_extractor("efficientnet-lite0").identity


def test_what_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="must be one of torch, onnxruntime, openvino"):
        build_extractor("efficientnet-lite0[backend=tensorrt]")
    with pytest.raises(ConfigError, match="computes in float32 on the CPU"):
        build_extractor("inception-v3[backend=openvino,precision=bfloat16]")
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ConfigError, match=r"needs openvino: pip install 'gantlet\[openvino\]'"):
        build_extractor("efficientnet-lite0[backend=openvino]")
