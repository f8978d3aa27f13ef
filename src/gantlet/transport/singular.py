"""The singular set: creases of the Brenier potential, where its gradient jumps; exact edges in the plane, and criteria."""

from dataclasses import dataclass

import numpy as np
import scipy.spatial
from jaxtyping import Bool, Float64, Int64

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.transport.brenier import Brenier
from gantlet.transport.continuous import Polygon
from gantlet.transport.power_diagram import facets

NEIGHBOURS = 8
LIMIT = 4.0
"""A jump longer than this many local radii counts as singular: within one cluster of targets, ratios stay near 1."""


def local_radius(targets: Float64[np.ndarray, "n d"], neighbours: int = NEIGHBOURS) -> Float64[np.ndarray, " n"]:
    """Return the distance from each target to its ``neighbours``-th nearest other one (or to the farthest, if fewer).

    Raises: TooFewSamples for a single target, ConfigError for neighbours < 1.
    """
    if len(targets) < 2:
        raise TooFewSamples(f"a local radius needs at least 2 targets; got {len(targets)}")
    if neighbours < 1:
        raise ConfigError(f"expected neighbours ≥ 1; got {neighbours}")
    k = min(neighbours, len(targets) - 1) + 1
    return scipy.spatial.KDTree(targets).query(targets, k=k)[0][:, -1]


def jump_ratio(
    targets: Float64[np.ndarray, "n d"], radius: Float64[np.ndarray, " n"], pair: Int64[np.ndarray, "e 2"]
) -> Float64[np.ndarray, " e"]:
    """Return |y_i − y_j| / max(r_i, r_j): how far the map jumps between two cells, in local radii; scale-free.

    Multiplying the targets by any number leaves it as it is. The larger radius counts, so that a point at the rim of a
    cluster is no mode of its own. Convention: a ratio of lengths, not the dihedral angle, which tends to 0 with the scale.
    """
    i, j = pair.T
    return np.linalg.norm(targets[i] - targets[j], axis=1) / np.maximum(radius[i], radius[j])


def dihedral_angle(targets: Float64[np.ndarray, "n d"], pair: Int64[np.ndarray, "e 2"]) -> Float64[np.ndarray, " e"]:
    """Return the angle in [0, π] between the planes of u on two cells: arccos⟨n_i, n_j⟩, n = (y, −1)/|(y, −1)|.

    Depends on the scale of the targets and on where their origin lies. Source: An et al. 2020, openreview HkldyTNYwH (AE-OT).
    """
    normals = np.column_stack([targets, -np.ones(len(targets))])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    first, second = normals[pair[:, 0]], normals[pair[:, 1]]
    # 2·arcsin(|a − b|/2) keeps its digits where arccos⟨a, b⟩ loses them: at small angles.
    return 2 * np.arcsin(np.minimum(np.linalg.norm(first - second, axis=1) / 2, 1.0))


@dataclass(frozen=True, eq=False)
class SingularSet:
    """Every edge between two cells: ``ends`` [e, 2, 2] in the source, cells ``pair`` [e, 2], ``jump`` |y_i − y_j| [e],
    ``ratio`` of the jump to the local radius [e], dihedral ``angle`` [e]. ``area``: of the source's polygon.
    """

    ends: Float64[np.ndarray, "e 2 2"]
    pair: Int64[np.ndarray, "e 2"]
    jump: Float64[np.ndarray, " e"]
    ratio: Float64[np.ndarray, " e"]
    angle: Float64[np.ndarray, " e"]
    area: float

    @property
    def lengths(self) -> Float64[np.ndarray, " e"]:
        """Return the length of each edge."""
        return np.linalg.norm(self.ends[:, 1] - self.ends[:, 0], axis=1)

    def singular(self, limit: float = LIMIT) -> Bool[np.ndarray, " e"]:
        """Return which edges the map jumps across by more than ``limit`` local radii."""
        return self.ratio > limit

    def length(self, limit: float = LIMIT) -> float:
        """Return the total length of the singular edges, in units of the source."""
        return float(self.lengths[self.singular(limit)].sum())


def singular_set(potential: Brenier, neighbours: int = NEIGHBOURS) -> SingularSet:
    """Return the creases of u in the plane, exact edges of its power diagram inside the source.

    Raises: ConfigError unless the source is a Box or Polygon in the plane, DataError (collinear targets).
    Source: Figalli 2010 (singularities of the optimal map); Lei et al. 2020, Engineering 6(3) (mode collapse).
    """
    domain, targets = potential.framed_domain, potential.target.points
    if not isinstance(domain, Polygon):
        raise ConfigError(
            f"expected a Box or Polygon in the plane as source; got one in {potential.target.dim} dimensions"
        )
    edges, radius = facets(potential.sites, potential.framed_weights, domain), local_radius(targets, neighbours)
    return SingularSet(
        ends=potential.frame.outward(edges.ends),
        pair=edges.pair,
        jump=np.linalg.norm(targets[edges.pair[:, 0]] - targets[edges.pair[:, 1]], axis=1),
        ratio=jump_ratio(targets, radius, edges.pair),
        angle=dihedral_angle(targets, edges.pair),
        area=domain.area * potential.frame.reach**2,
    )
