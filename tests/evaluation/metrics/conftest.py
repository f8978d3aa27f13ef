"""What the tests of interval coverage share are modules beside these tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "covers(metric, given): tests the coverage of a metric's interval (see covering)"
    )
