"""Source strings, and the sources that make their images: run and callable."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gantlet.core.config import TrainConfig
from gantlet.core.errors import DataError, UnknownName, UsageError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.data.opening import open_source, resolve_source
from gantlet.training.data import TrainingImages
from gantlet.training.loop import run
from gantlet.training.observer import Measured
from gantlet.training.runs import generator as saved


def test_unknown_names_get_the_nearest_and_the_kinds() -> None:
    with pytest.raises(UsageError, match=r"no data source of this name; did you mean 'digits'.*module:function"):
        open_source("digit")
    with pytest.raises(UnknownName, match="did you mean 'split'"):
        open_source("digits[splt=test]")
    with pytest.raises(UsageError, match="needs the option path"):
        open_source("folder")


def test_missing_and_untellable_paths(tmp_path: Path) -> None:
    for text in ("photos/here", str(tmp_path / "a.zip"), "b.npz", "c-images-idx3-ubyte.gz"):
        with pytest.raises(DataError, match="no file or folder"):
            open_source(text)
    with pytest.raises(DataError, match="not a folder"):
        open_source("folder[path=nowhere]")
    for kind in ("zip", "npz", "npy", "idx"):
        with pytest.raises(DataError, match="no file"):
            open_source(f"{kind}[path=nowhere]")
    (tmp_path / "a.csv").write_text("1,2")
    with pytest.raises(UsageError, match="cannot tell what"):
        open_source(str(tmp_path / "a.csv"))


class StubGenerator:
    """Paints image i with its label and a value that depends on the seed and its place in the call."""

    n_classes, classes, class_counts, digest, latent = 3, ("a", "b", "c"), (50, 40, 10), "0" * 64, 4

    def render(self, z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        raise AssertionError("nothing here walks the latent space")

    shape, notes = ImageShape(4, 1), ()

    def __init__(self) -> None:
        self.calls: list[int] = []

    def sample(self, n: int, labels: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
        self.calls.append(n)
        images = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 1), dtype=np.uint8)
        if labels is not None:
            images[:, 0, 0, 0] = labels
        return images


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> StubGenerator:
    generator = StubGenerator()
    monkeypatch.setattr(saved, "load_generator", lambda run, which="newest": generator)
    return generator


def test_a_run_is_sampled_lazily_and_once(stub: StubGenerator) -> None:
    source = open_source("run:some/where@ema", n=500)
    assert stub.calls == []
    assert source.spec == "run:some/where@ema[n=500,seed=0]"
    images = np.stack([source.read(i) for i in range(500)])
    [source.read(i) for i in range(500)]
    assert stub.calls == [200, 200, 100]
    assert source.labels is not None
    np.testing.assert_array_equal(images[:, 0, 0, 0], source.labels)
    assert source.classes == ("a", "b", "c")
    longer = open_source("run:some/where@ema[n=600]", n=500)
    np.testing.assert_array_equal(longer.read(150), images[150])
    assert longer.labels is not None
    np.testing.assert_array_equal(longer.labels[:500], source.labels)
    assert longer.digest != source.digest
    other = open_source("run:some/where@ema[seed=1]", n=500)
    assert not np.array_equal(other.read(0), images[0])


def test_classes_come_at_the_training_images_frequencies(stub: StubGenerator) -> None:
    source = open_source("run:x[seed=3]", n=4000)
    assert source.labels is not None
    result = np.bincount(source.labels, minlength=3) / 4000
    share = np.array([0.5, 0.4, 0.1])
    # four standard errors of a binomial share
    assert (np.abs(result - share) < 4 * np.sqrt(share * (1 - share) / 4000)).all()


def test_one_class_no_labels_and_an_unconditional_run(stub: StubGenerator) -> None:
    source = open_source("run:x[label=2,n=5]")
    assert source.labels is not None
    assert list(source.labels) == [2] * 5
    assert open_source("run:x[labels=none,n=5]").labels is None
    with pytest.raises(UsageError, match="cannot draw label 3"):
        open_source("run:x[label=3,n=5]")
    stub.n_classes = 0
    assert open_source("run:x", n=4).labels is None
    with pytest.raises(UsageError, match="unconditional"):
        open_source("run:x[label=0]", n=4)


def test_runs_that_do_not_fit(stub: StubGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs the number of images"):
        open_source("run:x")
    with pytest.raises(UsageError, match="did you mean 'ema'"):
        open_source("run:x@emo", n=4)
    monkeypatch.setattr(stub, "sample", lambda n, labels, seed: np.zeros((n - 1, 4, 4, 1)))
    with pytest.raises(DataError, match=r"returned float64 \(3, 4, 4, 1\); expected uint8"):
        open_source("run:x", n=4).read(0)


class Silent:
    """Hears what a run says and does nothing."""

    def on_log(self, line: object) -> None: ...
    def on_warning(self, message: str) -> None: ...
    def on_progress(self, step: int, total: int) -> None: ...

    def on_evaluate(self, sampler: object, step: int, images_seen: int) -> Measured:
        return Measured(1.0, {})


def test_a_real_run_gives_images_labels_and_the_frequencies_of_its_data(tmp_path: Path) -> None:
    labels = np.repeat(np.array([0, 1], np.int64), [30, 10])
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    config = TrainConfig(
        out=str(tmp_path / "run"), steps=2, batch=8, network="dcgan[width=4]", latent=4, conditioning="concat"
    )
    run(config, TrainingImages(pixels, labels, ("few", "many"), "d0", "tiny"), observer=Silent())
    source = open_source(f"run:{tmp_path / 'run'}@final", n=600)
    assert source.labels is not None
    assert source.classes == ("few", "many")
    assert source.read(599).shape == (8, 8, 1)
    np.testing.assert_array_equal(source.read(7), open_source(source.spec).read(7))
    # a share of 3/4 among 600: four standard errors are 0.071
    assert abs(np.mean(source.labels == 0) - 0.75) < 0.071
    first = saved.load_generator(tmp_path / "run", "final").sample(3, labels=source.labels[:3])
    assert first.shape == (3, 8, 8, 1)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    name = f"maker_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(
        "import numpy as np\n"
        "def good(n, seed): return np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)\n"
        "def labelled(n, seed): return good(n, seed).astype(float) / 255, np.arange(n) % 2\n"
        "def short(n, seed): return good(n - 1, seed)\n"
        "def wild(n, seed): return good(n, seed) * 3.0\n"
        "def words(n, seed): return ['a'] * n\n"
        "def ragged(n, seed): return [[1], [2, 3]]\n"
        "def fails(n, seed): raise RuntimeError('half-way')\n"
    )
    return name


def test_a_function_makes_images(module: str) -> None:
    source = open_source(f"{module}:good", n=6, seed=3)
    np.testing.assert_array_equal(source.read(5), np.random.default_rng(3).integers(0, 256, (6, 4, 4, 3), np.uint8)[5])
    assert open_source(f"{module}:good[seed=4]", n=6).digest != source.digest
    labelled = open_source(f"{module}:labelled[n=6]")
    assert labelled.labels is not None
    assert list(labelled.labels) == [0, 1] * 3
    assert "range=unit" in labelled.notes[0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("short", "expected 6 images"),
        ("wild", "range=byte"),
        ("words", "array of numbers"),
        ("ragged", "not an array"),
        ("fails", "raised RuntimeError: half-way"),
    ],
)
def test_a_function_that_does_not_keep_its_word(module: str, name: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        open_source(f"{module}:{name}", n=6)


def test_a_function_that_is_not_there(module: str) -> None:
    with pytest.raises(UsageError, match="did you mean 'good'"):
        open_source(f"{module}:goood", n=6)
    with pytest.raises(UsageError, match="cannot import"):
        open_source("no_such_module:f", n=6)
    with pytest.raises(UsageError, match="number of images"):
        open_source(f"{module}:good")


def test_a_path_with_brackets_is_read_as_it_stands(tmp_path: Path) -> None:
    folder = SimpleNamespace(path=tmp_path / "set[1]")
    folder.path.mkdir()
    with pytest.raises(DataError, match="no files at all"):
        open_source(str(folder.path))


def test_a_run_may_have_any_name(tmp_path: Path) -> None:
    for name in ("a[b", "x,y=[1]", "plain", "at@ema"):
        (tmp_path / name).mkdir()
        assert resolve_source(f"run:{tmp_path / name}") == ("run", {"path": str(tmp_path / name), "which": "newest"})
        assert resolve_source(f"run:{tmp_path / name}@best") == ("run", {"path": str(tmp_path / name), "which": "best"})
    assert resolve_source("run:plain[n=3]")[1] == {"path": "plain", "which": "newest", "n": "3"}


def test_specs_are_not_nested_without_end() -> None:
    with pytest.raises(UsageError, match="brackets"):
        open_source("paired[of=" * 2000 + "digits" + "]" * 2000)
