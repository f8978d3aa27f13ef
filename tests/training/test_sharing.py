"""Training under torchrun: the weights of one process, whatever the number of processes; what cannot be shared is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.processes import Processes
from gantlet.core.rng import for_rows, part_of_batch, torch_stream
from gantlet.training.game import Game
from gantlet.training.runs.tensors import read_tensors
from gantlet.training.sharing import require_shareable

POINTS = ["--data", "mixture[n=400]", "--network", "mlp[width=16,depth=2]", "--latent", "2", "--batch", "32"]
DIGITS = ["--data", "digits[split=test]", "--network", "r3gan[width=8]", "--latent", "8", "--batch", "16", "--mirror"]


def train(folder: Path, count: int, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    program = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GANTLET_CACHE": str(folder / "cache")}
    command = [sys.executable, *program, "-m", "gantlet", "train", "recipe.toml", "--out", name, *words]
    (folder / "recipe.toml").write_text("sample_every = 0\nlog_every = 10\n")
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)


def weights(run: Path) -> dict[str, torch.Tensor]:
    tensors, _ = read_tensors(run / "checkpoints" / "final.safetensors")
    return {
        name: tensor
        for name, tensor in tensors.items()
        if name.split("/")[0] in ("generator", "discriminator", "average")
    }


def apart(a: Path, b: Path) -> float:
    one, two = weights(a), weights(b)
    assert one.keys() == two.keys() and len(one) > 4
    return max(float((one[name] - two[name]).abs().max()) for name in one)


GAMES = {
    "gradient penalty": ["--objective", "wgan", "--penalties", "gradient-penalty", "--discriminator-steps", "2"],
    "micro-batches": ["--objective", "hinge", "--penalties", "r1", "--micro-batch", "8"],
    "r1, r2, ema, pacgan": [
        "--objective",
        "rpgan",
        "--penalties",
        "r1[every=2]",
        "r2",
        "--techniques",
        "ema",
        "pacgan[pack=2]",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_two_processes_give_the_weights_of_one(game: str, tmp_path: Path) -> None:
    """After 50 steps within 1e-5: float32 sums in another order, amplified by Adam; a wrong row or stream gives 1e-2."""
    words = [*POINTS, *GAMES[game], "--steps", "50", "--features", "coordinates"]
    for count in (1, 2):
        done = train(tmp_path, count, f"run{count}", *words)
        assert done.returncode == 0, done.stderr[-3000:]
    assert apart(tmp_path / "run1", tmp_path / "run2") < 1e-5
    assert (tmp_path / "run2" / "report.html").is_file()


@pytest.mark.slow
def test_a_run_of_two_processes_goes_on_in_one(tmp_path: Path) -> None:
    """Stopped after 30 steps of 2 processes by its number of steps, resumed by one: as one process all the way."""
    words = [
        *DIGITS,
        "--objective",
        "hinge",
        "--penalties",
        "r1[gamma=0.1]",
        "--techniques",
        "diffaugment",
        "--checkpoint-every",
        "15",
    ]
    assert train(tmp_path, 1, "alone", *words, "--steps", "50").returncode == 0
    first = train(tmp_path, 2, "moved", *words, "--steps", "30")
    assert first.returncode == 0, first.stderr[-3000:]
    then = train(tmp_path, 1, "moved", *words, "--steps", "50", "--resume")
    assert then.returncode == 0, then.stderr[-3000:]
    assert apart(tmp_path / "alone", tmp_path / "moved") < 1e-4


def logged(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == "log"]


@pytest.mark.slow
def test_penalties_keep_full_precision_in_two_processes_under_bfloat16(tmp_path: Path) -> None:
    """The first penalties, of equal weights and images, agree as float32 sums in another order do; bfloat16 would give 2⁻⁸.

    Later ones, and the losses, may differ by what bfloat16 rounds in the step of each half of the batch.
    """
    words = [*DIGITS, "--objective", "rpgan", "--penalties", "r1[gamma=0.1]", "r2[gamma=0.1]", "--steps", "10"]
    for count, precision in ((1, "32-true"), (1, "bf16-mixed"), (2, "bf16-mixed")):
        done = train(tmp_path, count, f"{precision}-{count}", *words, "--precision", precision, "--log-every", "1")
        assert done.returncode == 0, done.stderr[-3000:]
    full, one, two = (logged(tmp_path / run) for run in ("32-true-1", "bf16-mixed-1", "bf16-mixed-2"))
    for other in (two, full):
        assert one[0]["r1"] == pytest.approx(other[0]["r1"], rel=1e-5)
    assert one[0]["r2"] == pytest.approx(two[0]["r2"], rel=1e-5)
    assert one[0]["d_loss"] != full[0]["d_loss"]  # the networks themselves are rounded
    for ours, others in zip(one, two, strict=True):
        for name in ("r1", "r2", "d_loss", "g_loss"):
            assert ours[name] == pytest.approx(others[name], rel=2**-6)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"batch": 15}, "a batch of 15 cannot be shared equally by 2 processes; use a multiple of 2"),
        ({"batch": 18, "techniques": ("pacgan[pack=2]",)}, "in packs of 2; use a multiple of 4"),
        ({"penalties": ("dragan",)}, "dragan reads a batch as a whole"),
        ({"techniques": ("feature-matching",)}, "feature-matching reads a batch as a whole"),
        ({"techniques": ("minibatch-discrimination",)}, "minibatch-discrimination reads a batch as a whole"),
        ({"objective": "wgan-qc"}, "wgan-qc reads a batch as a whole"),
        ({"objective": "madgan"}, "madgan reads a batch as a whole"),
        ({"objective": "ebgan", "network": "autoencoder"}, "ebgan reads a batch as a whole"),
    ],
)
def test_what_cannot_be_shared(given: dict[str, object], sentence: str) -> None:
    config = TrainConfig.from_mapping(given)
    require_shareable(config, Game.of(config), Processes(0, 1))
    with pytest.raises(ConfigError, match=sentence):
        require_shareable(config, Game.of(config), Processes(0, 2))


def test_without_pulling_away_ebgan_is_shared() -> None:
    config = TrainConfig(objective="ebgan[pulling_away=0]", network="autoencoder")
    require_shareable(config, Game.of(config), Processes(0, 2))


def test_parts_of_a_batch_are_the_rows_of_the_whole() -> None:
    """Two processes' draws, put together, are one process's; afterwards all streams stand at the same place."""
    whole = torch_stream(3, "penalty")
    expected = for_rows(6, lambda n: torch.rand(n, 2, generator=whole))
    parts, after = [], []
    for rank in range(2):
        stream = torch_stream(3, "penalty")
        with part_of_batch(rank, 2):
            parts.append(for_rows(3, lambda n, stream=stream: torch.rand(n, 2, generator=stream)))
        after.append(float(torch.rand(1, generator=stream)))
    assert torch.equal(torch.cat(parts), expected)
    assert after[0] == after[1] == float(torch.rand(1, generator=whole))
