"""How a verdict and a metric are marked wherever people read them: on the terminal, the page and in a notebook."""

from gantlet.core.results.estimate import Estimate, is_share

CLASS = "class "
"""How the role of a report's pictures of one class begins; its name follows, the files are of generated and of real images."""
ARROWS = {True: "↓", False: "↑", None: " "}
MARKS = {
    "good": ("✓", "green"),
    "missing": ("✗", "red"),
    "poor": ("✗", "red"),
    "copied": ("✗", "red"),
    "memorised": ("!", "yellow"),
    "caution": ("!", "yellow"),
    "unclear": ("?", "cyan"),
}


def split_verdict(line: str) -> tuple[str, str]:
    """Split ``kind: sentence`` into its kind (good, poor, missing, copied, memorised, caution, unclear) and the sentence."""
    kind, colon, sentence = line.partition(": ")
    return (kind, sentence) if colon and kind in MARKS else ("caution", line)


def whisker(estimate: Estimate) -> dict[str, float] | None:
    """Return the positions of interval, value and reference, where it is of the same numbers, on a bar from 0 to 100 %."""
    numbers = [n for n in (estimate.value, estimate.low, estimate.high) if n is not None]
    reference = estimate.reference.value if estimate.reference and estimate.equal_n is None else None
    if reference is not None:
        numbers.append(reference)
    if len(numbers) < 2 or estimate.value is None:
        return None
    low, high = min(*numbers, 0.0), max(numbers)
    if is_share(estimate.unit):
        high = max(high, 1.0)
    if high <= low:
        return None

    def place(number: float | None) -> float:
        return 100.0 * ((number if number is not None else low) - low) / (high - low)

    spots = {"value": place(estimate.value), "low": place(estimate.low), "high": place(estimate.high)}
    if estimate.low is None or estimate.high is None:
        spots["low"] = spots["high"] = spots["value"]
    return spots if reference is None else {**spots, "reference": place(reference)}
