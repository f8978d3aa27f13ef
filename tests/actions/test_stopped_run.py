"""A training that was killed or interrupted goes on to the same weights."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TINY = ["--steps", "8", "--batch", "8", "--network", "dcgan[width=4,norm=none]", "--latent", "4", "--log-every", "2"]
TINY += ["--sample-every", "4", "--checkpoint-every", "2", "--features", "pixels", "--techniques", "ema[half_life=100]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_to_the_same_weights(folder: Path, signal_number: signal.Signals) -> None:
    words = [sys.executable, "-m", "gantlet", "train", "digits", *TINY, "--steps", "60", "--no-evaluate"]

    def begin(out: str) -> subprocess.Popen[str]:
        resume = ["--resume"] if (folder / out).exists() else []
        return subprocess.Popen(
            [*words, "--out", out, *resume], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def digest(out: str) -> str:
        process = begin(out)
        _, text = process.communicate(timeout=400)
        assert process.returncode == 0, text
        return text.split("SHA-256 of the weights ")[1].split()[0]

    def newest() -> list[str]:
        return sorted(path.name for path in (folder / "stopped" / "checkpoints").glob("step-*"))[-1:]

    undisturbed = digest("undisturbed")
    for _ in range(2):
        known = newest()
        process = begin("stopped")
        while newest() == known and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal_number)
        process.communicate(timeout=60)
    assert digest("stopped") == undisturbed
