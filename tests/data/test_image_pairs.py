"""Own pairs: A is the input and B the target, in every layout; what is no pair is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.core.errors import BadFiles, ConfigError, DataError
from gantlet.data.image_pairs import as_pairs
from gantlet.data.opening import open_images
from gantlet.data.paired import pair_arrays

RNG = np.random.default_rng(3)
A = RNG.integers(0, 256, (6, 8, 8), dtype=np.uint8)
B = RNG.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def write(folder: Path, images: np.ndarray, suffix: str = ".png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}{suffix}")
    return folder


def both(text: str) -> tuple[np.ndarray, np.ndarray]:
    source = open_images(text)
    images, inputs = pair_arrays(source, 8, 3)
    return images.pixels, inputs


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    write(tmp_path / "own/A", A, ".bmp")
    write(tmp_path / "own/B", B)
    return tmp_path / "own"


def test_folders_a_and_b(folders: Path) -> None:
    images, inputs = both(f"image-pairs[path={folders}]")
    assert (images == B).all() and (inputs[..., 0] == A).all() and inputs.shape[3] == 1


def test_the_other_way_round(folders: Path) -> None:
    source = open_images(f"image-pairs[path={folders},direction=BtoA]")
    images, inputs = pair_arrays(source, 8, 1)
    assert (images.pixels[..., 0] == A).all() and (inputs == B).all()


def test_two_sources_by_name_and_arrays_by_position(folders: Path, tmp_path: Path) -> None:
    images, inputs = both(f"image-pairs[of={folders / 'B'},inputs={folders / 'A'}]")
    assert (images == B).all() and (inputs[..., 0] == A).all()
    np.save(tmp_path / "a.npy", A[..., None])
    np.save(tmp_path / "b.npy", B)
    images, inputs = both(f"image-pairs[of={tmp_path / 'b.npy'},inputs={tmp_path / 'a.npy'}]")
    assert (images == B).all() and (inputs[..., 0] == A).all()


def test_side_by_side(tmp_path: Path) -> None:
    coloured = np.repeat(A[..., None], 3, axis=3)
    write(tmp_path / "side", np.concatenate([coloured, B], axis=2))
    images, inputs = both(f"image-pairs[path={tmp_path / 'side'}]")
    assert (images == B).all() and (inputs == coloured).all()
    images, inputs = both(f"image-pairs[path={tmp_path / 'side'},direction=BtoA]")
    assert (images == coloured).all() and (inputs == B).all()


@pytest.mark.parametrize("layout", ["folders", "side"])
def test_the_other_split_is_held_out(layout: str, tmp_path: Path) -> None:
    for split, rows in (("train", slice(0, 4)), ("test", slice(4, 6))):
        if layout == "folders":
            write(tmp_path / split / "A", A[rows])
            write(tmp_path / split / "B", B[rows])
        else:
            write(tmp_path / split, np.concatenate([np.repeat(A[rows, ..., None], 3, axis=3), B[rows]], axis=2))
    text = as_pairs(str(tmp_path))
    assert "split=train" in text
    source = open_images(text)
    assert (both(text)[0] == B[:4]).all()
    images, inputs = both(source.held_out)
    assert (images == B[4:]).all() and (inputs[..., 0] == A[4:]).all()


def test_one_colour_input_makes_all_of_them_colour(folders: Path) -> None:
    Image.fromarray(np.repeat(A[2][..., None], 3, axis=2)).save(folders / "A/2.bmp")
    _, inputs = both(f"image-pairs[path={folders}]")
    assert inputs.shape == (6, 8, 8, 3) and (inputs == A[..., None]).all()


@pytest.mark.parametrize(
    ("side", "words"), [("A", "1 target has no input, e.g. 3"), ("B", "1 input has no target, e.g. 3")]
)
def test_an_image_without_its_other_one(side: str, words: str, folders: Path) -> None:
    next((folders / side).glob("3.*")).unlink()
    with pytest.raises(DataError, match=words):
        open_images(f"image-pairs[path={folders}]")


def test_other_proportions_and_broken_inputs_are_named_or_left_out(folders: Path) -> None:
    Image.fromarray(A[1].repeat(2, axis=1)).save(folders / "A/1.bmp")
    (folders / "A/4.bmp").write_bytes(b"no image")
    source = open_images(f"image-pairs[path={folders}]")
    with pytest.raises(BadFiles, match=r"2 of 6 files.*8×8 pixels and its input 16×8"):
        pair_arrays(source, 8, 3)
    images, inputs = pair_arrays(source, 8, 3, on_bad="skip")
    assert images.rows.tolist() == [0, 2, 3, 5] and len(images.skipped) == 2
    assert (inputs[..., 0] == A[[0, 2, 3, 5]]).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "needs a folder or two sources"),
        ("path=DIR,of=digits", "needs a folder or two sources"),
        ("of=digits", "needs a folder or two sources"),
        ("path=DIR,layout=up", "layout"),
        ("path=DIR,direction=BtoC", "direction"),
    ],
)
def test_nonsense_is_refused(options: str, words: str, folders: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        open_images(f"image-pairs[{options.replace('DIR', str(folders))}]".removesuffix("[]"))


def test_single_images_are_no_pairs_and_edges_are_never_made_of_both(folders: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pairs"):
        open_images(f"image-pairs[path={folders / 'A'}]")
    assert as_pairs(str(folders / "A")) == as_pairs("digits") == ""
    with pytest.raises(DataError, match=r"holds pairs already.*image-pairs\[path="):
        open_images(f"paired[of={folders}]")
    (folders / "A/3.bmp").unlink()  # two classes of these names
    assert open_images(f"paired[of={folders}]").classes == ("A", "B")


def test_the_digest_tells_other_inputs_apart(folders: Path) -> None:
    digests = {open_images(f"image-pairs[path={folders}{extra}]").digest for extra in ("", ",direction=BtoA")}
    Image.fromarray(255 - A[0]).save(folders / "A/0.bmp")
    digests.add(open_images(f"image-pairs[path={folders}]").digest)
    assert len(digests) == 3
