"""What a public function is called with: names, missing arguments and plain types are answered in words."""

from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest

import gantlet
from gantlet.core.calls import called
from gantlet.core.errors import NoSuchItem, UnknownName, UsageError, nearest
from gantlet.core.field_words import meant_by
from gantlet.core.words import counted


@pytest.fixture(autouse=True)
def as_users_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the type checks of the tests, which users do not have."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@called
def example(path: Path | str, *names: str, n: int = 1, share: float | None = None, **options: int) -> Any:
    """Return what it was called with."""
    return path, names, n, share, options


def test_plain_values_pass_and_numpy_s_become_python_s() -> None:
    assert example(Path("a"), "b", Path("c"), n=np.int64(3), share=np.float32(0.5)) == (
        Path("a"),
        ("b", "c"),
        3,
        0.5,
        {},
    )
    assert type(example("a", n=np.int64(3))[2]) is int
    config = gantlet.EvaluateConfig(
        seed=np.int64(3), weights=Path("w.pt"), cache=np.bool_(False), level=np.float32(0.75)
    )
    assert (config.seed, config.weights, config.cache, config.level) == (3, "w.pt", False, 0.75)


@pytest.mark.parametrize(
    ("arguments", "keywords", "words"),
    [
        ((), {}, "missing a required argument: 'path'; it takes path"),
        ((3,), {}, "path must be a path; got 3"),
        (("a", 3), {}, "each of names must be a text; got 3"),
        (("a",), {"n": "5"}, "n must be a whole number; got '5'"),
        (("a",), {"n": True}, "n must be a whole number"),
        (("a",), {"n": 5.0}, "n must be a whole number"),
        (("a",), {"share": "x"}, "share must be a number or None; got 'x'"),
    ],
)
def test_what_a_function_does_not_take_is_said(arguments: Any, keywords: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        example(*arguments, **keywords)


IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
CALLS = {
    "evaluate": lambda: gantlet.evaluate(IMAGES, IMAGES, feature="pixels"),
    "compare": lambda: gantlet.compare(IMAGES, IMAGES),
    "compare_runs": lambda: gantlet.compare_runs(None, None, IMAGES),
    "evaluate_runs": lambda: gantlet.evaluate_runs(IMAGES, IMAGES),
    "single images": lambda: gantlet.evaluate_runs(list(IMAGES), IMAGES),
    "progress": lambda: gantlet.evaluate(IMAGES, IMAGES, progress=3),
    "features": lambda: gantlet.features(IMAGES.reshape(12, -1), None),
    "images": lambda: gantlet.images(lambda n: IMAGES[:n], n="5"),
    "classes": lambda: gantlet.images(IMAGES, classes=3),
    "range": lambda: gantlet.images(IMAGES, rnge="unit"),
    "replay": lambda: gantlet.replay(None),
    "gate": lambda: gantlet.gate(None, ["coverage < 0.5"]),
    "grid": lambda: gantlet.images(IMAGES).grid("a"),
    "sample": lambda: gantlet.sample("run", "out.zip", "many"),
    "load": lambda: gantlet.load(None),
    "tournament": lambda: gantlet.tournament("dcgan"),
    "config": lambda: gantlet.EvaluateConfig(metric="coverage"),
    "from_json": lambda: gantlet.Report.from_json(None),
    "solve": lambda: gantlet.transport.solve(None, None, epsilon=1),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_public_call_ends_in_a_traceback(name: str) -> None:
    with pytest.raises(gantlet.GantletError) as raised:
        CALLS[name]()
    assert len(str(raised.value)) > 20


def test_a_number_that_no_image_has() -> None:
    source = gantlet.images(IMAGES)
    for i in (12, -1):
        with pytest.raises(NoSuchItem, match=f"from 0 to 11; got {i}"):
            source.read(i)
    with pytest.raises(UsageError, match="must be a whole number"):
        source.read("a")
    assert isinstance(NoSuchItem("x"), IndexError)


def test_words_lead_to_names() -> None:
    assert nearest("cov", ["coverage", "recall", "rke"]) == "; did you mean 'coverage'?"
    assert "frechet_distance" in nearest("fre", ["rke", "frechet_distance"])
    for word in ("fid50k", "FID-50k", "fid_score", "kid_mean", "is_mean"):
        assert meant_by(word)
    assert not meant_by("fidelity") and not meant_by("isolated")
    with pytest.raises(UsageError) as raised:
        gantlet.open_source("nosuchfolder")
    assert "no file or folder 'nosuchfolder'" in str(raised.value) and "did you mean" not in str(raised.value)
    with pytest.raises(UnknownName, match="did you mean 'features'"):
        gantlet.evaluate(IMAGES, IMAGES, feature="pixels")


def test_one_image_and_several() -> None:
    assert [counted(n, "image") for n in (0, 1, 1200)] == ["0 images", "1 image", "1,200 images"]
    assert counted(2, "class") == "2 classes"
