"""Micro-batches: the step of the whole batch, in the memory of a part; what is no mean over a batch is refused."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import Watcher, config, images

from gantlet.core.errors import ConfigError, MemoryExhausted
from gantlet.core.interfaces.modules import Batch
from gantlet.core.processes import ALONE, Processes
from gantlet.core.rng import for_rows, torch_stream
from gantlet.training.accumulation import Accumulation
from gantlet.training.game import Game
from gantlet.training.loop import run
from gantlet.training.observer import Silent
from gantlet.training.runs.tensors import read_tensors
from gantlet.training.sharing import micro_batches, require_shareable
from gantlet.training.state import TrainState
from gantlet.training.step_output import StepOutput

PLAIN = "dcgan[width=4,norm=none,making_norm=none]"
GAMES: dict[str, dict[str, Any]] = {
    "rpgan, r1, gradient penalty, labels": {},
    "hinge, spectral norm": {"objective": "hinge", "penalties": ("spectral-norm",)},
    "shared fakes": {"objective": "nonsaturating", "penalties": ("r1[every=2]", "r2"), "fakes": "shared", "techniques": ("bcr",)},
    "augmented, packed": {"penalties": (), "techniques": ("diffaugment", "pacgan[pack=2]", "lecam"), "conditioning": "none"},
    "adaptive augmentation": {"penalties": (), "techniques": ("ada",), "objective": "nonsaturating"},
    "an auto-encoder": {"objective": "vae", "penalties": (), "techniques": (), "conditioning": "none", "discriminator_steps": 1,
                        "network": PLAIN},
}  # fmt: skip


def trained(out: Path, **changes: Any) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
    run(
        config(out, **{"network": PLAIN, "evaluate_every": 0, "sample_every": 0, "steps": 4, **changes}),
        images(),
        observer=Silent(),
    )
    tensors, _ = read_tensors(out / "checkpoints" / "final.safetensors")
    lines = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    return tensors, [line for line in lines if line["event"] == "log"]


@pytest.mark.parametrize("game", GAMES)
def test_parts_give_the_step_of_the_whole_batch(game: str, tmp_path: Path) -> None:
    """After 4 steps within 1e-5, buffers, moments and streams too: float32 sums in another order; a wrong row gives 1e-3."""
    whole, lines = trained(tmp_path / "whole", **GAMES[game])
    parts, others = trained(tmp_path / "parts", **GAMES[game], micro_batch=2)
    assert whole.keys() == parts.keys() and len(whole) > 20
    for name, tensor in whole.items():
        if name.startswith("random/"):
            assert torch.equal(tensor, parts[name]), name
        else:
            assert torch.allclose(tensor, parts[name], rtol=1e-4, atol=1e-5), name
    for line, other in zip(lines, others, strict=True):
        for name, value in line.items():
            if name not in ("event", "seconds"):
                assert other[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_one_part_is_the_whole_batch_bit_by_bit(tmp_path: Path) -> None:
    whole, parts = (trained(tmp_path / str(micro), micro_batch=micro)[0] for micro in (0, 8))
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def test_the_networks_never_see_more_than_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    fresh = TrainState.fresh

    def watched(*given: Any) -> TrainState:
        state = fresh(*given)
        for network in (state.generator, state.discriminator):
            network.register_forward_pre_hook(
                lambda module, inputs: seen.append(len(inputs[0])) if module.training else None
            )
        return state

    monkeypatch.setattr(TrainState, "fresh", watched)
    trained(tmp_path / "run", micro_batch=2, fakes="shared")
    assert set(seen) == {2}


def test_a_run_in_parts_resumes_bit_by_bit(tmp_path: Path) -> None:
    straight, _ = trained(tmp_path / "straight", micro_batch=4, steps=7)
    trained(tmp_path / "stopped", micro_batch=4, steps=3)
    setting = {"network": PLAIN, "evaluate_every": 0, "sample_every": 0, "steps": 7, "micro_batch": 4}
    run(config(tmp_path / "stopped", **setting), images(), resume=True, observer=Silent())
    again, _ = read_tensors(tmp_path / "stopped" / "checkpoints" / "final.safetensors")
    assert all(torch.equal(tensor, again[name]) for name, tensor in straight.items())


def test_each_part_of_each_process_draws_its_own_rows(tmp_path: Path) -> None:
    """Rank 1 of 2 with two micro-batches has rows 4 … 7 of 8, and the streams advance as for a single process."""
    setting = config(tmp_path, network=PLAIN, micro_batch=2)
    game = Game.of(setting)
    drawn: list[torch.Tensor] = []

    def act(batch: Batch) -> StepOutput:
        drawn.append(for_rows(len(batch.z), lambda n: torch.rand(n, generator=state.streams["penalty"])))
        loss = state.generator(batch.z, batch.labels).square().mean()
        return StepOutput.of({"loss": loss}, batch.z[:, 0], batch.z[:, 0], batch.real)

    state = TrainState.fresh(setting, game, images().shape, 2)
    batch = Batch(torch.zeros(4, 1, 8, 8), torch.zeros(4, dtype=torch.int64), torch.arange(16.0).view(4, 4))
    accumulation = Accumulation(setting, Processes(1, 2), state)
    output = accumulation.gradients(batch, act, lambda loss: loss.backward(), state.optimizer_generator)
    whole = torch.rand(8, generator=(stream := torch_stream(setting.seed, "penalty")))
    assert torch.equal(torch.cat(drawn), whole[4:])
    assert torch.equal(stream.get_state(), state.streams["penalty"].get_state())
    assert torch.equal(output.real_logits, batch.z[:, 0])


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"network": "infogan[width=4,hidden=8]", "penalties": ()}, "the generator and the discriminator of .* normalise over the whole batch"),
    ({"network": "dcgan[width=4,norm=none]"}, "the generator of .* normalises over the whole batch.*without batch normalisation"),
    ({"objective": "ra-hinge", "penalties": ()}, "ra-hinge reads a batch as a whole, so micro-batches of 4.*leave --micro-batch out"),
    ({"techniques": ("minibatch-discrimination",), "penalties": ()}, "minibatch-discrimination reads a batch as a whole"),
    ({"techniques": ("pacgan[pack=4]",), "micro_batch": 2, "conditioning": "none"}, "equally by micro-batches of 2 in packs of 4"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_what_is_no_mean_over_the_batch_is_refused(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=sentence):
        run(config(tmp_path / "run", **{"network": PLAIN, "micro_batch": 4, **changes}), images(), observer=Silent())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("micro", [3, 16, -2])
def test_a_part_divides_the_batch(micro: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="micro_batch 0, or a divisor of batch"):
        config(tmp_path, micro_batch=micro)


@pytest.mark.parametrize(
    ("batch", "micro", "size", "parts"),
    [(8, 0, 1, 1), (8, 2, 1, 4), (8, 2, 2, 2), (8, 8, 2, 1), (12, 6, 4, 1), (24, 8, 2, 2)],
)
def test_parts_are_cut_from_what_a_process_has(batch: int, micro: int, size: int, parts: int, tmp_path: Path) -> None:
    setting = config(tmp_path, network=PLAIN, batch=batch, micro_batch=micro)
    assert micro_batches(setting, Processes(0, size)) == parts
    require_shareable(setting, Game.of(setting), Processes(0, size))


def test_parts_are_equal_or_refused(tmp_path: Path) -> None:
    setting = config(tmp_path, network=PLAIN, batch=12, micro_batch=4)
    with pytest.raises(ConfigError, match="12 cannot be shared equally by 4 processes with micro-batches of 2"):
        require_shareable(dataclasses.replace(setting, micro_batch=2), Game.of(setting), Processes(0, 4))
    require_shareable(setting, Game.of(setting), ALONE)


def exhausted(monkeypatch: pytest.MonkeyPatch, error: Exception, most: int) -> None:
    """Let a step of more than ``most`` images fail as a device does whose memory is full."""
    real = Game.generator_step

    def step(self: Game, generator: Any, discriminator: Any, batch: Batch, *rest: Any, **named: Any) -> StepOutput:
        if len(batch.z) > most:
            raise error
        return real(self, generator, discriminator, batch, *rest, **named)

    monkeypatch.setattr(Game, "generator_step", step)


FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee documentation")


@pytest.mark.parametrize(
    "error", [FULL, RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), MemoryError()]
)
def test_memory_that_is_full_names_the_batch_and_the_way_out(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, setting = tmp_path / "run", {"network": PLAIN, "evaluate_every": 0, "steps": 3, "checkpoint_every": 1}
    run(config(out, **setting), images(), observer=Silent())
    exhausted(monkeypatch, error, 4)
    with pytest.raises(
        MemoryExhausted, match=r"step 4: 8 images at once.*memory of cpu.*--micro-batch 4.*or lower --batch \(now 8\)"
    ):
        run(config(out, **{**setting, "steps": 5}), images(), resume=True, observer=Silent())
    watcher = Watcher()
    result = run(config(out, **{**setting, "steps": 5, "micro_batch": 4}), images(), resume=True, observer=watcher)
    assert result.step == 5
    assert any("goes on with micro_batch 4 (it was 0)" in warning for warning in watcher.warnings)


def test_where_parts_are_refused_the_way_out_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exhausted(monkeypatch, FULL, 4)
    with pytest.raises(MemoryExhausted) as raised:
        run(config(tmp_path / "run", steps=3), images(), observer=Silent())
    assert "; lower --batch (now 8)" in str(raised.value) and "--micro-batch" not in str(raised.value)


def test_other_errors_of_a_step_are_left_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exhausted(monkeypatch, RuntimeError("shapes differ"), 4)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(config(tmp_path / "run", network=PLAIN, steps=3), images(), observer=Silent())
