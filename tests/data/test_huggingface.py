"""Hugging Face data sets, saved to a local folder by `datasets` itself."""

import io
import sys
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import ConfigError, DataError
from gantlet.data.decode import Undecodable
from gantlet.data.opening import open_source

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)


def png(pixels: np.ndarray) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return {"bytes": buffer.getvalue(), "path": None}


def table(n: int, **columns: Any) -> datasets.Dataset:
    features = {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])}
    values = {"image": [png(PIXELS[i]) for i in range(n)], "label": [i % 2 for i in range(n)]}
    return datasets.Dataset.from_dict(values, features=datasets.Features(features))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    datasets.DatasetDict({"train": table(6), "test": table(3)}).save_to_disk(tmp_path / "set")
    return tmp_path / "set"


def test_images_labels_and_the_other_split(saved: Path) -> None:
    source = open_source(f"hf:{saved}")
    assert (len(source), source.classes) == (6, ("cat", "dog"))
    np.testing.assert_array_equal(source.labels, [0, 1] * 3)
    for i in (0, 5):
        np.testing.assert_array_equal(source.read(i), PIXELS[i])
    assert source.spec == f"hf:{saved}[split=train]"
    assert len(open_source(source.held_out)) == len(open_source(f"hf:{saved}[test]")) == 3
    assert open_source(source.spec).digest == source.digest != open_source(source.held_out).digest
    assert open_source(f"hf:{saved}[labels=none]").labels is None


def test_what_a_data_set_does_not_have(saved: Path) -> None:
    for text, reason in (
        ("[valid]", "no split 'valid'; it has train, test"),
        ("[image=picture]", r"no image column 'picture'; its columns are image \(Image\), label \(ClassLabel\)"),
        ("[labels=kind]", "no label column 'kind'"),
    ):
        with pytest.raises(DataError, match=reason):
            open_source(f"hf:{saved}{text}")
    with pytest.raises(ConfigError, match="white, black"):
        open_source(f"hf:{saved}[background=red]")


def test_one_table_two_image_columns_and_odd_labels(tmp_path: Path) -> None:
    values = {"a": [png(p) for p in PIXELS], "b": [png(p[::-1]) for p in PIXELS], "label": list("xyxyxy")}
    features = datasets.Features({"a": datasets.Image(), "b": datasets.Image(), "label": datasets.Value("string")})
    datasets.Dataset.from_dict(values, features=features).save_to_disk(tmp_path / "two")
    with pytest.raises(DataError, match="image=NAME"):
        open_source(f"hf:{tmp_path / 'two'}")
    source = open_source(f"hf:{tmp_path / 'two'}[image=b]")
    np.testing.assert_array_equal(source.read(2), PIXELS[2][::-1])
    assert source.labels is not None  # words are names of classes
    assert source.labels.tolist() == [0, 1] * 3
    assert source.classes == ("x", "y")
    assert open_source(f"hf:{tmp_path / 'two'}[image=b,labels=label]").classes == ("x", "y")


def test_hidden_labels_and_a_broken_image(tmp_path: Path) -> None:
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])})
    values = {"image": [png(PIXELS[0]), {"bytes": b"no image", "path": None}], "label": [-1, -1]}
    datasets.Dataset.from_dict(values, features=features).save_to_disk(tmp_path / "odd")
    source = open_source(f"hf:{tmp_path / 'odd'}")
    assert source.labels is None
    assert "hidden" in source.notes[0]
    with pytest.raises(Undecodable, match="not an image"):
        source.read(1)


def test_a_data_set_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("Couldn't reach the hub")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(
        DataError, match=r"hf:owner/name could not be loaded \(Couldn't reach.*Three ways out.*hf:FOLDER"
    ):
        open_source("hf:owner/name[test]")


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r"pip install 'gantlet\[hub\]'"):
        open_source("hf:owner/name")


def test_frames_and_formats_are_said(tmp_path: Path) -> None:
    pictures = [Image.fromarray(image) for image in PIXELS[:3]]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "gif", save_all=True, append_images=pictures[1:])
    rows = {"image": [{"bytes": buffer.getvalue(), "path": None}, png(PIXELS[1])]}
    features = datasets.Features({"image": datasets.Image()})
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "hub")
    source = open_source(f"hf:{tmp_path / 'hub'}")
    assert source.notes == ("1 file holds 3 frames; the first of each is used",)
    assert source.formats == ["GIF", "PNG"]
