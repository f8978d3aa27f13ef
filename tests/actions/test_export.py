"""The exported model gives what the generator gives, for any batch; what cannot be exported is refused with the reason."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gantlet.actions.export import export
from gantlet.actions.train import training_data
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, OutputError
from gantlet.core.onnx_graph import onnx_runtime, to_onnx
from gantlet.data.opening import open_source
from gantlet.labs.training import _Recorder
from gantlet.training.loop import run
from gantlet.training.runs.generator import load_generator

pytest.importorskip("onnxruntime")


def trained(out: Path, **given: object) -> Path:
    config = TrainConfig.from_mapping(
        {"out": str(out), "steps": 2, "batch": 8, "latent": 4, "sample_every": 0, "log_every": 1, **given}
    )
    run(config, training_data(open_source(config.data)), observer=_Recorder(1, None))
    return out


def test_a_conditional_generator_gives_the_same_images(tmp_path: Path) -> None:
    """Against the loaded generator itself, on a batch size it was not traced with; float32 rounding only."""
    folder = trained(tmp_path / "run", network="dcgan[width=4]", conditioning="concat", techniques=["ema"])
    result = export(folder, tmp_path / "g.onnx")
    assert result.inputs == {"z": "[b, 4]", "labels": "[b]"} and result.difference < 1e-5
    model = onnx_runtime((tmp_path / "g.onnx").read_bytes())
    z, labels = torch.randn(5, 4), torch.tensor([0, 9, 3, 3, 1])
    (theirs,) = model({"z": z.numpy(), "labels": labels.numpy()})
    with torch.no_grad():
        ours = load_generator(folder).generator(z, labels).numpy()
    assert theirs.shape == (5, 1, 8, 8) and np.abs(theirs - ours).max() < 1e-5
    other = model({"z": z.numpy(), "labels": (labels.numpy() + 1) % 10})[0]
    assert np.abs(other - theirs).max() > 1e-4  # the labels are read


@pytest.mark.parametrize(
    "given",
    [
        {"network": "sagan[width=4]", "objective": "hinge"},
        {"network": "dcgan[width=4]", "techniques": ["virtual-batch-norm[n=3]"]},
    ],
)
def test_normalised_weights_and_a_reference_batch_are_exported(tmp_path: Path, given: dict[str, object]) -> None:
    """Spectral norms once asked for an operator that ONNX has not; a reference batch was traced for one batch size alone."""
    folder = trained(tmp_path / "run", **given)
    assert export(folder, tmp_path / "g.onnx").difference < 1e-4
    model, z = onnx_runtime((tmp_path / "g.onnx").read_bytes()), torch.randn(5, 4)
    loaded = load_generator(folder).generator
    with torch.no_grad():
        ours = loaded(z).numpy()
    assert np.abs(model({"z": z.numpy()})[0] - ours).max() < 1e-5
    before = {name: value.clone() for name, value in loaded.state_dict().items()}
    to_onnx(loaded, {"z": z}, ["images"])
    assert loaded.state_dict().keys() == before.keys() and np.array_equal(loaded(z).detach().numpy(), ours), (
        "left as it was"
    )


def test_points_are_exported_too_and_the_command_says_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trained(tmp_path / "run", data="mixture[n=100]", network="mlp[width=8,depth=1]")
    assert main(["export", str(folder), "--out", str(tmp_path / "g.onnx")]) == 0
    assert "inputs z [b, 4]; differs" in capsys.readouterr().out
    assert onnx_runtime((tmp_path / "g.onnx").read_bytes())({"z": np.zeros((3, 4), np.float32)})[0].shape == (3, 2)


def test_refusals(tmp_path: Path) -> None:
    folder = trained(
        tmp_path / "run",
        data="mixture[n=100]",
        network="mlp[width=8,depth=1]",
        techniques=["mixture-latent[components=2]"],
    )
    with pytest.raises(ConfigError, match="quantile"):
        export(folder, tmp_path / "g.onnx")
    (tmp_path / "taken.onnx").write_bytes(b"x")
    with pytest.raises(OutputError, match="exists already"):
        export(folder, tmp_path / "taken.onnx")
    assert (tmp_path / "taken.onnx").read_bytes() == b"x" and not (tmp_path / "g.onnx").exists()
