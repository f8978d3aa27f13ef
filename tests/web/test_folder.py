"""What `gantlet export --web` writes, replaces and refuses."""

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gantlet.actions.export_web import export_web
from gantlet.cli import main
from gantlet.core.errors import CheckpointError, ConfigError, OutputError
from gantlet.core.onnx_graph import onnx_runtime
from gantlet.training.runs.generator import load_generator
from gantlet.web.graph import known_operators, unknown_part
from gantlet.web.page import NAMES

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
helper = onnx.helper
POINTS = {"data": "mixture[n=100]", "network": "mlp[width=8,depth=1]"}
DIGITS = {"data": "digits", "network": "mlp[width=8,depth=1]"}


@pytest.fixture(scope="module")
def digits(trained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of digits by class."""
    return trained(tmp_path_factory.mktemp("digits") / "run", **DIGITS, conditioning="concat")


def facts(folder: Path) -> dict[str, Any]:
    """Return the numbers in a folder's page."""
    found = re.search(r'<script id="facts" type="application/json">(.*?)</script>', (folder / "index.html").read_text())
    assert found is not None
    return json.loads(found[1])


def test_the_folder_holds_all_that_it_needs(digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "page"
    assert main(["export", str(digits), "--web", str(out)]) == 0
    assert re.match(
        rf"{out}: 0\.\d MB, with 5 directions .* 100 % of its influence; see it by: python -m", capsys.readouterr().out
    )
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)
    assert sorted(path.name for path in out.parent.iterdir()) == ["page"], "no leftovers beside it"
    text = "".join((out / name).read_text() for name in NAMES if not name.endswith(".onnx"))
    assert not re.findall(r"(?:https?:)?//[a-z]\w*\.\w+", text), "no address of another host"
    held = facts(out)
    assert (held["side"], held["channels"], held["latent"], held["step"]) == (8, 1, 5, 3)
    assert held["classes"] == [str(k) for k in range(10)]
    np.testing.assert_allclose(np.linalg.norm(held["directions"], axis=1), 1, atol=1e-4)
    model = onnx_runtime((out / "generator.onnx").read_bytes())
    assert model({"z": np.zeros((3, 5), np.float32), "labels": np.arange(3)})[0].shape == (3, 1, 8, 8)


def test_its_own_folder_is_replaced_and_no_other(digits: Path, trained: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "page"
    out.mkdir()
    export_web(digits, out)
    export_web(trained(tmp_path / "other", **DIGITS), out)
    assert facts(out)["classes"] == []
    (out / "notes.txt").write_text("mine")
    before = (out / "index.html").read_bytes()
    with pytest.raises(OutputError, match="page holds other files already; choose a new or an empty folder with --web"):
        export_web(digits, out)
    assert (out / "index.html").read_bytes() == before and (out / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("x")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>another's</title>")
    (tmp_path / "link").symlink_to(tmp_path / "site")
    for name, words in (("file", "is no folder"), ("link", "is no folder"), ("site", "holds other files")):
        with pytest.raises(OutputError, match=words):
            export_web(digits, tmp_path / name)
    assert (tmp_path / "site" / "index.html").read_text() == "<title>another's</title>"


def test_refusals(
    digits: Path, trained: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page"
    with pytest.raises(ConfigError, match="run generates points, and the page shows images; gantlet export RUN --out"):
        export_web(trained(tmp_path / "points" / "run", **POINTS), out)
    unfinished = trained(tmp_path / "unfinished" / "run", **DIGITS, checkpoint_every=1)
    (unfinished / "checkpoints" / "final.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"has not ended \(it is at step \d\): let it end, resume it, or choose"):
        export_web(unfinished, out)
    assert not out.exists()
    export_web(unfinished, out, which="generator")
    assert main(["export", str(digits), "--web", str(tmp_path / "a"), "--out", str(tmp_path / "b.onnx")]) == 2
    assert "--out and --web are different ways to export; give one of them" in capsys.readouterr().err


def test_a_generator_of_pairs_is_refused(trained: Callable[..., Path], tmp_path: Path) -> None:
    given = {
        "data": "paired[of=digits[split=test],task=downsampled]",
        "network": "unet[width=4]",
        "discriminator": "patch[width=4]",
    }
    with pytest.raises(ConfigError, match="run makes images from input images, and the page draws from latents alone"):
        export_web(trained(tmp_path / "run", **given), tmp_path / "page")
    assert not (tmp_path / "page").exists()


class Other(nn.Module):
    """A generator with one more layer."""

    def __init__(self, generator: nn.Module, layer: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.generator, self.layer = generator, layer

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layer(self.generator(z, labels))


def test_a_generator_with_an_unknown_operator_is_refused_with_its_name(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ONNX has and the page has not, which the plain export takes; and one that ONNX has not."""
    loaded = load_generator(digits)
    for layer, words in (
        (torch.erf, r"its generator needs the operator Erf, which the page does not know; gantlet export RUN --out"),
        (torch.special.bessel_j0, r"an operator that torch cannot write as ONNX \(.*bessel_j0"),
    ):
        other = dataclasses.replace(loaded, generator=Other(loaded.generator, layer))
        monkeypatch.setattr("gantlet.actions.export_web.load_generator", lambda run, which, other=other: other)
        with pytest.raises(ConfigError, match=words):
            export_web(digits, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def graph(*nodes: Any, weights: tuple[Any, ...] = ()) -> bytes:
    """Return a model of these nodes."""
    value = helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [1, 4])
    return helper.make_model(helper.make_graph(list(nodes), "g", [value], [value], list(weights))).SerializeToString()


def test_what_the_page_does_not_know_is_named() -> None:
    """Operators, attributes and element types, each where the scripts would go wrong."""
    assert {"Conv", "ConvTranspose", "Gemm", "MatMul", "Tanh", "Resize", "Softmax"} <= known_operators()
    node, numbers = helper.make_node, np.zeros((2, 2, 3), np.float32)
    kernel = onnx.numpy_helper.from_array(numbers, "w")
    cases = {
        "the operator LSTM": graph(node("Tanh", ["z"], ["a"]), node("LSTM", ["a"], ["y"])),
        "the operator Tanh": graph(node("Tanh", ["z"], ["y"], domain="elsewhere")),
        "the operator Conv with 1 axis": graph(node("Conv", ["z", "w"], ["y"]), weights=(kernel,)),
        "the operator Conv with auto_pad = SAME_UPPER": graph(node("Conv", ["z", "x"], ["y"], auto_pad="SAME_UPPER")),
        "the operator Resize with coordinate_transformation_mode = half_pixel": graph(
            node("Resize", ["z", "", "s"], ["y"])
        ),
        "the operator Resize with mode = linear": graph(node("Resize", ["z", "", "s"], ["y"], mode="linear")),
        "the operator Constant with value_float": graph(node("Constant", [], ["y"], value_float=1.0)),
        "numbers of the type DOUBLE": graph(
            node("Relu", ["z"], ["y"]), weights=(onnx.numpy_helper.from_array(np.zeros(2), "w"),)
        ),
        "numbers of the type FLOAT16": graph(node("Cast", ["z"], ["y"], to=onnx.TensorProto.FLOAT16)),
    }
    assert {words: unknown_part(model) for words, model in cases.items()} == {words: words for words in cases}
    assert (
        unknown_part(
            graph(
                node(
                    "Resize",
                    ["z", "", "s"],
                    ["y"],
                    mode="nearest",
                    nearest_mode="floor",
                    coordinate_transformation_mode="asymmetric",
                )
            )
        )
        is None
    )
