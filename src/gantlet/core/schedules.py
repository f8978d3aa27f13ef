"""Schedules of a part's number over the images that were seen."""

import math


def half_cosine(start: float, end: float, progress: float) -> float:
    """Return end + (start − end)·(1 + cos π·t)/2 for t = ``progress`` ≥ 0, at most 1: start at 0, end from 1 on."""
    return end + (start - end) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2
