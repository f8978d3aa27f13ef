"""Fixtures that every test may use."""

import importlib
import importlib.machinery
import importlib.util
import os
import shutil
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("gantlet", deadline=None)  # a loaded machine is no failure
settings.load_profile("gantlet")
os.environ.setdefault("OMP_NUM_THREADS", "1")
CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let what gantlet remembers of its own files stay out of the user's home; return the folder."""
    folder = tmp_path_factory.mktemp("state")
    os.environ["GANTLET_STATE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return Chromium's path; skips without one unless GANTLET_REQUIRE_BROWSER is set."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("GANTLET_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here (GANTLET_REQUIRE_BROWSER) but not installed")
        pytest.skip("Chromium is not installed")
    return path


@pytest.fixture(scope="module")  # not of the session: two that are open in one process refuse each other
def browser(chromium: str) -> Iterator[Any]:
    """Return a started Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a folder with a `gantlet` that starts at once (`tests/warm.py`)."""
    spec = importlib.util.spec_from_file_location("warm", Path(__file__).with_name("warm.py"))
    assert spec is not None and spec.loader is not None
    warm = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(warm)
    with warm.warm(tmp_path_factory.mktemp("started")) as folder:
        yield folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with the larger real data beside the checkout; skips where there is none."""
    folder = Path(os.environ.get("GANTLET_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the larger test data (a folder `shared` beside the checkout, or $GANTLET_SHARED) is not here")
    return folder


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the tests of one process a cache folder of their own, never the user's."""
    os.environ["GANTLET_CACHE"] = str(tmp_path_factory.getbasetemp() / "cache")


def _stub(name: str) -> ModuleType:
    module = types.ModuleType(name)
    module.__path__ = []  # type: ignore[attr-defined]
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    return module


@pytest.fixture
def torch_fidelity(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function that imports one of torch-fidelity's modules; skips where it is not installed.

    torchvision (images) and tqdm (progress bars) are replaced by empty modules for the test.
    """
    if importlib.util.find_spec("torch_fidelity") is None:
        pytest.skip("the oracle torch-fidelity is not installed (pip install --no-deps torch-fidelity)")
    stubs = {name: _stub(name) for name in ("torchvision", "torchvision.datasets", "torchvision.models", "tqdm")}
    stubs |= {name: _stub(name) for name in ("torchvision.transforms", "torchvision.transforms.functional")}
    for part in ("CIFAR10", "STL10", "CIFAR100"):
        setattr(stubs["torchvision.datasets"], part, type(part, (), {}))
    stubs["tqdm"].tqdm = lambda iterable, **_: iterable  # type: ignore[attr-defined]
    for parent, child in (("torchvision", "transforms"), ("torchvision.transforms", "functional")):
        setattr(stubs[parent], child, stubs[f"{parent}.{child}"])
    for name, stub in stubs.items():
        monkeypatch.setitem(sys.modules, name, stub)
    return lambda name: importlib.import_module(f"torch_fidelity.{name}")
