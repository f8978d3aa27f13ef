"""The options of gantlet transport, as a dataclass; the parser and the help text are generated from it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Transport:
    """The optimal transport between two sets of points, or of images through features: cost, bounds, plan and a page."""

    method: str = "auto"
    """A solver of two sets (gantlet list solvers): exact, sinkhorn, unbalanced, sliced or gaussian; auto: exact up to 4 million pairs, else
    sinkhorn."""
    cost: str = "quadratic"
    """The cost: quadratic (squared distance), euclidean, cosine or minkowski[p=1]."""
    features: str = ""
    """Features of images, e.g. efficientnet-lite0 (empty: this one) or pixels; points are taken as they are."""
    n: int = 0
    """At most so many rows of each set, taken at random; 0: all (of a generator: 1,000)."""
    seed: int = 0
    """Seed of what is taken at random."""
    time_limit: float = 0.0
    """Seconds after which an iterative solver returns what it has, with its bounds; 0: none."""
    out: Path = Path("transport")
    """The folder for transport.html, transport.png and transport.json."""
    json: bool = False
    """Print the result as JSON."""
