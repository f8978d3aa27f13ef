"""Numbers that users pass in: lists, arrays and tensors of any real type, turned into float64 or refused in words."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.core.numerics.finite import check_finite


def as_array(what: str, values: Any) -> np.ndarray:
    """Return a float64 copy of a list, an array or a tensor; raises ShapeError, NonFiniteError, ConfigError.

    A tensor that requires a gradient is refused: what comes of it here would have none.
    """
    if isinstance(values, Tensor) and values.requires_grad:
        raise ConfigError(
            f"{what} require a gradient, which a solver does not return; use gantlet.transport.differentiable_cost, or "
            "pass .detach()"
        )
    try:
        plain = values.cpu().to(torch.float64).numpy() if _real(values) else np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ShapeError(f"expected {what} as an array of real numbers; got what NumPy refuses: {error}") from error
    if plain.dtype.kind not in "iuf":
        raise ShapeError(f"expected {what} as real numbers; got dtype {plain.dtype}")
    array = np.array(plain, dtype=np.float64, order="C")
    check_finite(what, array)
    return array


def _real(values: Any) -> bool:
    return isinstance(values, Tensor) and not values.is_complex() and values.dtype != torch.bool


def as_vector(what: str, values: Any) -> Float64[np.ndarray, " n"]:
    """Return a float64 vector [n], n ≥ 1; raises as `as_array`."""
    array = as_array(what, values)
    if array.ndim != 1 or not len(array):
        raise ShapeError(f"expected {what} of shape [n], n ≥ 1; got shape {list(array.shape)}")
    return array


def as_rows(what: str, values: Any, dim: int) -> Float64[np.ndarray, "k d"]:
    """Return float64 rows [k, dim]; raises as `as_array`."""
    array = as_array(what, values)
    if array.ndim != 2 or array.shape[1] != dim:
        raise ShapeError(f"expected {what} of shape [k, {dim}]; got shape {list(array.shape)}")
    return array
