"""Couplings of noise with a data set, for flow matching and latents of a GAN: fitted once, or by mini-batches."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from gantlet.core.errors import ConfigError, DataError, ShapeError
from gantlet.core.words import counted
from gantlet.transport.brenier import Brenier
from gantlet.transport.cells import best_cells
from gantlet.transport.certificate import Certificate
from gantlet.transport.continuous import Continuous, Gaussian
from gantlet.transport.coupling_data import Rows, class_rows, gathered, labels_of, noise_rows
from gantlet.transport.problem import Points
from gantlet.transport.solving import solve

Progress = Callable[[str, int, int], None]
KEYS = ("class", "order", "starts", "targets", "masses", "dual_potential")


@runtime_checkable
class Pairing(Protocol):
    """What every coupling does: noise in, rows of the data set out."""

    def pair(self, noise: Any, labels: Any = None) -> Any:
        """Return for each row of noise [b, …] the index of its data row [b]; ``labels`` [b] choose the class."""
        ...


@dataclass(frozen=True, eq=False)
class Part:
    """The coupling of one class (None: of all data): its map, the data rows of each target, its certificate."""

    label: int | None
    potential: Brenier
    rows: Rows
    certificate: Certificate | None = None
    reason: str = ""

    def pair(self, noise: Float64[np.ndarray, "b d"], device: torch.device) -> Int64[np.ndarray, " b"]:
        """Return the data row of each row of noise; equal data rows share their cell evenly, by the bits of the noise."""
        u = self.potential
        arrays = (u.frame.inward(noise), u.sites, u.framed)
        x, y, h = (torch.from_numpy(array).to(device) for array in arrays)
        return self.rows.pick(best_cells(x, y, h, u.memory)[1].cpu().numpy(), noise)


@dataclass(frozen=True, eq=False)
class Coupling(Pairing):
    """The semi-discrete optimal coupling of noise with a data set, of each class for itself where there are labels.

    T(x) = argmax_i ⟨x, y_i⟩ + h_i: noise of the source goes to one data row, each with its exact share but for what the
    certificate's χ² says. `pair` is a function of the noise alone: the same pairs in every process and DataLoader worker,
    without a random state. With labels each class has its own potential, so that the noise of every class has the source's
    distribution; one coupling of all classes has not (the conditional flow is then biased).
    Source: Genevay et al. 2016, arXiv:1605.08527; for flow matching: Mousavi-Hosseini et al. 2025, arXiv:2509.25519.
    """

    parts: tuple[Part, ...]

    @classmethod
    def fit(
        cls,
        data: Any,
        labels: Any = None,
        *,
        source: Continuous | None = None,
        tolerance: float = 0.05,
        method: str = "",
        weights: Any = None,
        progress: Progress | None = None,
        time_limit: float | int = math.inf,
    ) -> "Coupling":
        """Solve the coupling of a data set, or of each of its classes.

        Args: data [n, …]: rows or images, an array, a tensor, or an iterable of such batches, each flattened; labels [n]: integers, or
        None; source: of the noise, N(0, I) where None; tolerance: on χ²; method: a spec of a semi-discrete solver (then it
        states the tolerance); weights [n] > 0 of the rows, None for equal ones; progress(what, steps done, most); time_limit: seconds
        of iteration over all classes, after which each has the best it has reached, with its certificate.
        Raises: as `solve`; ShapeError, DataError. Under torchrun the processes share the work and find the same potentials.
        """
        rows, classes = gathered(data), labels_of(labels)
        noise = Gaussian.standard(rows.shape[1]) if source is None else source
        parts, groups = [], class_rows(len(rows), classes)
        ends, left = time.monotonic() + time_limit, len(rows)
        for label, members in groups:
            share = max(1e-3, (ends - time.monotonic()) * len(members) / left)
            tell = None if progress is None else partial(progress, "coupling" if label is None else f"class {label}")
            batch = max(4096, len(members) // 4)  # fewer steps of more points: the fastest to a tolerance of .05
            spec = method or f"semidiscrete-stochastic[tolerance={tolerance},batch={batch}]"
            how = _How(noise, spec, weights, share, tell)
            parts.append(_fitted(label, rows[members], members, how))
            left -= len(members)
        return cls(tuple(parts))

    @classmethod
    def of_potentials(
        cls, data: Any, potentials: Float64[np.ndarray, " n"], labels: Any = None, *, source: Continuous | None = None
    ) -> "Coupling":
        """Return the coupling of a data set, as `fit` takes it, with the potentials that `potentials` returned; it has no certificate."""
        rows, classes = gathered(data), labels_of(labels)
        noise = Gaussian.standard(rows.shape[1]) if source is None else source
        if len(potentials) != len(rows):
            raise ShapeError(f"expected one potential per data row, {len(rows)}; got {len(potentials)}")
        parts = []
        for label, members in class_rows(len(rows), classes):
            held, targets, masses = Rows.of(rows[members], members, None)
            height = potentials[held.order[held.starts[:-1]]]
            parts.append(Part(label, Brenier(noise, Points(targets, masses), height), held))
        return cls(tuple(parts))

    def potentials(self) -> Float64[np.ndarray, " n"]:
        """Return the dual potential of each data row [n]: with the data all that the pairs depend on."""
        found = np.empty(sum(len(part.rows.order) for part in self.parts))
        for part in self.parts:
            found[part.rows.order] = np.repeat(part.potential.dual_potential, np.diff(part.rows.starts))
        return found

    def pair(self, noise: Any, labels: Any = None) -> Any:
        """Return the index of each noise row's data row [b], an array or a tensor as the noise is; ``labels`` [b] of a class-wise fit.

        Raises: ShapeError, NonFiniteError, ConfigError (labels missing or not fitted), DataError (a class without data).
        """
        dim = self.parts[0].potential.target.dim
        rows, device = noise_rows(noise, dim)
        chosen = labels_of(labels)
        found = np.empty(len(rows), dtype=np.int64)
        for part, members in self._matched(len(rows), chosen):
            found[members] = part.pair(rows[members], device)
        return torch.from_numpy(found).to(device) if isinstance(noise, Tensor) else found

    def _matched(
        self, count: int, labels: Int64[np.ndarray, " b"] | None
    ) -> Iterable[tuple[Part, Int64[np.ndarray, " k"]]]:
        fitted = [part.label for part in self.parts]
        if (labels is None) != (fitted == [None]):
            raise ConfigError(
                "this coupling was fitted by class: pass labels to pair" if labels is None else
                "this coupling was fitted without labels: pass labels to fit, or none to pair"
            )  # fmt: skip
        known = dict(zip(fitted, self.parts, strict=True))
        for label, members in class_rows(count, labels):
            if label not in known:
                raise DataError(f"class {label} has no data in this coupling; expected one of {fitted}")
            yield known[label], members

    @property
    def converged(self) -> bool:
        """Return whether every class reached its tolerance."""
        return all(not part.reason for part in self.parts)

    @property
    def chi2(self) -> float:
        """Return the largest upper end of the interval of χ² over the classes; ∞ where none is known."""
        known = (part.certificate.chi2_high or 0.0 for part in self.parts if part.certificate is not None)
        return max(known, default=float("inf"))

    def __repr__(self) -> str:
        rows = sum(len(part.rows.order) for part in self.parts)
        state = "" if self.converged else f", not converged: {next(p.reason for p in self.parts if p.reason)}"
        return (
            f"<Coupling of {counted(rows, 'row')} in {counted(len(self.parts), 'part')}, χ² ≤ {self.chi2:.3g}{state}>"
        )

    def state_dict(self) -> dict[str, Tensor]:
        """Return everything as tensors; raises ConfigError unless the source is a Gaussian."""
        state: dict[str, Tensor] = {}
        source = self.parts[0].potential.source
        if type(source) is not Gaussian:
            raise ConfigError(
                f"a state holds a Gaussian source; got {type(source).__name__}: fit again where it is used"
            )
        arrays = {"source.mean": source.mean, "source.cov": source.cov}
        for k, part in enumerate(self.parts):
            u, proof = part.potential, part.certificate
            values = (
                np.array([-1 if part.label is None else part.label]),
                part.rows.order,
                part.rows.starts,
                u.target.points,
                u.target.masses,
                u.dual_potential,
            )
            arrays |= {f"{k}.{key}": value for key, value in zip(KEYS, values, strict=True)}
            state[f"{k}.conditional"] = torch.tensor(part.label is not None)
            if proof is not None and proof.chi2 is not None:
                numbers = [proof.chi2, proof.chi2_low, proof.chi2_high, proof.lower, proof.upper, float(proof.samples)]
                arrays[f"{k}.certificate"] = np.array(numbers)
            state[f"{k}.converged"] = torch.tensor(not part.reason)
        return state | {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor]) -> "Coupling":
        """Return the coupling of a `state_dict`: it pairs as the one that was saved."""
        arrays = {name: tensor.cpu().numpy() for name, tensor in state.items()}
        source = Gaussian(arrays["source.mean"], arrays["source.cov"])
        parts: list[Part] = []
        while f"{len(parts)}.class" in arrays:
            k = len(parts)
            one, order, starts, points, masses, h = (arrays[f"{k}.{key}"] for key in KEYS)
            potential = Brenier(source, Points(points, masses), h)
            label = int(one[0]) if arrays[f"{k}.conditional"] else None
            reason = "" if arrays[f"{k}.converged"] else "not converged when it was saved"
            parts.append(Part(label, potential, Rows(order, starts), _proof(arrays.get(f"{k}.certificate")), reason))
        return cls(tuple(parts))


def _proof(numbers: Float64[np.ndarray, " 6"] | None) -> Certificate | None:
    if numbers is None:
        return None
    value, low, high, lower, upper, samples = numbers.tolist()
    proof = Certificate("statistical", lower, upper, level=0.95, samples=int(samples))
    return replace(proof, chi2=value, chi2_low=low, chi2_high=high)


@dataclass(frozen=True, eq=False)
class _How:
    """How one class is solved: the noise, the solver's spec, all rows' weights, seconds, and whom to tell."""

    source: Continuous
    spec: str
    weights: Any
    seconds: float
    tell: Callable[[int, int], None] | None


def _fitted(label: int | None, points: Float64[np.ndarray, "n d"], members: Int64[np.ndarray, " n"], how: _How) -> Part:
    rows, targets, masses = Rows.of(points, members, how.weights)
    found = solve(how.source, targets, method=how.spec, target_masses=masses, time_limit=how.seconds, progress=how.tell)
    if found.brenier is None:
        raise ConfigError(f"a coupling needs a semi-discrete method; got {how.spec!r}")
    return Part(label, found.brenier, rows, found.certificate, "" if found.converged else found.reason)
