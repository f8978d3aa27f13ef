"""Every metric's own test file has a test of its interval's coverage: one that carries ``@covers("metric")``."""

import ast
from pathlib import Path

import pytest

from gantlet.evaluation.metrics import METRICS

TESTS = Path(__file__).parents[1] / "evaluation" / "metrics"


def covered(folder: Path) -> set[tuple[str, str]]:
    """Return the file and the metric of every test in a folder that carries `covers`."""
    return {
        (path.name, ast.literal_eval(decorator.args[0]))
        for path in folder.glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "covers"
    }


COVERED = covered(TESTS)


# Every metric has an interval: see test_value_lies_in_its_interval_and_says_what_made_it.
@pytest.mark.parametrize("metric", METRICS.names())
def test_every_interval_has_a_test_of_its_coverage(metric: str) -> None:
    assert (f"test_{metric}.py", metric) in COVERED, (
        f'tests/evaluation/metrics/test_{metric}.py needs a test with @covers("{metric}")'
    )


def test_every_coverage_test_names_a_metric() -> None:
    assert {metric for _, metric in COVERED} <= set(METRICS.names())


def test_only_tests_that_carry_covers_count(tmp_path: Path) -> None:
    (tmp_path / "test_with.py").write_text('@covers("with", given="x")\n@other\ndef test_it(): ...\n')
    (tmp_path / "test_without.py").write_text(
        'def test_without(): covers("without")\n\n@other("without")\ndef test_b(): ...\n'
    )
    (tmp_path / "test_helper.py").write_text('@covers("helper")\ndef helper(): ...\n')
    (tmp_path / "no_test.py").write_text('@covers("elsewhere")\ndef test_it(): ...\n')
    assert covered(tmp_path) == {("test_with.py", "with")}
