"""A run killed with SIGKILL at arbitrary moments and resumed ends in the same bits as an undisturbed one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny import Watcher, config, images

from gantlet.training.loop import run

SCRIPT = Path(__file__).with_name("tiny.py")
STEPS = 60


def start(folder: Path, *more: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), str(STEPS), *more],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for_events(folder: Path, process: "subprocess.Popen[str]", beyond: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        events = folder / "events.jsonl"
        if events.is_file() and events.read_text().count("\n") > beyond:
            return
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.005)
    pytest.fail("the run never began")


def test_killed_twice_and_resumed_ends_in_the_same_weights(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    moments = random.Random(0)
    for attempt in range(2):
        process = start(folder, *(["resume"] if attempt else []))
        wait_for_events(folder, process, beyond=3 + 12 * attempt)
        time.sleep(moments.uniform(0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not (folder / "checkpoints" / "final.safetensors").exists()
    process = start(folder, "resume")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    undisturbed = run(config(tmp_path / "whole", steps=STEPS), images(), observer=Watcher())
    assert output.split()[-1] == undisturbed.weights_sha256
    names = [len((tmp_path / name / "events.jsonl").read_text().splitlines()) for name in ("killed", "whole")]
    assert names[0] == names[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_the_end_of_a_queues_time_save_the_step_and_say_how_to_go_on(
    number: signal.Signals, tmp_path: Path
) -> None:
    from gantlet.core.errors import Interrupted
    from gantlet.training.runs.tensors import read_header

    class Presses(Watcher):
        def on_log(self, line: object) -> None:
            if len(self.steps) == 4:  # in the middle of step 5's work, whose log is not due: fires at step 6
                pytest.fail("log of step 5 is not due")
            if len(self.steps) == 5:
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=r"stopped after step 6.*--resume"):
        run(config(tmp_path / "r", checkpoint_every=100), images(), observer=Presses())
    assert signal.getsignal(number) is before
    assert read_header(tmp_path / "r" / "checkpoints" / "step-00000006.safetensors")["step"] == 6
    resumed = run(config(tmp_path / "r", checkpoint_every=100), images(), resume=True, observer=Watcher())
    assert resumed.weights_sha256 == run(config(tmp_path / "whole"), images(), observer=Watcher()).weights_sha256


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    from gantlet.core.errors import Interrupted

    class Presses(Watcher):
        def on_evaluate(self, sampler: object, step: int, images_seen: int) -> object:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("the second one must not wait")

    with pytest.raises(Interrupted, match=r"at once.*step-00000003"):
        run(config(tmp_path / "r"), images(), observer=Presses())


def test_under_torchrun_sigterm_is_left_to_torchrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the others of a process that is gone; a process that waited for the end of its step would wait for that one."""
    from gantlet.training.checkpoint import Checkpoints
    from gantlet.training.journal import Journal
    from gantlet.training.state import TrainState
    from gantlet.training.stopping import stopping

    monkeypatch.setenv("WORLD_SIZE", "2")
    before = signal.getsignal(signal.SIGTERM)
    unread = (kind.__new__(kind) for kind in (TrainState, Checkpoints, Journal))  # where nothing ends early
    with stopping(*unread):  # type: ignore[arg-type]
        assert signal.getsignal(signal.SIGTERM) is before
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler


def test_a_second_resume_of_a_living_run_is_refused(tmp_path: Path) -> None:
    from gantlet.actions.train import train
    from gantlet.core.config import TrainConfig
    from gantlet.core.errors import OutputError
    from gantlet.core.locks import only_one

    config = TrainConfig(
        data="mixture[kind=ring,n=300]", network="mlp[width=8,depth=2]", latent=2, steps=2, batch=16,
        evaluate_samples=50, out=str(tmp_path / "run"),
    )  # fmt: skip
    train(config, say=lambda text: None)
    before = (tmp_path / "run" / "events.jsonl").read_text()
    with only_one(tmp_path / "run"), pytest.raises(OutputError, match="is in use by process"):
        train(config, resume=True, say=lambda text: None)
    assert (tmp_path / "run" / "events.jsonl").read_text() == before
