"""torchrun --max-restarts: a killed process ends the group, which starts again, goes on from the newest checkpoint, and ends in the same weights."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gantlet.training.runs.tensors import read_header

WORDS = ["--steps", "300", "--batch", "32", "--network", "mlp[width=16,depth=2]", "--sample-every", "0"]
WORDS += ["--checkpoint-every", "20", "--no-evaluate", "--resume", "auto"]


def started(folder: Path, out: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GANTLET_PATIENCE": "60"}
    command = [*program, "-m", "--", "gantlet", "train", "digits", *WORDS, "--out", out]
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_process_is_started_again_and_the_training_ends_as_if_nothing_had_been(tmp_path: Path) -> None:
    """gloo once waited for the addresses of the processes that were gone, until GANTLET_PATIENCE, and again after each restart."""
    process = started(tmp_path, "disturbed")
    run = tmp_path / "disturbed"
    ends = time.monotonic() + 120
    while not list(run.glob("checkpoints/step-*.safetensors")):
        assert time.monotonic() < ends and process.poll() is None
        time.sleep(0.05)
    found = re.search(r"process (\d+)", (run / ".lock").read_text())
    assert found is not None
    os.kill(int(found[1]), signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said[-3000:]
    assert "resumed at step" in said
    undisturbed = started(tmp_path, "undisturbed")
    assert undisturbed.wait(timeout=120) == 0
    digests = [
        read_header(tmp_path / name / "checkpoints" / "final.safetensors")["weights_sha256"]
        for name in ("disturbed", "undisturbed")
    ]
    assert digests[0] == digests[1]
