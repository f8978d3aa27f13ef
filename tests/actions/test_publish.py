"""What goes to the hub is a run folder that anyone can load and sample, without the parts that only training needs."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import gantlet
from gantlet.actions.publish import push_to_hub
from gantlet.actions.train import training_data
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, OutputError
from gantlet.data.opening import open_source
from gantlet.labs.training import _Recorder
from gantlet.training.loop import run
from gantlet.training.runs.tensors import read_tensors

huggingface_hub = pytest.importorskip("huggingface_hub")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    values = {
        "steps": 2,
        "batch": 8,
        "latent": 4,
        "sample_every": 0,
        "network": "dcgan[width=4]",
        "techniques": ["ema"],
    }
    config = TrainConfig.from_mapping({"out": str(tmp_path / "run"), **values})
    run(config, training_data(open_source(config.data)), observer=_Recorder(1, None))
    (tmp_path / "run" / "MODEL_CARD.md").write_text("# run\n")
    return tmp_path / "run"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A hub that keeps what it is sent in a folder."""

    class Api:
        def create_repo(self, repo: str, *, private: bool, exist_ok: bool) -> str:
            assert exist_ok
            return f"https://hub.example/{repo}?private={private}"

        def upload_folder(self, *, repo_id: str, folder_path: Path, commit_message: str) -> None:
            assert commit_message
            shutil.copytree(folder_path, tmp_path / "hub" / repo_id)

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    return tmp_path / "hub"


def test_what_was_pushed_makes_the_same_images(trained: Path, hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(trained), "--push-to-hub", "me/digits", "--private"]) == 0
    assert capsys.readouterr().out.strip() == "https://hub.example/me/digits?private=True"
    pushed = hub / "me" / "digits"
    np.testing.assert_array_equal(gantlet.load(pushed).sample(5), gantlet.load(trained).sample(5))
    assert (pushed / "README.md").read_text() == (trained / "MODEL_CARD.md").read_text()
    tensors, _ = read_tensors(pushed / "checkpoints" / "final.safetensors")
    assert {name.split("/")[0] for name in tensors} == {"generator", "average"}


def test_refusals(trained: Path, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"OWNER/NAME; got 'digits'"):
        push_to_hub(trained, "digits")
    with pytest.raises(ConfigError, match="choose newest, best or final, not ema"):
        push_to_hub(trained, "me/digits", which="ema")
    (trained / "MODEL_CARD.md").unlink()
    with pytest.raises(OutputError, match="when the training ends; resume it"):
        push_to_hub(trained, "me/digits")
    assert not hub.exists()


def test_a_hub_that_refuses(trained: Path, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no network\nat all")

    monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", refuse)
    with pytest.raises(OutputError, match=r"did not take me/digits \(no network\)\. Log in"):
        push_to_hub(trained, "me/digits")


def test_private_alone_means_nothing(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(trained), "--private"]) == 2
    assert "give --push-to-hub OWNER/NAME too" in capsys.readouterr().err
