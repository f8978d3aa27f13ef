"""ExactCopies: generated images that equal an image of another set pixel by pixel, and which of them are copies."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gantlet.core.schema import SCHEMA, Amount, Count, Positive


@dataclass(frozen=True)
class ExactCopies:
    """Generated images that equal an image of another set pixel by pixel (points: in every coordinate).

    ``among``: real or training; ``n`` of the ``of`` generated ones do; ``pairs``: the names of the first hundred, each
    with the name of the image that it equals, those that the set shows once first. ``repeated`` of the n equal a picture that
    the set itself repeats, the ``commonest`` so many times; of the others ``expected`` are expected by chance (Good and Turing;
    `evaluation.shared`), and ``by_chance``: they are no more than that.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    among: Literal["real", "training"]
    n: Positive
    of: Positive
    pairs: tuple[tuple[str, str], ...]
    repeated: Count = 0
    commonest: Count = 1
    expected: Amount = 0.0
    by_chance: bool = False

    @property
    def single(self) -> int:
        """Return how many equal a picture that the set shows once."""
        return self.n - self.repeated

    @property
    def copied(self) -> int:
        """Return how many are copies: the set shows the picture once, and they are more than chance gives."""
        return 0 if self.by_chance else self.single

    def cautions(self, fakes: str, ones: str) -> list[str]:
        """Return what there is to say of those that are no sign of copying; ``fakes``, ``ones``: the two sets in words."""
        lines, pictures = [], "points" if ones.endswith("points") else "pictures"
        if self.repeated:
            times = f"the commonest {self.commonest:,} times"
            lines.append(
                f"{self.repeated:,} of {self.of:,} {fakes} equal {pictures} that the {ones} repeat ({times}): no sign of copying by itself"
            )
        if self.single and self.by_chance:
            lines.append(
                f"{self.single:,} of {self.of:,} {fakes} equal {pictures} that the {ones} show once: no more than chance, for the {ones} "
                f"repeat themselves (about {self.expected:,.1f} expected)"
            )
        return lines
