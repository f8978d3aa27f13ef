"""Stamps: descriptions of how a number was computed, and their first difference."""

from collections.abc import Mapping
from typing import Any


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
    """Return the first field in which two descriptions of a computation differ, with both values; else None."""
    for field in {**one, **other}:
        if one.get(field) != other.get(field):
            return field, one.get(field), other.get(field)
    return None
