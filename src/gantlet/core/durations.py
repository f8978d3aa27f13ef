"""Times in words."""


def rate(seconds: int | float, unit: str = "step") -> str:
    """Return the time of one unit in words: units per second where it is fast, seconds per unit where it is slow."""
    if not 0 < seconds < 1:
        return f"{seconds:.3g} s/{unit}"
    return f"{1 / seconds:,.0f} {unit}s/s" if seconds < 0.01 else f"{1 / seconds:.3g} {unit}s/s"


def duration(seconds: int | float) -> str:
    """Return a duration in words, to two of its units: 45 s, 12 min, 3 h 20 min, 2 d 4 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
