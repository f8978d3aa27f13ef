"""Folders that are classes, and folders that are only structure."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.data.collection import natural
from gantlet.data.folder_labels import folder_labels, structure
from gantlet.data.opening import open_source

FOUND_AS_DIRS = "[labels=dirs] takes them as classes"


def files(sizes: Mapping[str, int]) -> list[str]:
    return [f"{folder}/{i}.png" for folder, n in sizes.items() for i in range(n)]


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("rank0", "rank1"), "parts of a set"),
        (("part-0001", "part-0002"), "parts of a set"),
        (("part-00000-of-00002", "part-00001-of-00002"), "parts of a set"),
        (("shard_3", "worker3"), "parts of a set"),
        (("chunk-2", "Batch_7", "gpu1"), "parts of a set"),
        (("clip_003", "clip_004"), "clips"),
        (("video_12", "video 13"), "clips"),
        (("scene1", "seq02", "take-3", "session_2024-01-05"), "clips"),
        (("00000", "01000", "02000"), "the shards of a set"),
        (("0000", "0001"), "the shards of a set"),
        (("2024-01-05", "20240106", "2024-01"), "dates"),
        (("2024-01-05_13-45-00", "2024-01-05T14:00"), "dates"),
        (("1999", "2004"), "dates"),
        (("256x256", "512x512"), "resolutions"),
        (("128px", "256px"), "resolutions"),
        (("train", "test"), "the splits of a set"),
    ],
)
def test_structure_is_recognised(names: tuple[str, ...], what: str) -> None:
    sizes = dict.fromkeys(names, 30)
    assert structure(sizes) == what
    found = folder_labels("set", files(sizes), "auto", natural)
    assert found.labels is None and found.classes == ()
    assert what in found.remark and FOUND_AS_DIRS in found.remark


@pytest.mark.parametrize(
    "names",
    [
        ("cat", "clip_1"),
        ("0", "1", "2"),
        ("00", "01", "02"),
        ("n01440764", "n01443537"),
        ("001.Black_footed_Albatross", "002.Laysan_Albatross"),
        ("scene_forest", "scene_kitchen"),
        ("give", "take"),
        ("partridge", "ranked"),
        ("class_1", "class_2"),
        ("1000", "5000"),
        ("20241340", "20241341"),
    ],
)
def test_classes_stay_classes(names: tuple[str, ...]) -> None:
    found = folder_labels("set", files(dict.fromkeys(names, 30)), "auto", natural)
    assert found.classes == names
    assert found.remark.startswith(f"labels: {len(names)} classes from the folders {names[0]}, {names[1]}")


def test_plain_numbers_are_shards_where_all_but_the_last_are_filled_alike() -> None:
    assert structure({"0": 1000, "1": 1000, "10": 1000, "2": 1000, "11": 1}) == "the shards of a set"
    for sizes in ([1000, 1000, 1000], [1000, 1000, 1001], [990, 990, 100], [1000, 900, 100], [1000, 500]):
        assert structure({str(i): n for i, n in enumerate(sizes)}) == "", sizes


def test_digits_in_folders_stay_ten_classes() -> None:
    found = folder_labels("set", files({str(i): 90 + i for i in range(10)}), "auto", natural)
    assert found.remark == "labels: 10 classes from the folders 0, 1, 2, …"
    np.testing.assert_array_equal(np.bincount(found.labels), 90 + np.arange(10))  # type: ignore[arg-type]


def test_many_folders_for_few_images_are_no_classes_unless_asked_for() -> None:
    names = files({f"person{i}": 2 + i % 2 for i in range(200)})
    found = folder_labels("set", names, "auto", natural)
    assert found.labels is None
    assert found.remark == f"no labels: 200 folders for 500 images are many for classes; {FOUND_AS_DIRS}"
    assert len(folder_labels("set", names, "dirs", natural).classes) == 200
    assert len(folder_labels("set", names, "auto", natural, total=2000).classes) == 200  # the other split counts too
    assert len(folder_labels("set", files({f"person{i}": 10 for i in range(20)}), "auto", natural).classes) == 20
    assert len(folder_labels("set", files({f"person{i}": 1 for i in range(10)}), "auto", natural).classes) == 10


def test_a_level_of_splits_is_passed_over() -> None:
    names = [f"{split}/{kind}/{i}.png" for split in ("train", "test") for kind in ("cat", "dog") for i in range(3)]
    found = folder_labels("set", names, "auto", natural)
    assert found.classes == ("cat", "dog")
    np.testing.assert_array_equal(found.labels, np.tile([0, 0, 0, 1, 1, 1], 2))


def test_a_folder_of_parts_opens_without_labels_and_with_them(tmp_path: Path) -> None:
    for i in range(8):
        path = tmp_path / f"rank{i % 2}" / f"{i}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4), (i, 0, 0)).save(path)
    source = open_source(str(tmp_path))
    assert source.labels is None and source.notes == ()
    assert source.remarks == (f"no labels: the folders rank0, rank1 look like parts of a set; {FOUND_AS_DIRS}",)
    chosen = open_source(f"{tmp_path}[labels=dirs]")
    assert chosen.classes == ("rank0", "rank1") and chosen.remarks == ()
    assert open_source(f"{tmp_path}[labels=none]").remarks == ()
