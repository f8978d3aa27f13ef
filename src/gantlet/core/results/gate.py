"""A gate: conditions under which a result must not pass, and what each of them said."""

import dataclasses
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gantlet.core.errors import UsageError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.plain import as_plain
from gantlet.core.words import counted

End = Literal["pessimistic", "value", "low", "high"]
State = Literal["passed", "failed", "undefined"]
OPERATORS: dict[str, Callable[[int | float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
COUNTS = {
    "copies": "generated images that equal a real or training image pixel by pixel",
    "faults": "lines of the verdict that are marked ✗",
    "missing": "classes or modes that the verdict calls missing",
    "memorised": "lines of the verdict that near copies of training images are told by",
}
"""What a condition may count beside the metrics: whole numbers without an interval."""
NOT_MET, UNDEFINED = 3, 4
"""Exit statuses of a gate that is not met, and of one that cannot be told."""
_CONDITION = re.compile(
    r"\s*(?:(value|low|high)\s*:\s*)?([^\s<>=][^<>=]*?|[^\s<>]+\[[^<>]*\]\S*)\s*(<=|>=|<|>)\s*(\S+)\s*"
)


@dataclass(frozen=True)
class Condition:
    """``[end:]name[@space] operator bound``: the gate fails where it holds.

    ``end``: which number of the interval is compared; pessimistic: the one with which the condition is likelier to hold: the low end
    for < and <=, the high end for > and >=. ``name``: a metric or one of COUNTS; ``space``: its feature space, '' for every one.
    """

    text: str
    name: str
    operator: str
    bound: float
    end: End = "pessimistic"
    space: str = ""

    def end_of(self, estimate: Estimate) -> float | None:
        """Return the number that is compared, or None where there is none."""
        end = self.end
        if end == "pessimistic":
            end = "low" if self.operator.startswith("<") else "high"
        return {"value": estimate.value, "low": estimate.low, "high": estimate.high}[end]

    def require_open(self, low: float, high: float) -> None:
        """Raise UsageError where a number from ``low`` to ``high``, whatever it is, holds or does not hold: such a check says nothing."""
        always, never = {
            "<": (self.bound > high, self.bound <= low),
            "<=": (self.bound >= high, self.bound < low),
            ">": (self.bound < low, self.bound >= high),
            ">=": (self.bound <= low, self.bound > high),
        }[self.operator]
        if always or never:
            span = f"lies from {low:g} to {high:g}" if math.isfinite(high) else f"is {low:g} or more"
            raise UsageError(
                f"{self.text!r}: {self.name} {span}, so that the gate would {'always' if always else 'never'} fail; give another bound or "
                "operator, e.g. 'coverage < 0.9' or 'copies > 0'"
            )

    def holds(self, number: int | float) -> bool:
        """Return whether the condition holds for a number."""
        return OPERATORS[self.operator](number, self.bound)


def read_condition(text: str) -> Condition:
    """Read ``coverage < 0.9``, ``value:recall@pixels <= 50%`` or ``copies > 0``; raises UsageError."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"cannot read the condition {text!r}; expected NAME < NUMBER (or <=, >, >=) in quotes, e.g. 'coverage < 0.9', "
            "'value:recall < 0.5' or 'copies > 0'"
        )
    end, name, sign, number = match.groups()
    name, _, space = name.partition("]@") if "]@" in name else name.partition("@")
    name += "]" * ("[" in name and not name.endswith("]"))
    bound = _number(text, number)
    if name in COUNTS and end:
        raise UsageError(f"{text!r}: {name} is a count without an interval; leave out {end}:")
    if (name in COUNTS and not bound.is_integer()) or (name in COUNTS and number.endswith("%")):
        raise UsageError(f"{text!r}: {name} counts {COUNTS[name]}; compare it with a whole number, e.g. '{name} > 0'")
    return Condition(text.strip(), name, sign, bound, end or "pessimistic", space)  # type: ignore[arg-type]  # the pattern's


def _number(text: str, number: str) -> float:
    try:
        bound = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise UsageError(f"{text!r}: {number!r} is no number; expected e.g. 'coverage < 0.9'")
    return bound


@dataclass(frozen=True)
class Check:
    """One condition and what came of it; ``reason``: in words, with the number that was compared."""

    condition: str
    state: State
    reason: str


@dataclass(frozen=True)
class Gate:
    """All checks of a result. It is met where every one of them passed."""

    checks: tuple[Check, ...]

    @property
    def exit_status(self) -> int:
        """Return 0 where the gate is met, 3 where a check failed, 4 where none failed and one is undefined."""
        states = {check.state for check in self.checks}
        return NOT_MET if "failed" in states else UNDEFINED if "undefined" in states else 0

    @property
    def passed(self) -> bool:
        """Return whether every check passed."""
        return self.exit_status == 0

    @property
    def text(self) -> str:
        """Return the outcome in one sentence."""
        counts = {state: sum(check.state == state for check in self.checks) for state in ("failed", "undefined")}
        if self.passed:
            return f"gate met: {len(self.checks)} of {counted(len(self.checks), 'check')} passed"
        parts = [f"{n} {state}" for state, n in counts.items() if n]
        kind = "not met" if counts["failed"] else "undefined"
        return f"gate {kind}: of {counted(len(self.checks), 'check')} {', '.join(parts)}"

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards_of_many import gate_card

        return gate_card(self)

    def joined(self, *checks: Check) -> "Gate":
        """Return the gate with further checks."""
        return dataclasses.replace(self, checks=(*self.checks, *checks))
