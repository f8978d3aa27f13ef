"""Latent inversion: linear generators have a closed form; own images are reached, foreign ones are told apart at the stated rate."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import gantlet
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import UsageError
from gantlet.core.results.projection import Projection
from gantlet.training.data import TrainingImages
from gantlet.training.loop import run
from gantlet.training.observer import Silent
from gantlet.training.runs.inversion import invert


class Linear(nn.Module):
    """G(z) = A z + 10 · label/100 as an image of 1 × 4 × 4."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(0.2 * torch.randn(16, 3, generator=torch.Generator().manual_seed(1)))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        shift = 0 if labels is None else 0.1 * labels[:, None]
        return (z @ self.a.T + shift).view(-1, 1, 4, 4)


def test_a_linear_generator_is_inverted_as_least_squares_do() -> None:
    generator, chance = Linear(), torch.Generator().manual_seed(2)
    targets = 0.3 * torch.randn(5, 1, 4, 4, generator=chance)
    found = invert(
        generator, targets, torch.randn(200, 3, generator=chance), None, steps=300, starts=2, progress=lambda *_: None
    )
    a = generator.a.detach().double().numpy()
    x = targets.flatten(1).double().numpy().T
    exact, residual, *_ = np.linalg.lstsq(a, x, rcond=None)
    assert found.z.numpy() == pytest.approx(exact.T, abs=1e-3)
    assert found.distance.numpy() == pytest.approx(residual / 16, rel=1e-4)
    assert (found.distance <= found.before).all()


def test_the_class_is_found_with_the_latent() -> None:
    generator, chance = Linear(), torch.Generator().manual_seed(3)
    z, labels = torch.randn(4, 3, generator=chance), torch.tensor([0, 3, 0, 3])
    with torch.no_grad():
        targets = generator(z, labels)
    candidates = torch.randn(400, 3, generator=chance)
    found = invert(
        generator, targets, candidates, torch.arange(400) % 2 * 3, steps=300, starts=8, progress=lambda *_: None
    )
    assert found.labels is not None and torch.equal(found.labels, labels)
    assert torch.allclose(found.z, z, atol=1e-3) and float(found.distance.max()) < 1e-6


def projection(distance: float, own: tuple[float, ...]) -> Projection:
    return Projection("run", "image", (1.0,), None, distance, own, 9.0, 1.0)


def test_farther_than_all_own_images_has_probability_one_in_twenty() -> None:
    own = tuple(map(float, range(1, 20)))
    assert projection(20.0, own).p_value == 1 / 20 and "not one of the images" in projection(20.0, own).text
    assert projection(18.5, own).p_value == 2 / 20 and "cannot be told" in projection(18.5, own).text
    assert projection(19.0, own).p_value == 2 / 20  # a tie is no more extreme
    values = np.random.default_rng(0).standard_normal((4000, 20))
    called = [projection(row[0], tuple(row[1:])).p_value <= 0.05 for row in values]
    assert abs(np.mean(called) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 4000)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    pixels = np.random.default_rng(0).integers(0, 255, size=(16, 8, 8, 1), dtype=np.uint8)
    data = TrainingImages(pixels, np.arange(16, dtype=np.int64) % 2, ("a", "b"), "d", "tiny")
    config = TrainConfig(
        network="r3gan[width=8]",
        latent=4,
        steps=1,
        batch=4,
        sample_every=0,
        device="cpu",
        conditioning="concat",
        out=str(out),
    )
    run(config, data, observer=Silent())
    return out


def test_an_own_image_is_reached_and_noise_is_not(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = gantlet.load(trained).sample(3, seed=99)[2]
    noise = np.random.default_rng(1).integers(0, 255, size=(8, 8), dtype=np.uint8)
    Image.fromarray(own[:, :, 0]).save(tmp_path / "own.png")
    Image.fromarray(noise).save(tmp_path / "noise.png")
    found = gantlet.project(trained, tmp_path / "own.png", tmp_path / "own-projection.png", steps=60)
    assert len(found.own) == 19 and found.p_value > 0.05 and found.distance < found.nearest_sample
    words = ["project", str(trained), str(tmp_path / "noise.png"), "--steps", "60", "--out", str(tmp_path / "p.png")]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["p_value"] == 0.05 and result["distance"] > max(result["own"]) and len(result["z"]) == 4
    with Image.open(tmp_path / "p.png") as picture:
        shown = np.asarray(picture)[::4, ::4].astype(int)
    image, reached, apart = shown[:, :8], shown[:, 8:16], shown[:, 16:]
    assert np.array_equal(image, noise) and np.array_equal(apart, np.abs(image - reached))
    assert result["distance"] == pytest.approx(np.sqrt(((image - reached) ** 2).mean()), abs=0.6)  # rounded pixels


def test_what_cannot_be_projected_is_refused_in_words(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.png").write_text("no image")
    Image.new("L", (8, 8)).save("image.png")
    for words, part, status in (
        (["project", str(trained)], "an image file", 2),
        (["project", str(trained), "text.png"], "text.png: ", 1),
        (["project", str(trained), "nowhere.png"], "nowhere.png: ", 1),
        (["project", str(trained), "image.png", "--steps", "0"], "steps ≥ 1", 2),
        (["project", str(trained), "image.png", "--out", "x.jpg"], "NAME.png", 1),
        (["project", str(trained), "image.png", "--out", "image.png"], "which exists", 1),
        (["project", "nowhere", "image.png"], "not a run folder", 1),
    ):
        assert main(words) == status, words
        assert part in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.png", "text.png"]


class Detached(Linear):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(z.detach(), labels)


def test_a_generator_without_a_gradient_is_said(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "image.png")
    import dataclasses

    import gantlet.actions.project as module

    loaded = gantlet.load(trained)
    shape = dataclasses.replace(loaded.shape, size=4)
    stub = dataclasses.replace(
        loaded, generator=Detached(), shape=shape, config=dataclasses.replace(loaded.config, latent=3)
    )
    monkeypatch.setattr(module, "load_generator", lambda *_: stub)
    with pytest.raises(UsageError, match="no gradient of its generator's images reaches the latents"):
        gantlet.project(trained, tmp_path / "image.png", tmp_path / "p.png", steps=2)
