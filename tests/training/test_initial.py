"""Fine-tuning: the weights that fit are those of the other run, the rest is said, and the record knows where they come from."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import Watcher, config, images

from gantlet.core.errors import CheckpointError, ConfigError
from gantlet.training.game import Game
from gantlet.training.initial import take_weights
from gantlet.training.loop import run
from gantlet.training.observer import Silent
from gantlet.training.runs.tensors import read_tensors
from gantlet.training.state import TrainState

QUIET = {"evaluate_every": 0, "sample_every": 0, "steps": 2}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("source") / "run"
    run(config(out, **QUIET), images(), observer=Silent())
    return out


def started(out: Path, named: object, channels: int = 1, n_classes: int = 2, **changes: Any) -> tuple[TrainState, Any]:
    setting = config(out, **{**QUIET, "seed": 9, "init_from": str(named), **changes})
    state = TrainState.fresh(setting, Game.of(setting), images(channels=channels).shape, n_classes)
    return state, take_weights(state, setting, False)


def of(tensors: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    return {key: tensor for key, tensor in tensors.items() if key.startswith(f"{name}/")}


@pytest.mark.parametrize("form", ["{}", "{}@final", "{}/checkpoints/final.safetensors"])
def test_all_weights_of_the_same_networks_are_taken_and_nothing_else(source: Path, tmp_path: Path, form: str) -> None:
    state, taken = started(tmp_path / "new", form.format(source))
    saved, now = read_tensors(source / "checkpoints" / "final.safetensors")[0], state.tensors()
    for name in ("generator", "discriminator", "average"):
        assert of(saved, name).keys() == of(now, name).keys()
        assert all(torch.equal(tensor, now[key]) for key, tensor in of(saved, name).items())
        assert taken.taken[name] == len(of(saved, name))
    assert not any(name.startswith("optimizer") for name in now)
    assert not torch.equal(now["random/latent"], saved["random/latent"])
    assert "nothing was left; both optimisers are fresh" in taken.sentence and "step 2" in taken.sentence


def test_the_average_starts_from_the_generator_where_there_was_none(tmp_path: Path) -> None:
    run(config(tmp_path / "run", **QUIET, techniques=()), images(), observer=Silent())
    state, _ = started(tmp_path / "new", tmp_path / "run")
    assert state.average is not None
    own = state.generator.state_dict()
    assert all(torch.equal(tensor, own[name]) for name, tensor in state.average.state_dict().items())


def test_what_does_not_fit_is_fresh_and_named(source: Path, tmp_path: Path) -> None:
    """Colour in the place of gray: the last layer of G and the first of D are others; without labels D has no projection."""
    fresh = started(tmp_path / "fresh", "", channels=3, n_classes=0, conditioning="none")[0].tensors()
    state, taken = started(tmp_path / "new", source, channels=3, n_classes=0, conditioning="none")
    saved, now = read_tensors(source / "checkpoints" / "final.safetensors")[0], state.tensors()
    assert taken.other_shape and taken.unused and "another shape: " in taken.sentence
    for name, (here, there) in taken.other_shape.items():
        assert list(now[name].shape) == here != there == list(saved[name].shape)
        assert torch.equal(now[name], fresh[name])
    assert all(name in saved and name not in now for name in taken.unused)
    same = [name for name in of(now, "generator") if name not in {**taken.other_shape, **taken.missing}]
    assert len(same) == taken.taken["generator"] > 0
    assert all(torch.equal(now[name], saved[name]) for name in same)


def test_the_record_names_the_source_and_the_training_resumes_without_it(source: Path, tmp_path: Path) -> None:
    copy, out = tmp_path / "copy", tmp_path / "new"
    copy.mkdir()
    (copy / "config.toml").write_text((source / "config.toml").read_text())
    (copy / "checkpoints").mkdir()
    file = copy / "checkpoints" / "final.safetensors"
    file.write_bytes((source / "checkpoints" / "final.safetensors").read_bytes())
    changes = {**QUIET, "init_from": str(copy), "seed": 4, "checkpoint_every": 2}
    watcher = Watcher()
    run(config(out, **{**changes, "steps": 5}), images(), observer=watcher)
    straight, _ = read_tensors(out / "checkpoints" / "final.safetensors")
    assert any("the weights start from" in message for message in watcher.warnings)
    lines = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    (begin,) = [line for line in lines if line["event"] == "begin"]
    assert begin["part"] == "init-from" and begin["source"] == str(copy) and len(begin["weights_sha256"]) == 64
    again = tmp_path / "again"
    run(config(again, **{**changes, "steps": 2}), images(), observer=Silent())
    file.unlink()
    run(config(again, **{**changes, "steps": 5}), images(), resume=True, observer=Silent())
    resumed, _ = read_tensors(again / "checkpoints" / "final.safetensors")
    assert all(torch.equal(tensor, resumed[name]) for name, tensor in straight.items())


def test_what_is_no_checkpoint_is_refused_before_a_folder_is_made(source: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes((source / "checkpoints" / "final.safetensors").read_bytes()[:-9])
    pickled = tmp_path / "weights.pt"
    torch.save({"w": torch.zeros(1)}, pickled)
    refused: list[tuple[object, type[Exception], str]] = [
        (tmp_path / "nowhere", CheckpointError, "no run folder and no checkpoint"),
        (damaged, CheckpointError, "is damaged"),
        (tmp_path / "none.safetensors", CheckpointError, "none.safetensors"),
        (pickled, ConfigError, "nothing pickled is read"),
        (f"{source}@ema", ConfigError, "RUN@best or RUN@final"),
        (f"{source}@best", CheckpointError, "has no best checkpoint"),
        (tmp_path, CheckpointError, "not a run folder"),
    ]
    for named, kind, sentence in refused:
        with pytest.raises(kind, match=sentence):
            run(config(tmp_path / "new", **QUIET, init_from=str(named)), images(), observer=Silent())
    assert not (tmp_path / "new").exists()


def test_a_generator_without_a_weight_in_common_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"it is dcgan\[width=4,norm=none\] for 8 size, 1 channels.*this run has r3gan"
    ):
        started(tmp_path / "new", source, n_classes=0, conditioning="none", network="r3gan[width=8]")
