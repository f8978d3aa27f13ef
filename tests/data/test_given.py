"""Whatever a Python program holds becomes the same source; ranges and rows are never guessed; every failure has words."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import gantlet
from gantlet.core.errors import DataError, GantletError, UsageError
from gantlet.core.limits import limit
from gantlet.data.drawn import latent_shape
from gantlet.data.given import as_source

BYTES = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 3), dtype=np.uint8)
LABELS = np.arange(40) % 4
TENSOR = torch.from_numpy(BYTES).permute(0, 3, 1, 2)


class Indexed:
    """A torch data set: indexed, with a length, and not iterable by protocol."""

    def __len__(self) -> int:
        return len(BYTES)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return TENSOR[i], int(LABELS[i])


def batches() -> Iterator[dict[str, Any]]:
    for start in range(0, 40, 16):
        yield {
            "pixel_values": TENSOR[start : start + 16] / 127.5 - 1,
            "labels": torch.from_numpy(LABELS)[start : start + 16],
        }


def loader() -> Any:
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(TENSOR / 255, torch.from_numpy(LABELS)), batch_size=7
    )


FORMS = {
    "array": BYTES,
    "channels first": BYTES.transpose(0, 3, 1, 2),
    "tensor": TENSOR,
    "floats": BYTES / 255,
    "half a tensor": (TENSOR / 255).double(),
    "pictures": [Image.fromarray(image) for image in BYTES],
    "opaque pictures": [Image.fromarray(image).convert("RGBA") for image in BYTES],
    "list of tensors": list(TENSOR),
    "list of batches": [TENSOR[:15], TENSOR[15:]],
    "pair": (BYTES, LABELS),
    "loader": loader(),
    "data set": Indexed(),
    "generator": (image for image in BYTES),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_images(form: str) -> None:
    source = as_source("fake", FORMS[form], range="unit")
    assert source.digest == as_source("real", BYTES).digest
    assert len(source) == 40
    labelled = form in ("pair", "loader", "data set")
    assert (source.labels is not None) == labelled
    if source.labels is not None:
        np.testing.assert_array_equal(source.labels, LABELS)


def test_batches_by_name_and_of_symmetric_range() -> None:
    source = gantlet.images(batches(), range="symmetric")
    assert source.digest == as_source("real", BYTES).digest
    assert source.classes == ("0", "1", "2", "3")
    assert len(gantlet.images(batches(), range="symmetric", n=20)) == 20


def test_pictures_of_several_sizes_and_gray_ones() -> None:
    sizes = [Image.fromarray(image).resize((5 + i % 3, 4)) for i, image in enumerate(BYTES)]
    source = gantlet.images(sizes, labels=LABELS, classes=["a", "b", "c", "d"], name="mine")
    assert {source.read(i).shape for i in range(40)} == {(4, 5, 3), (4, 6, 3), (4, 7, 3)}
    assert source.classes == ("a", "b", "c", "d") and source.names[3] == "mine#3"
    assert gantlet.images([Image.fromarray(image[..., 0]) for image in BYTES]).read(0).shape == (6, 6, 1)
    assert gantlet.images(torch.from_numpy(BYTES[..., 0])).read(0).shape == (6, 6, 1)


def test_generators_draw_what_is_asked_for() -> None:
    def function(n: int, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 3), dtype=np.uint8)

    first, again = (gantlet.images(function, n=50, seed=seed, batch=20) for seed in (1, 1))
    other = gantlet.images(function, n=50, seed=2, batch=20)
    assert first.digest == again.digest != other.digest
    assert first.remarks == ("50 images were drawn from function (seed 1, 20 at a time)",)
    unique = {first.read(i).tobytes() for i in range(50)}
    assert len(unique) == 50, "every batch has a seed of its own"
    assert len(gantlet.images(lambda n: [Image.fromarray(image) for image in BYTES[:n]], n=30)) == 30


def test_a_module_is_drawn_from_in_evaluation_mode_and_left_as_it_was() -> None:
    modes = []

    class Generator(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(5, 6 * 6)

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            modes.append((self.training, torch.is_grad_enabled(), tuple(z.shape)))
            return torch.tanh(self.net(z)).reshape(-1, 1, 6, 6)

    module = Generator().train()
    source = gantlet.images(module, n=70, latent=5, range="symmetric")
    assert modes == [(False, False, (64, 5)), (False, False, (6, 5))]
    assert module.training and len(source) == 70
    with pytest.raises(UsageError, match="give the dimension of its z"):
        gantlet.images(module, n=70, range="symmetric")


def test_a_latent_that_does_not_fit_is_named_with_the_one_that_does() -> None:
    linear = torch.nn.Sequential(torch.nn.Linear(128, 64), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 8, 8)))
    dcgan = torch.nn.Sequential(torch.nn.ConvTranspose2d(100, 1, 8), torch.nn.Tanh())
    for module, latent, said in (
        (
            linear,
            100,
            "z has the shape 100, but the first layer of Sequential, Linear, takes 128 numbers: give latent=128",
        ),
        (linear, (1, 100), "z has the shape (1, 100), but .* give latent=128"),
        (dcgan, 100, "takes 100 channels: give latent=(100, 1, 1)"),
    ):
        with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(")", r"\)")):
            gantlet.images(module, n=8, latent=latent, range="symmetric")
    assert len(gantlet.images(linear, n=8, latent=(128,), range="symmetric")) == 8
    assert len(gantlet.images(dcgan, n=8, latent=[100, 1, 1], range="symmetric")) == 8
    with pytest.raises(DataError, match="raised RuntimeError"):  # what fails further on is the module's own
        gantlet.images(
            torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Unflatten(1, (2, 2))), n=8, latent=4, range="symmetric"
        )


@pytest.mark.parametrize("latent", [-1, 1.5, "128", True, (), (4, 0), [[4]], None])
def test_a_latent_that_is_no_dimension_is_refused_in_words(latent: Any) -> None:
    with pytest.raises(UsageError, match=r"latent must be the dimension of z|expected latent ≥ 1"):
        latent_shape("fake", latent)
    assert [latent_shape("fake", given) for given in (0, 128, np.int64(4), (128, 1, 1))] == [
        (),
        (128,),
        (4,),
        (128, 1, 1),
    ]


def test_a_latent_beside_images_that_are_not_drawn_from_one_is_refused() -> None:
    for given in (BYTES, list(BYTES), iter([BYTES])):
        with pytest.raises(UsageError, match="latent is for a torch module or a function of z"):
            gantlet.images(given, latent=4)
    with pytest.raises(UsageError, match="fake is 'digits': leave latent out"):
        gantlet.evaluate("digits", BYTES, latent=4)

    class Sampler:
        def sample(self, n: int, *, seed: int) -> np.ndarray:
            return np.zeros((n, 8, 8, 3), np.uint8)

    with pytest.raises(UsageError, match="Sampler is drawn from by its own sample"):
        gantlet.images(Sampler(), n=8, latent=4)


def test_an_iterable_without_end_is_stopped() -> None:
    def endless() -> Iterator[np.ndarray]:
        while True:
            yield np.zeros((500, 64, 64, 3), np.uint8)

    assert len(gantlet.images(endless(), n=700)) == 700
    with limit("20MB"), pytest.raises(DataError, match="is it endless"):
        gantlet.images(endless())


def broken() -> Iterator[np.ndarray]:
    yield BYTES
    raise OSError("the disk is gone")


WRONG = [
    (BYTES / 255, "range is not guessed: give range='unit'"),
    ((TENSOR / 127.5 - 1)[:8], "range is not guessed"),
    (BYTES.astype(np.int64), "range is not guessed"),
    (BYTES.reshape(40, -1), "say what its rows are: gantlet.features"),
    (None, "of type NoneType; expected a path"),
    (7, "of type int"),
    (b"fakes/", "got bytes"),
    ({"images": BYTES}, "got dict"),
    ([], "held no images"),
    (["a.png"], "of type str"),
    (np.array([None] * 4), "shape"),
    (Image.fromarray(BYTES[0]), "in the plural|expected"),
    ([Image.new("RGBA", (4, 4))], "background is yours to choose"),
    ([Image.new("F", (4, 4))], "mode F, whose range is not stated"),
    ([BYTES[:2], BYTES[0]], ""),
    (broken(), "its iteration raised OSError: the disk is gone"),
    (lambda n, seed: 1 / 0, "raised ZeroDivisionError"),
    (lambda n, seed: BYTES[:3], "asked for 50 images and returned 3"),
    (lambda n, seed, prompt: BYTES, "cannot be called as function"),
    (dict, "of type type"),
    ([{"mask": BYTES}], "expected the images under"),
    ([(TENSOR, LABELS[:5])], "other than as many labels"),
]


ONES = {
    "one image, channels first": BYTES[0].transpose(2, 0, 1),
    "one image": BYTES[0],
    "one tensor": TENSOR[0],
    "one RGBA image": np.zeros((40, 40, 4), np.uint8),
}


@pytest.mark.parametrize("form", ONES)
def test_an_array_of_three_axes_that_may_be_one_image_is_refused(form: str) -> None:
    with pytest.raises(DataError, match=r"or one image of .* give \[n, h, w, 1\]"):
        as_source("fake", ONES[form])
    assert len(gantlet.images(ONES[form], layout="NHW")) == len(ONES[form]), "stated, it is gray images"


def test_gray_images_of_a_list_and_of_a_generator() -> None:
    gray = BYTES[..., 0]
    expected = as_source("real", gray).digest
    assert as_source("fake", list(gray)).digest == expected
    assert gantlet.images(lambda n, seed: gray[:n], n=40).digest == expected
    assert gantlet.images(lambda n, seed: torch.from_numpy(gray[:n]), n=40).digest == expected
    for three in (1, 3):  # as many as channels: the number that was asked for decides
        assert len(gantlet.images(lambda n, seed: gray[:n], n=three)) == three
    with pytest.raises(DataError, match=r"the shape \(20, 6, 6\) is no image"):
        as_source("fake", [gray[:20], gray[20:]])


@pytest.mark.parametrize(
    "batch",
    [
        (BYTES, LABELS, LABELS),
        (BYTES, BYTES),
        [BYTES, BYTES],
        (LABELS, BYTES),
        (BYTES, np.zeros((40, 9))),
        (BYTES[0], BYTES[1]),
    ],
)
def test_a_tuple_that_is_no_pair_of_images_and_labels_is_refused(batch: Any) -> None:
    with pytest.raises(DataError, match=r"expected images, the pair \(images, labels\)"):
        as_source("fake", iter([batch]))


def test_one_hot_labels_of_a_loop() -> None:
    source = as_source("fake", iter([(TENSOR, torch.eye(4)[torch.from_numpy(LABELS)])]))
    np.testing.assert_array_equal(source.labels, LABELS)


def test_the_first_of_an_array() -> None:
    assert len(gantlet.images(BYTES, n=5)) == 5
    with pytest.raises(UsageError, match="n ≥ 0"):
        gantlet.images(BYTES, n=-5)


@pytest.mark.parametrize(("value", "words"), WRONG)
def test_what_cannot_be_read_is_said_in_words(value: Any, words: str) -> None:
    if words == "":
        assert len(as_source("fake", value)) == 3, "batches and single images may come mixed"
        return
    with pytest.raises(GantletError, match=words):
        as_source("fake", value, n=50)


def test_features_and_points_are_what_they_are_said_to_be() -> None:
    rows = np.random.default_rng(1).standard_normal((50, 4))
    features = gantlet.features(rows, "my-net-v2")
    assert features.described == "features in my-net-v2 of 4 dimensions"
    report = gantlet.evaluate(
        features, gantlet.features(rows + 1, "my-net-v2"), metrics="frechet_distance", cache=False
    )
    assert report.features["name"] == "given:my-net-v2"
    assert report["frechet_distance"].value == pytest.approx(4.0)
    with pytest.raises(DataError, match="features in other of 4 dimensions"):
        gantlet.evaluate(features, gantlet.features(rows, "other"))
    with pytest.raises(UsageError, match="named by letters"):
        gantlet.features(rows, "a,b]")
    assert (
        gantlet.evaluate(gantlet.points(rows), gantlet.points(rows + 1), cache=False).features["name"] == "coordinates"
    )
