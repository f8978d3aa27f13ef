"""ExactCopies: generated images that equal an image of another set pixel by pixel, and which of them are copies."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gantlet.core.schema import SCHEMA, Count, Positive


@dataclass(frozen=True)
class ExactCopies:
    """Generated images that equal an image of another set pixel by pixel (points: in every coordinate).

    ``among``: real, training or held-out; ``n`` of the ``of`` generated ones do; ``pairs``: the names of the first hundred, each
    with the name of the image that it equals, those that the set shows once first. ``repeated`` of the n equal a picture that
    the set itself repeats, the ``commonest`` so many times. ``unseen`` of the ``unseen_of`` held-out images that the generator has not
    seen do as well. ``excused`` of the n are no more than that, or than the ``often`` of the ``among_of`` images of the set that show a
    picture three times or more; of ``undecided`` it cannot be told whether they are copies, as the set repeats itself
    (`evaluation.overlap`); ``blank`` are of one colour, which says nothing. The others are ``copied``.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    among: Literal["real", "training", "held-out"]
    n: Positive
    of: Positive
    pairs: tuple[tuple[str, str], ...]
    repeated: Count = 0
    commonest: Count = 1
    excused: Count = 0
    undecided: Count = 0
    unseen: Count = 0
    unseen_of: Count = 0
    blank: Count = 0
    often: Count = 0
    among_of: Count = 0

    @property
    def copied(self) -> int:
        """Return how many are copies: neither chance nor the set's own repeats account for them."""
        return max(0, self.n - self.excused - self.undecided - self.blank)

    def said(self, fakes: str, ones: str, no_test: str = "") -> list[tuple[Literal["good", "caution"], str]]:
        """Return what there is to say, and how, of those that may be chance.

        ``fakes``, ``ones``: the two sets in words; ``no_test``: why held-out images that were given do not tell.
        """
        lines: list[tuple[Literal["good", "caution"], str]] = []
        if self.blank:
            lines.append(
                (
                    "good",
                    f"{self.blank:,} of {self.of:,} {fakes} are blank (of one colour), as {ones} are: that is no copying",
                )
            )
        if self.excused and not self.unseen_of:
            often = f"{self.often:,} of {self.among_of:,}"
            lines.append(
                (
                    "good",
                    f"{self.excused:,} of {self.of:,} {fakes} equal {ones} that repeat each other, no more often than these do ({often})",
                )
            )
        elif self.excused:
            beside = f"so do {self.unseen:,} of {self.unseen_of:,} held-out ones: no more than chance"
            lines.append(("good", f"{self.excused:,} of {self.of:,} {fakes} equal {ones}, and {beside}"))
        if self.undecided:
            often = f" (the commonest of these {self.commonest:,} times)" if self.commonest > 1 else ""
            untold = f"{no_test}, so that they do not tell" if no_test else "held-out images would tell (--held-out)"
            told = (
                f"of {self.unseen_of:,} held-out ones {self.unseen:,} do: too few to tell copies from chance. Look at the pairs"
                if self.unseen_of
                else f"{ones} repeat each other{often}, so it may be chance: {untold}"
            )
            lines.append(("caution", f"{self.undecided:,} of {self.of:,} {fakes} equal {ones}; {told}"))
        return lines
