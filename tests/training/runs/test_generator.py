"""Loaded generators: reproducible samples that do not depend on how many are drawn, and storage that finds damage."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, UsageError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks.dcgan import Dcgan
from gantlet.training.runs.drawing import CHUNK, draw_labels, to_uint8
from gantlet.training.runs.generator import LoadedGenerator, load_generator
from gantlet.training.runs.tensors import read_header, read_tensors, weights_digest, write_tensors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder made by hand: a step checkpoint without, a final one with a moving average."""
    config = TrainConfig(network="dcgan[width=4]", latent=5, conditioning="concat", out=str(tmp_path))
    (tmp_path / "config.toml").write_text(config.to_toml())
    torch.manual_seed(0)
    made = [Dcgan(width=4).generator(ImageShape(8, 1), 5, "concat", 3) for _ in range(2)]
    header = {
        "config": {**vars(config)},
        "shape": {"size": 8, "channels": 1},
        "classes": ["a", "b", "c"],
        "class_counts": [10, 30, 60],
        "images_seen": 640,
        "drawn": 1280,
        "seconds": 0.5,
        "last_score": None,
        "best_step": None,
        "best_score": None,
        "monitor": {},
        "version": "0.1.0",
        "data": "digits",
        "data_digest": "",
        "weights_sha256": "",
    }
    tensors = {f"generator/{name}": tensor for name, tensor in made[0].state_dict().items()}
    write_tensors(tmp_path / "checkpoints" / "step-00000010.safetensors", tensors, {**header, "step": 10})
    tensors |= {f"average/{name}": tensor for name, tensor in made[1].state_dict().items()}
    write_tensors(tmp_path / "checkpoints" / "final.safetensors", tensors, {**header, "step": 20})
    return tmp_path


def test_image_i_depends_on_weights_seed_label_and_i_alone(folder: Path) -> None:
    loaded = load_generator(folder)
    labels = np.arange(2 * CHUNK + 7) % 3
    many = loaded.sample(len(labels), labels, seed=4)
    assert many.dtype == np.uint8
    assert many.shape == (len(labels), 8, 8, 1)
    for n in (1, 17, CHUNK, CHUNK + 1):
        assert np.array_equal(loaded.sample(n, labels[:n], seed=4), many[:n])
    assert not np.array_equal(loaded.sample(17, labels[:17], seed=5), many[:17])
    changed = labels.copy()
    changed[3] = (changed[3] + 1) % 3
    differs = (loaded.sample(17, changed[:17], seed=4) != many[:17]).any(axis=(1, 2, 3))
    assert differs.tolist() == [i == 3 for i in range(17)]


def test_which_weights(folder: Path) -> None:
    digests = {which: load_generator(folder, which).digest for which in ("newest", "ema", "generator", "final")}
    assert digests["newest"] == digests["ema"] == digests["final"] != digests["generator"]
    assert load_generator(folder).step == 20
    assert load_generator(folder).images_seen == 640
    with pytest.raises(CheckpointError, match="no best checkpoint"):
        load_generator(folder, "best")
    (folder / "checkpoints" / "final.safetensors").unlink()
    with pytest.raises(CheckpointError, match="has not ended"):
        load_generator(folder, "final")
    with pytest.raises(CheckpointError, match="no moving average"):
        load_generator(folder, "ema")
    assert load_generator(folder).digest == digests["generator"]
    with pytest.raises(CheckpointError, match="not a run folder"):
        load_generator(folder / "checkpoints")


def test_labels_default_to_the_training_frequencies_and_are_checked(folder: Path) -> None:
    loaded = load_generator(folder)
    assert loaded.n_classes == 3
    # 10,000 draws: the share's standard error is ≤ 0.005; four of them
    shares = np.bincount(draw_labels(10_000, loaded.class_counts, 0), minlength=3) / 10_000
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.6], atol=0.02)
    assert np.array_equal(loaded.sample(9, seed=2), loaded.sample(9, draw_labels(9, loaded.class_counts, 2), seed=2))
    for labels in ([0, 3], [0, -1], [0]):
        with pytest.raises(UsageError, match="expected 2 labels in 0…2"):
            loaded.sample(2, labels)
    with pytest.raises(UsageError, match="at least 1"):
        loaded.sample(0)
    plain = LoadedGenerator(loaded.generator, TrainConfig(), loaded.shape, (), (), 0, 0)
    with pytest.raises(UsageError, match="unconditional"):
        plain.sample(2, [0, 0])


def test_loading_leaves_the_callers_random_numbers_alone(folder: Path) -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    load_generator(folder).sample(3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_to_uint8_rounds_and_clamps() -> None:
    values = torch.tensor([-1.0, -1.5, 1.0, 1.2, 0.0, 1 / 127.5 - 1, 1.6 / 127.5 - 1]).view(1, 1, 1, 7)
    assert to_uint8(values).reshape(-1).tolist() == [0, 0, 255, 255, 128, 1, 2]


def test_digest_sees_values_names_and_types_but_not_memory_layout() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 4, 3)
    digest = weights_digest(layer)
    assert weights_digest(layer.to(memory_format=torch.channels_last)) == digest
    with torch.no_grad():
        layer.bias[0] += 1e-7
    assert weights_digest(layer) != digest
    assert weights_digest(nn.Conv2d(3, 4, 3).double()) != digest


def test_storage_round_trip_and_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tensors = {"a": torch.arange(6.0).view(2, 3), "b/c": torch.tensor(3, dtype=torch.int64), "e": torch.zeros(0)}
    write_tensors(path, tensors, {"step": 1, "words": "čeština"})
    found, header = read_tensors(path)
    assert header["words"] == "čeština"
    assert all(torch.equal(found[name], tensors[name]) and found[name].dtype == tensors[name].dtype for name in tensors)
    content = bytearray(path.read_bytes())
    content[-3] ^= 64
    path.write_bytes(content)
    assert read_header(path)["step"] == 1
    with pytest.raises(CheckpointError, match="SHA-256 of its tensors differs"):
        read_tensors(path)
    path.write_bytes(content[:-4])
    with pytest.raises(CheckpointError, match="damaged"):
        read_tensors(path)
    path.write_text("not one")
    with pytest.raises(CheckpointError, match="damaged or is not"):
        read_header(path)
