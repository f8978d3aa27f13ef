"""The oracle torch-fidelity, without what it needs for images only."""

import importlib
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Callable
from types import ModuleType

import pytest


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
