"""The options of gantlet project."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """Search the latent whose image is nearest to IMAGE, and say how near, against how near the same search comes to the generator's own images."""

    out: Path = Path("projection.png")
    """The image, the generator's nearest, and their difference, side by side; it must not exist yet."""
    steps: int = 200
    """Steps of the descent."""
    starts: int = 2
    """Descents for each image, from the nearest of 500 samples; the best one counts."""
    seed: int = 0
    """Seed of the samples that the descents begin with, and of the generator's own images."""
    which: str = "newest"
    """Which weights: newest (the last moving average, or generator where there is none), ema, generator, best or final."""
    json: bool = False
    """Print the result, with the latent, as JSON."""
