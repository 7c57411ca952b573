"""Charts of numbers by day: stacked bars, lines, and many small lines side by side."""

from collections.abc import Sequence
from datetime import date
from html import escape
from itertools import accumulate

import msgspec

from .models import Mark, Panel, Series, Words
from .svg import (
    DASHES,
    LETTER,
    SMALL,
    Size,
    drawing,
    el,
    figure,
    frame,
    highest,
    legend,
    nice_ticks,
    patterns,
    stride,
    table,
    text,
)

ROW = 16.0
"""Height of a line of labels."""


class Plot(msgspec.Struct, frozen=True):
    """Where numbers and days lie in a drawing."""

    left: float
    right: float
    top: float
    bottom: float
    days: int
    most: float

    @property
    def slot(self) -> float:
        """The width of a day."""
        return (self.right - self.left) / max(1, self.days)

    def x(self, index: float) -> float:
        """The middle of a day."""
        return self.left + (index + 0.5) * self.slot

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.most


def stacked_bars(
    chart_id: str,
    title: str,
    summary: str,
    days: Sequence[date],
    series: Sequence[Series],
    words: Words,
    marks: Sequence[Mark] = (),
) -> str:
    """A bar a day, the series on top of each other, the first one lowest."""
    sums = [sum(values) for values in zip(*(one.values for one in series), strict=True)] if series else []

    def draw(size: Size) -> tuple[float, str]:
        plot, height, back, front = _axes(size, days, max(sums, default=0), words, marks)
        prefix = f"{chart_id}-{size.name}"
        gap = min(plot.slot * 0.18, 3.0)
        bars = []
        for index, day in enumerate(days):
            under = 0.0
            for one in series:
                value = one.values[index]
                if value > 0:
                    tip = f"{words.full(day)}, {one.label}{words.colon}{words.number(value)}"
                    bars.append(
                        el(
                            "rect",
                            el("title", escape(tip)),
                            x=plot.left + index * plot.slot + gap / 2,
                            y=plot.y(under + value),
                            width=plot.slot - gap,
                            height=plot.y(under) - plot.y(under + value),
                            fill=f"url(#{prefix}-{one.tone})",
                            class_="bar" if plot.slot > 5 else "bar fine",
                        )
                    )
                    under += value
        return height, patterns(prefix, (one.tone for one in series)) + back + "".join(bars) + front

    key = legend(chart_id, [(one.label, one.tone) for one in series])
    return figure(chart_id, title, summary, draw, key, _day_table(title, days, series, words))


def lines(
    chart_id: str,
    title: str,
    summary: str,
    days: Sequence[date],
    series: Sequence[Series],
    words: Words,
    marks: Sequence[Mark] = (),
) -> str:
    """A line a series; in the wide drawing each is named where it ends."""

    def draw(size: Size) -> tuple[float, str]:
        named = size.name == "wide" and bool(days)
        room = max((len(one.label) for one in series), default=0) * LETTER + 14 if named else 8.0
        plot, height, back, front = _axes(size, days, highest(series), words, marks, room)
        drawn = "".join(_line(plot, one) for one in series)
        return height, back + drawn + (_ends(plot, series) if named else "") + front

    key = legend(chart_id, [(one.label, one.tone) for one in series], line=True)
    return figure(chart_id, title, summary, draw, key, _day_table(title, days, series, words))


def multiples(
    chart_id: str, title: str, summary: str, days: Sequence[date], panels: Sequence[Panel], words: Words
) -> str:
    """A small chart of lines for each panel. All have the same days; each has its own scale, written beside it."""
    drawn = []
    for number, panel in enumerate(panels):
        plot, height, back, front = _axes(SMALL, days, highest(panel.series), words, (), 8.0)
        last = ", ".join(f"{one.label} {words.number(one.values[-1])}" for one in panel.series if one.values)
        content = back + "".join(_line(plot, one) for one in panel.series) + front
        svg = drawing(f"{chart_id}-{number}", SMALL, height, f"{title}{words.colon}{panel.label}", last, content)
        drawn.append(el("li", el("strong", escape(panel.label), class_="chart-panel") + svg))
    key = legend(chart_id, [(one.label, one.tone) for panel in panels for one in panel.series], line=True)
    labels = list(dict.fromkeys(one.label for panel in panels for one in panel.series))
    rows = []
    for panel in panels:
        last_of = {one.label: words.number(one.values[-1]) if one.values else "" for one in panel.series}
        rows.append([panel.label, *(last_of.get(label, "") for label in labels)])
    caption = f"{title}, {words.full(days[-1])}" if days else title
    numbers = table(caption, [words.group, *labels], rows, words)
    return frame(chart_id, title, summary, key + el("ul", "".join(drawn), class_="chart-panels") + numbers)


