"""The page's pixels are those of Python: every network that generates images, and every operator against ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gantlet.actions.export_web import export_web
from gantlet.core.onnx_graph import onnx_runtime, to_onnx
from gantlet.core.rng import torch_stream
from gantlet.training.networks import NETWORKS
from gantlet.training.runs.drawing import CHUNK
from gantlet.training.runs.generator import load_generator
from gantlet.web.graph import RUNTIME, unknown_part

pytestmark = pytest.mark.browser
pytest.importorskip("onnxruntime")

GENERATORS: dict[str, dict[str, Any]] = {
    "dcgan[width=4]": {"conditioning": "concat"},
    "dcgan[width=4,up=nearest,out=linear,making_norm=none]": {"data": "coloured", "resolution": 16},
    "dcgan[width=8]": {"techniques": ["virtual-batch-norm[n=4]"], "data": "coloured", "resolution": 16},
    "infogan": {"conditioning": "conditional-batch-norm"},
    "metz": {"data": "coloured", "resolution": 32},
    "mlp[width=16]": {"conditioning": "projection", "techniques": ["ema"]},
    "r3gan[width=16]": {"data": "coloured", "resolution": 16, "objective": "rpgan", "lr_generator": 0.003},
    "resnet[width=4]": {"data": "coloured", "resolution": 48},
    "stylegan2[width=8,style=16,mapping=2]": {"data": "coloured", "resolution": 16, "penalties": ["r1[gamma=1.0]"]},
    "sagan[width=8]": {"conditioning": "conditional-batch-norm", "objective": "hinge"},
    "autoencoder[width=4]": {"objective": "ebgan"},
}
OTHERS = {
    "fastgan": "pools maps, which the page does not know: refused",
    "flow": "sines of the time, which the page does not know: refused",
    "patch": "a discriminator alone",
    "unet": "makes images from images: refused, see test_folder.py",
}


def test_every_network_is_here() -> None:
    assert {name.split("[")[0] for name in GENERATORS} | set(OTHERS) == set(NETWORKS.names())


@pytest.mark.parametrize("network", GENERATORS)
def test_pixels_are_those_of_python(
    tmp_path: Path, trained: Callable[..., Path], coloured: str, host: Any, opened: Any, network: str
) -> None:
    """Against `gantlet.load(RUN).sample` with the same latents and labels: at most one step of 255, by both ways to multiply."""
    given = {"data": "digits", **GENERATORS[network], "network": network}
    given["data"] = coloured if given["data"] == "coloured" else given["data"]
    run = trained(tmp_path / "run", **given)
    export_web(run, tmp_path / "page")
    loaded, n = load_generator(run), 6
    labels = np.array([0, 9, 3, 3, 1, 5]) if loaded.n_classes else None
    expected = loaded.sample(n, labels=labels, seed=3).astype(int)
    z = torch.randn(CHUNK, loaded.latent, generator=torch_stream(3, "sample-latent"))[:n]
    page = opened(host(tmp_path / "page"))
    for simd in (True, False):
        call = "([z, labels, simd]) => window.gantlet.sample(z, labels, {simd})"
        answer = page.evaluate(call, [z.tolist(), None if labels is None else labels.tolist(), simd])
        assert answer["simd"] is simd
        difference = np.abs(np.array(answer["pixels"]).reshape(expected.shape) - expected)
        share = 100 * (difference > 0).mean()
        print(
            f"{network}: largest difference {difference.max()} of 255, in {share:.3f} % of pixels; {answer['ms']:.0f} ms"
        )
        assert difference.max() <= 1
    assert expected.std() > 3, "images that show something"


class Rest(nn.Module):
    """Operators and attributes that gantlet's own generators leave out, for generators of other packages."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2)
        self.turned = nn.ConvTranspose2d(
            6, 4, (3, 2), stride=(2, 3), padding=1, output_padding=(1, 0), groups=2, dilation=2
        )
        self.last = nn.Linear(5, 5)

    def forward(self, z: Tensor) -> Tensor:
        x = z.view(-1, 4, 5, 5)
        x = torch.sigmoid(x) / (2 + torch.tanh(x)) - nn.functional.leaky_relu(x, 0.3)
        maps = self.turned(self.strided(x))
        steps = torch.softmax(maps.permute(0, 2, 3, 1), dim=1).flip(1).transpose(1, 3)[:, :, 1::2]
        half = x.shape[-1] * z.shape[0] // z.shape[0] // 2  # whole numbers, divided in the graph
        mask = (z[:, half] > -torch.ones(1)).float().view(-1, 1, 1, 1)
        picked = self.last(x)[:, [2, 0]] @ x[:, 1:3].transpose(2, 3)
        return torch.cat([(steps * (mask + 0.5)).flatten(1), picked.flatten(1)], dim=1)


def test_the_other_operators_are_those_of_onnx_runtime(
    tmp_path: Path, trained: Callable[..., Path], host: Any, opened: Any
) -> None:
    export_web(trained(tmp_path / "run", data="digits", network="mlp[width=4]"), tmp_path / "page")
    torch.manual_seed(0)
    model = to_onnx(Rest(), {"z": torch.randn(2, 100)}, ["images"])
    assert unknown_part(model) is None
    z = torch.randn(3, 100).numpy()
    (expected,) = onnx_runtime(model)({"z": z})
    address = host(tmp_path / "page")
    page = opened(address)
    for script in RUNTIME:
        page.add_script_tag(url=address + script)
    found = page.evaluate(
        """([model, z]) => {
            const { dims, data } = runModel(onnx.read(Uint8Array.from(model)), { z: { dims: [3, 100], data: Float32Array.from(z) } });
            return [dims, [...data]];
        }""",
        [list(model), z.ravel().tolist()],
    )
    assert found[0] == list(expected.shape)
    np.testing.assert_allclose(np.reshape(found[1], expected.shape), expected, atol=1e-5)
    import onnx

    tried = {node.op_type for node in onnx.load_from_string(model).graph.node}
    assert {"Div", "Sub", "Sigmoid", "Greater", "Cast", "Softmax", "Slice", "Gather", "Transpose", "MatMul"} <= tried
