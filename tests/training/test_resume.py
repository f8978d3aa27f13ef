"""Resume on another machine: what changes bits is said, what does not is accepted; the optimisers' state lies where it is read."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import Watcher, config, images
from torch import nn

from gantlet.core.errors import CheckpointError
from gantlet.training.checkpoint import Checkpoints
from gantlet.training.loop import run
from gantlet.training.runs.header import header_of
from gantlet.training.runs.machine import Machine
from gantlet.training.state import TrainState, _restore_slots


def slots(kind: Any, **options: Any) -> tuple[torch.optim.Optimizer, dict[str, torch.Tensor]]:
    """Return an optimiser of a meta-device parameter, and the state that it has after a step on the CPU."""
    here = nn.Parameter(torch.ones(3, 2))
    optimizer = kind([here], **options)
    here.sum().backward()
    optimizer.step()
    state = {f"0/{key}": value for key, value in optimizer.state_dict()["state"][0].items()}
    return kind([nn.Parameter(torch.ones(3, 2, device="meta"))], **options), state


@pytest.mark.parametrize(
    ("kind", "options", "place"),
    [
        (torch.optim.Adam, {"fused": True}, "meta"),
        (torch.optim.Adam, {"foreach": False}, "cpu"),
        (torch.optim.RMSprop, {}, "cpu"),
    ],
)
def test_the_count_of_steps_lies_where_pytorch_itself_would_load_it(
    kind: Any, options: dict[str, Any], place: str
) -> None:
    """The meta device stands for a GPU: fused kernels there cannot read a counter on the CPU."""
    optimizer, state = slots(kind, **options)
    _restore_slots(optimizer, state)
    (parameter,) = optimizer.param_groups[0]["params"]
    assert optimizer.state[parameter]["step"].device.type == place
    moments = {key: value for key, value in optimizer.state[parameter].items() if key != "step"}
    assert moments and all(value.device.type == "meta" for value in moments.values())
    theirs, _ = slots(kind, **options)
    plain = {key.removeprefix("0/"): value for key, value in state.items()}
    theirs.load_state_dict({"state": {0: plain}, "param_groups": theirs.state_dict()["param_groups"]})
    (other,) = theirs.param_groups[0]["params"]
    assert {key: value.device for key, value in theirs.state[other].items()} == {
        key: value.device for key, value in optimizer.state[parameter].items()
    }


def test_a_checkpoint_says_what_it_was_computed_on(tmp_path: Path) -> None:
    run(config(tmp_path / "r"), images(), observer=Watcher())
    machine = header_of(tmp_path / "r/checkpoints/final.safetensors").machine
    assert machine.torch == torch.__version__
    assert machine.device.startswith("cpu") and machine.threads == 1  # 8 pixels are for one thread


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (Machine("1.0", "cpu (old)", 7, 2), ("in the place of 1.0", "of cpu (old)", "of 7", "of 2", "up to rounding")),
        (Machine(), ()),  # of earlier versions nothing is known
    ],
)
def test_what_changes_bits_is_said(
    there: Machine, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("gantlet.training.loop.Machine", lambda *_: there)
        run(config(tmp_path / "r", steps=6), images(), observer=Watcher())
    watcher = Watcher()
    run(config(tmp_path / "r", steps=9), images(), resume=True, observer=watcher)
    said = [message for message in watcher.warnings if "goes on with" in message]
    assert len(said) == bool(words)
    assert all(word in said[0] for word in words)


def test_other_classes_of_the_same_images_are_refused_where_labels_enter(tmp_path: Path) -> None:
    import dataclasses

    renamed = dataclasses.replace(images(), classes=("a", "b"))
    run(config(tmp_path / "r", steps=6), images(), observer=Watcher())
    with pytest.raises(CheckpointError, match="classes"):
        run(config(tmp_path / "r", steps=9), renamed, resume=True, observer=Watcher())


@pytest.mark.parametrize("every", [0, 64])
def test_an_evaluation_that_no_checkpoint_knows_of_is_in_the_journal_once(
    every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the last line of the journal and the checkpoint with its score."""
    save, saved = Checkpoints.save, []

    def cut(self: Checkpoints, state: TrainState, name: str | None = None) -> Path:
        saved.append(name)
        if saved.count("final") == 2:
            raise RuntimeError("killed")
        return save(self, state, name)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", cut)
        with pytest.raises(RuntimeError, match="killed"):
            run(config(tmp_path / "cut", evaluate_every=every), images(), observer=Watcher())
    again = run(config(tmp_path / "cut", evaluate_every=every), images(), resume=True, observer=Watcher())
    whole = run(config(tmp_path / "whole", evaluate_every=every), images(), observer=Watcher())
    assert again.final_score == whole.final_score
    journals = [
        [
            (line["event"], line["step"])
            for line in map(json.loads, (tmp_path / name / "events.jsonl").read_text().splitlines())
        ]
        for name in ("cut", "whole")
    ]
    assert journals[0] == journals[1]
    assert journals[0][-1][0] == "evaluate"