def _axes(
    size: Size, days: Sequence[date], most: float, words: Words, marks: Sequence[Mark], room: float = 8.0
) -> tuple[Plot, float, str, str]:
    """(plot, height of the drawing, what lies behind the data, what lies before it)."""
    ticks = nice_ticks(most, 2 if size is SMALL else 4)
    left = max(len(words.number(tick)) for tick in ticks) * LETTER + 10
    index_of = {day: index for index, day in enumerate(days)}
    placed = [(index_of[mark.day], mark.label) for mark in marks if mark.day in index_of]
    plot = Plot(left, size.width - room, 10, 0, len(days), ticks[-1])
    rows = _rows([(plot.x(index), label) for index, label in placed], size.width)
    top = 10 + ROW * (max(rows, default=-1) + 1)
    height = size.height + ROW * (max(rows, default=-1) + 1)
    plot = Plot(left, size.width - room, top, height - 26, len(days), ticks[-1])
    back = ""
    for tick in ticks:
        y = plot.y(tick)
        back += el("line", x1=plot.left, x2=plot.right, y1=y, y2=y, class_="grid" if tick else "axis")
        back += text(left - 6, y + 4, words.number(tick), "end", "label")
    front = ""
    step = stride(len(days), size.ticks)
    for index in range(0, len(days), step):
        anchor = "start" if index == 0 and step * plot.slot < 60 else "middle"
        if plot.x(index) + 3 * LETTER < size.width:
            front += text(plot.x(index), plot.bottom + 18, words.short(days[index]), anchor, "label")
    for (index, label), row in zip(placed, rows, strict=True):
        x, y = plot.x(index), 12 + ROW * row
        front += el("line", x1=x, x2=x, y1=y + 3, y2=plot.bottom, class_="mark")
        start, anchor = _anchored(x, label, size.width)
        front += text(start, y, label, anchor, "label mark-label")
    return plot, height, back, front


def _anchored(x: float, label: str, width: float) -> tuple[float, str]:
    """Where a label begins so that it stays inside the drawing."""
    return (x - 3, "end") if x + len(label) * LETTER > width else (x + 3, "start")


def _rows(marks: Sequence[tuple[float, str]], width: float) -> list[int]:
    """The line each label goes on, so that none covers another: the first where there is room."""
    taken: list[list[tuple[float, float]]] = []
    rows = []
    for x, label in marks:
        start, anchor = _anchored(x, label, width)
        long = len(label) * LETTER + 8
        begin = start - long if anchor == "end" else start - 6
        end = begin + long + 6
        row = 0
        while row < len(taken) and any(begin < other_end and other < end for other, other_end in taken[row]):
            row += 1
        if row == len(taken):
            taken.append([])
        taken[row].append((begin, end))
        rows.append(row)
    return rows


def _line(plot: Plot, one: Series) -> str:
    if len(one.values) == 1:
        return el("circle", cx=plot.x(0), cy=plot.y(one.values[0]), r=3, class_=f"tone-{one.tone}")
    points = " ".join(f"{plot.x(index):.1f},{plot.y(value):.1f}" for index, value in enumerate(one.values))
    return el("polyline", points=points, class_=f"line line-{one.tone}", stroke_dasharray=DASHES[one.tone])


def _ends(plot: Plot, series: Sequence[Series]) -> str:
    """The names at the right, moved apart where the lines end close together."""
    drawn = ""
    last = plot.bottom + ROW
    for one in sorted(series, key=lambda one: one.values[-1]):
        y = min(plot.y(one.values[-1]) + 4, last - ROW + 2)
        drawn += text(plot.right + 6, y, one.label, "start", "label end-label")
        last = y
    return drawn


def _day_table(title: str, days: Sequence[date], series: Sequence[Series], words: Words) -> str:
    rows = [[words.full(day), *(words.number(one.values[index]) for one in series)] for index, day in enumerate(days)]
    return table(title, [words.day, *(one.label for one in series)], rows, words)


def cumulative(values: Sequence[float]) -> list[float]:
    """Each value with all before it."""
    return list(accumulate(values))
