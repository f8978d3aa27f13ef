"""ExactCopies: generated images that equal an image of another set pixel by pixel, and which of them are copies."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gantlet.core.schema import SCHEMA, Count, Positive
from gantlet.core.words import agreeing, an, counted, some_of


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

    def fact(self, one: str, original: str, whose: str = "", of: str = "of") -> str:
        """Return how many are copies of what; ``one``, ``original``: one of each side in words; ``whose``, ``of``: as in `said` and `some_of`."""
        what = f"is an exact copy of {an(original)}" if self.copied == 1 else f"are exact copies of {original}s"
        return f"{some_of(self.copied, self.of, one, of=of)}{whose} {what}"

    def said(
        self, fake: str, ones: str, no_test: str = "", whose: str = ""
    ) -> list[tuple[Literal["good", "caution"], str]]:
        """Return what there is to say, and how, of those that may be chance.

        ``fake``: one of the generated ones, ``ones``: the other set, in words, e.g. ``image``, ``real images``; ``whose``: follows the
        first, e.g. `` of A``; ``no_test``: why held-out images that were given do not tell.
        """

        def those(n: int, verb: str) -> str:
            return f"{some_of(n, self.of, fake)}{whose} {agreeing(n, verb)}"

        lines: list[tuple[Literal["good", "caution"], str]] = []
        if self.blank:
            lines.append(
                ("good", f"{those(self.blank, 'are')} blank (of one colour), as {ones} are: that is no copying")
            )
        if self.excused and not self.unseen_of:
            often = f"{self.often:,} of {self.among_of:,}"
            lines.append(
                (
                    "good",
                    f"{those(self.excused, 'equal')} {ones} that repeat each other, no more often than these do ({often})",
                )
            )
        elif self.excused:
            beside = f"so {agreeing(self.unseen, 'do')} {some_of(self.unseen, self.unseen_of, 'held-out one')}: no more than chance"
            lines.append(("good", f"{those(self.excused, 'equal')} {ones}, and {beside}"))
        if self.undecided:
            often = f" (the commonest of these {counted(self.commonest, 'time')})" if self.commonest > 1 else ""
            untold = f"{no_test}, so that they do not tell" if no_test else "held-out images would tell (--held-out)"
            told = (
                f"of {counted(self.unseen_of, 'held-out one')} {self.unseen:,} {agreeing(self.unseen, 'do')}: too few to tell copies from chance. "
                "Look at the pairs"
                if self.unseen_of
                else f"{ones} repeat each other{often}, so it may be chance: {untold}"
            )
            lines.append(("caution", f"{those(self.undecided, 'equal')} {ones}; {told}"))
        return lines
