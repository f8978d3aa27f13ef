"""Recall: the coverage of its interval; its values: test_neighbour_metrics."""

import numpy as np
from covering import Case, covers, value
from draws import rows

from gantlet.evaluation.evidence import Evidence


def fresh_reals(repeat: int, n: int = 400) -> Evidence:
    """Return n fresh real rows and always the same 300 fakes."""
    fake = rows(np.random.default_rng(7), 300, 3, 0.5)
    return Evidence(rows(np.random.default_rng([9, repeat]), n, 3), fake, seed=repeat)


@covers("recall", given="the fakes")
def test_the_interval_covers_the_value_of_many_real_images() -> Case:
    return Case(fresh_reals, value("recall", fresh_reals(10_000, n=100_000)).value)
