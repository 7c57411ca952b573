"""A timeline: what holds from when on, a lane for each group of people, and where now is."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape

from .models import Lane, Words
from .svg import LETTER, Size, el, figure, legend, patterns, stride, table, text

DAY_MS = 24 * 3600 * 1000
BAND = 24
LANE = 58
HEAD = 26


def timeline(chart_id: str, title: str, summary: str, lanes: Sequence[Lane], now: int, words: Words) -> str:
    """Bands for what holds, a diamond for each moment, a line for now. Times are ms since 1970."""
    times = [now]
    for lane in lanes:
        times += [at for span in lane.spans for at in (span.start, span.end)]
        times += [moment.at for moment in lane.moments]
    first, last = min(times), max(times)
    last = max(last, first + DAY_MS)
    tones = [span.tone for lane in lanes for span in lane.spans]

    def draw(size: Size) -> tuple[float, str]:
        prefix = f"{chart_id}-{size.name}"
        left, right = 4.0, size.width - 4.0
        bottom = HEAD + LANE * len(lanes)

        def x(at: int) -> float:
            return left + (right - left) * (at - first) / (last - first)

        drawn = patterns(prefix, tones) + _dates(first, last, size, bottom, left, right, words)
        names = ""
        for number, lane in enumerate(lanes):
            top = HEAD + LANE * number
            names += text(left, top + 14, lane.label, "start", "label lane-label")
            for span in lane.spans:
                width = max(2.0, x(span.end) - x(span.start))
                tip = f"{span.label}{words.colon}{words.moment(span.start)}"
                drawn += el(
                    "rect",
                    el("title", escape(tip)),
                    x=x(span.start),
                    y=top + 20,
                    width=width,
                    height=BAND,
                    fill=f"url(#{prefix}-{span.tone})",
                    class_="bar",
                )
            for moment in lane.moments:
                drawn += _diamond(x(moment.at), top + 20 + BAND / 2, f"{moment.label}{words.colon}", moment.at, words)
        at = x(now)
        anchor = "end" if at > size.width / 2 else "start"
        drawn += el("line", x1=at, x2=at, y1=HEAD - 6, y2=bottom, class_="now")
        drawn += text(at + (-4 if anchor == "end" else 4), HEAD - 10, words.now, anchor, "label now-label")
        return bottom + 26, drawn + names

    entries = [(span.label, span.tone) for lane in lanes for span in lane.spans]
    rows = []
    for lane in lanes:
        rows += [[lane.label, span.label, words.moment(span.start)] for span in lane.spans]
        rows += [[lane.label, moment.label, words.moment(moment.at)] for moment in lane.moments]
    data = table(title, [words.group, words.what, words.begins], rows, words)
    return figure(chart_id, title, summary, draw, legend(chart_id, entries) + _moment_key(lanes), data)


def _diamond(x: float, y: float, label: str, at: int, words: Words) -> str:
    tip = el("title", escape(label + words.moment(at)))
    return el("path", tip, d=f"M{x:.1f} {y - 9:.1f}l9 9-9 9-9-9z", class_="moment")


def _moment_key(lanes: Sequence[Lane]) -> str:
    labels = dict.fromkeys(moment.label for lane in lanes for moment in lane.moments)
    swatch = el("path", d="M7 0l7 7-7 7-7-7z", class_="moment")
    items = [
        el("li", el("svg", swatch, viewBox="-1 -1 16 16", width=16, height=16, aria_hidden="true") + escape(label))
        for label in labels
    ]
    return el("ul", "".join(items), class_="chart-legend") if items else ""


def _dates(first: int, last: int, size: Size, bottom: float, left: float, right: float, words: Words) -> str:
    """Dates under the lanes, with a fine line up from each."""
    day = datetime.fromtimestamp(first / 1000, UTC).date()
    days = (last - first) // DAY_MS + 1
    step = stride(int(days), size.ticks)
    drawn = ""
    for index in range(0, int(days) + 1, step):
        here = day + timedelta(days=index)
        at = _ms(here)
        x = left + (right - left) * (at - first) / (last - first)
        if left <= x <= right - 3 * LETTER:
            drawn += el("line", x1=x, x2=x, y1=HEAD, y2=bottom, class_="grid")
            drawn += text(x, bottom + 18, words.short(here), "middle" if x > left + 20 else "start", "label")
    return drawn


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
