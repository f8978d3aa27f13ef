"""Labels are matched by the names of their classes, whatever numbers each side gives them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.core.errors import ConfigError, UsageError
from gantlet.core.results.report import Report
from gantlet.core.specs import class_map

METRICS = ("intra_class_frechet", "gan_train", "gan_test")
SHADES = {"bird": 40, "cat": 120, "dog": 200, "frog": 250}


def config(**changes: object) -> gantlet.EvaluateConfig:
    return gantlet.EvaluateConfig(features="pixels[size=8]", metrics=METRICS, cache=False, **changes)  # type: ignore[arg-type]


def images(name: str, seed: int, n: int = 30) -> np.ndarray:
    rng = np.random.default_rng([seed, SHADES[name]])
    return np.clip(SHADES[name] + rng.normal(0, 12, (n, 8, 8, 3)), 0, 255).astype(np.uint8)


def folder(root: Path, names: tuple[str, ...], seed: int) -> str:
    for name in names:
        (root / name).mkdir(parents=True)
        for i, image in enumerate(images(name, seed)):
            Image.fromarray(image).save(root / name / f"{i}.png")
    return str(root)


def array(path: Path, names: tuple[str, ...], labels: np.ndarray, seed: int, **more: np.ndarray) -> str:
    np.savez(path, x=np.concatenate([images(name, seed) for name in names]), y=labels, **more)
    return str(path)


def numbered(*numbers: int) -> np.ndarray:
    return np.repeat(numbers, 30)


def evaluate(fake: str, real: str, **changes: object) -> Report:
    return gantlet.evaluate(fake, real, config(**changes))


def test_classes_of_different_folders_are_compared_by_name(tmp_path: Path) -> None:
    real = folder(tmp_path / "real", ("bird", "cat", "dog"), 0)
    held_out = folder(tmp_path / "held", ("bird", "cat", "dog"), 2)
    fake = folder(tmp_path / "fake", ("cat", "dog", "frog"), 1)
    report = evaluate(fake, real, held_out=held_out)
    shared = evaluate(folder(tmp_path / "f", ("cat", "dog"), 1), folder(tmp_path / "r", ("cat", "dog"), 0))
    found = report["intra_class_frechet"]
    assert list(found.details["by_class"]) == ["cat", "dog"]
    assert found.value == pytest.approx(shared["intra_class_frechet"].value, rel=1e-6)
    assert report["gan_test"].value == 1 and report["gan_test"].details["n_classified"] == 60
    assert report["gan_train"].value == 1 and report["gan_train"].details["n_classified"] == 60
    for metric in METRICS:
        assert "of real images only: bird; of generated images only: frog" in report[metric].notes[-1], metric


def test_numbers_in_an_archive_keep_their_values(tmp_path: Path) -> None:
    real = array(tmp_path / "real.npz", ("cat", "dog"), numbered(1, 2), 0)
    fake = array(tmp_path / "fake.npz", ("bird", "cat", "dog"), numbered(0, 1, 2), 1)
    found = evaluate(fake, real)["intra_class_frechet"]
    assert list(found.details["by_class"]) == ["1", "2"]
    assert "of generated images only: 0" in found.notes[-1] and "real images only" not in found.notes[-1]
    assert found.value is not None and found.value < 1  # cat against dog: 80 levels on 192 pixels


@pytest.mark.parametrize("names", ["texts", "bytes", "one-hot"])
def test_texts_and_one_hot_labels_are_read(tmp_path: Path, names: str) -> None:
    texts = np.repeat(["cat", "dog"], 30)
    labels = {"texts": texts, "bytes": texts.astype("S"), "one-hot": np.eye(2)[numbered(0, 1)]}[names]
    more = {"classes": np.array(["cat", "dog"])} if names == "one-hot" else {}
    fake = array(tmp_path / "fake.npz", ("cat", "dog"), labels, 1, **more)
    report = evaluate(fake, folder(tmp_path / "real", ("bird", "cat", "dog"), 0))
    assert list(report["intra_class_frechet"].details["by_class"]) == ["cat", "dog"]


def test_numbers_match_names_by_an_explicit_map_alone(tmp_path: Path) -> None:
    real = folder(tmp_path / "real", ("cat", "dog"), 0)
    fake = array(tmp_path / "fake.npz", ("dog", "cat"), numbered(0, 1), 1)
    for metric in ("intra_class_frechet", "gan_test"):
        said = evaluate(fake, real)[metric]
        assert said.value is None
        assert "no name in common" in said.notes[0] and "cat, dog; generated 0, 1" in said.notes[0]
        assert "--classes 0=cat" in said.notes[0]
    told = evaluate(fake, real, classes="0=dog,1=cat")
    assert told["gan_test"].value == 1 and told["intra_class_frechet"].value < 1  # type: ignore[operator]
    assert evaluate(fake, real, classes="0=cat,1=dog")["gan_test"].value == 0
    for wrong, what in (("3=cat", "generated images have no class '3'"), ("0=cow", "real images have no class 'cow'")):
        with pytest.raises(UsageError, match=what):
            evaluate(fake, real, classes=wrong)


def test_a_map_is_read_or_refused() -> None:
    with pytest.raises(ConfigError, match="stands for further pairs"):
        class_map("0=cat,…")
    assert class_map("0=cat, 1=hot dog") == {"0": "cat", "1": "hot dog"} and class_map("") == {}
    for wrong in ("cat", "0=", "0=cat,0=dog"):
        with pytest.raises(ConfigError, match="0=cat,1=dog"):
            config(classes=wrong)


def test_the_reason_names_the_side_that_has_no_labels(tmp_path: Path) -> None:
    real = folder(tmp_path / "real", ("cat", "dog"), 0)
    fake = tmp_path / "fake.npz"
    np.savez(fake, x=images("cat", 1))
    for metric in METRICS:
        (reason,) = evaluate(str(fake), real)[metric].notes
        assert ("generated images have no labels" in reason) == (metric != "gan_train"), metric
    assert "no held-out real images" in evaluate(str(fake), real)["gan_train"].notes[0]


def test_findings_in_the_cache_belong_to_their_labels(tmp_path: Path) -> None:
    real = array(tmp_path / "real.npz", ("cat", "dog"), numbered(0, 1), 0)
    values = []
    for name, labels in (("a", numbered(0, 1)), ("b", numbered(1, 0))):
        fake = array(tmp_path / f"{name}.npz", ("cat", "dog"), labels, 1)
        values.append(gantlet.evaluate(fake, real, gantlet.EvaluateConfig(features="pixels[size=8]", metrics=METRICS)))
    assert [report["gan_test"].value for report in values] == [1, 0]
