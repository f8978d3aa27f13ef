"""Projection: how near a generator comes to one image, against how near the same search comes to its own images."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from gantlet.core.results.plain import as_plain


@dataclass(frozen=True)
class Projection:
    """Result of a latent inversion. Distances are root mean squares over pixels, in levels of 255."""

    run: str
    image: str
    z: tuple[float, ...]
    label: int | None
    """The class of the nearest image, of a conditional generator."""
    distance: float
    """Of the image from the generator's image of z."""
    own: tuple[float, ...]
    """What the same search reaches for images that the generator made itself."""
    nearest_sample: float
    """The smallest distance among the samples that the search began with."""
    length: float
    """|z|/√k; of latents of N(0, I) it is near 1."""

    @property
    def p_value(self) -> float:
        """Return (1 + number of own distances ≥ this one) / (1 + their number): exact, were the image one of the generator's own."""
        return (1 + sum(other >= self.distance for other in self.own)) / (1 + len(self.own))

    @property
    def text(self) -> str:
        """Return distance and comparison in one sentence."""
        reached = (
            f"{self.image} is reached to {self.distance:.3g} of 255 levels (root mean square over pixels; before the search "
            f"{self.nearest_sample:.3g}), |z|/√k = {self.length:.2f}; the generator's own images are reached to {median(self.own):.3g} "
            f"(median of {len(self.own)}, {min(self.own):.3g} to {max(self.own):.3g})"
        )
        if self.p_value <= 1 / (1 + len(self.own)):
            return f"{reached}: farther than every one of them (p = {self.p_value:.2g}), so it is not one of the images that it makes"
        return f"{reached}: not farther than all of them (p = {self.p_value:.2g}), so it cannot be told from its own images by this"

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return {**as_plain(self), "p_value": self.p_value, "text": self.text}
