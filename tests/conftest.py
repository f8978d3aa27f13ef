"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
CHECKOUT = Path(__file__).resolve().parents[1]


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
