"""Exact power cells of a uniform source, in a convex polygon of the plane or a box of space: masses, their derivative, moments."""

import numpy as np
import scipy.sparse
from jaxtyping import Float64

from gantlet.transport import power_diagram, power_diagram_3d
from gantlet.transport.continuous import Box, Polygon
from gantlet.transport.power_diagram import CellMoments, Facets
from gantlet.transport.power_diagram_3d import Faces

Domain = Polygon | Box
"""Where power cells are computed exactly: a convex polygon of the plane, or a box of space."""
Walls = Facets | Faces
"""What lies between neighbouring cells: edges in the plane, polygons in space; ``pair`` [e, 2] and ``size`` [e]."""


def uniform_domain(source: object) -> Domain | None:
    """Return the source as a domain where it is a uniform distribution of this package on a polygon, or on a box in space, else None."""
    if type(source) is Box and source.dim == 2:
        return source.polygon
    return source if type(source) is Polygon or (type(source) is Box and source.dim == 3) else None


def walls(sites: Float64[np.ndarray, "n d"], weights: Float64[np.ndarray, " n"], domain: Domain) -> Walls:
    """Return the walls of the power diagram of |x − y_i|² − g_i inside the domain; raises DataError."""
    if isinstance(domain, Polygon):
        return power_diagram.facets(sites, weights, domain)
    return power_diagram_3d.faces(sites, weights, domain)


def masses(
    sites: Float64[np.ndarray, "n d"], weights: Float64[np.ndarray, " n"], domain: Domain, found: Walls
) -> Float64[np.ndarray, " n"]:
    """Return the share of the domain in each cell; an empty cell has 0."""
    if isinstance(domain, Polygon) and isinstance(found, Facets):
        return power_diagram.masses(sites, weights, domain, found)
    return cell_moments(sites, weights, domain, found).masses


def cell_moments(
    sites: Float64[np.ndarray, "n d"], weights: Float64[np.ndarray, " n"], domain: Domain, found: Walls
) -> CellMoments:
    """Return the exact moments of the cells up to the second."""
    if isinstance(domain, Polygon) and isinstance(found, Facets):
        return power_diagram.cell_moments(sites, weights, domain, found)
    assert isinstance(domain, Box) and isinstance(found, Faces)
    return power_diagram_3d.cell_moments(sites, domain, found)


def laplacian(sites: Float64[np.ndarray, "n d"], domain: Domain, found: Walls) -> scipy.sparse.csc_array:
    """Return ∂w_i/∂g_j = −size_ij/(2|y_i − y_j| volume): symmetric, rows sum to 0.

    Source: Kitagawa, Mérigot & Thibert 2019, arXiv:1603.05579, Thm. 1.3 (for the weights of |x − y|² − g).
    """
    i, j = found.pair.T
    flow = found.size / (2 * np.linalg.norm(sites[j] - sites[i], axis=1) * domain.volume)
    n = len(sites)
    rows, columns = np.concatenate([i, j, i, j]), np.concatenate([j, i, i, j])
    values = np.concatenate([-flow, -flow, flow, flow])
    return scipy.sparse.csc_array(scipy.sparse.coo_array((values, (rows, columns)), shape=(n, n)))
