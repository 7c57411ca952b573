"""Percentiles of what was timed."""

from collections.abc import Sequence


def percentile_ms(seconds: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of durations in seconds, in milliseconds; NaN when there is none."""
    if not seconds:
        return float("nan")
    ordered = sorted(seconds)
    rank = min(len(ordered) - 1, int(len(ordered) * percent / 100))
    return ordered[rank] * 1000
