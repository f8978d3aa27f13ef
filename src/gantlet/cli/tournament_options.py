"""The options of gantlet tournament."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tournament:
    """Give methods equal budgets of random search, run the best settings of each on fresh seeds, and compare them."""

    data: str = "digits"
    """The training images: a source, as for train."""
    budget: str = "20x"
    """Random settings of each method's search: 20x are twenty."""
    seeds: int = 5
    """Fresh seeds of each method's best settings."""
    steps: int = 0
    """Discriminator steps of each training, equal for all methods; 0: each recipe's own number."""
    metric: str = "frechet_distance"
    """The metric that decides; the best checkpoint is chosen by it too."""
    features: str = "auto"
    """Feature extractor, as for train."""
    samples: int = 2_000
    """Generated images in each evaluation inside the loop."""
    resolution: int = 0
    """Side of the square images in pixels; 0: as for train."""
    seed: int = 0
    """The one seed: of the settings, of their trainings, and of the fresh ones after them."""
    out: Path = Path("tournament")
    """The folder of the trainings, tournament.json and tournament.html; called again with it, the tournament goes on."""
    storage: str = ""
    """Where the trials are kept, for several workers: an Optuna storage URL (postgresql://USER@HOST/DATABASE, sqlite:///FILE) or
    journal:FILE; empty: OUT/tournament.db."""
    longest: float = 180.0
    """Seconds without a sign of life after which another worker takes up a trial."""
    json: bool = False
    """Print the result as JSON."""
