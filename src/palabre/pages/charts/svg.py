"""The pieces that every chart is made of: elements, scales, ticks, patterns, legend, table, figure."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from math import ceil, log10

import msgspec

from .models import Series, Words

# What lies over the colour of each tone, in a tile of 8 by 8. Tones without are plain.
_HATCHING = {
    2: "M-2 2 2-2M-2 10 10-2M6 10 10 6",
    4: "M-2 6 2 10M-2-2 10 10M6-2 10 2",
    5: "M2 2h1.6M6 6h1.6",
    6: "M0 2h8M0 6h8",
    7: "M0 4h8M4 0v8",
    9: "M0 0l8 8M8 0L0 8",
}
DASHES = {1: "", 2: "2 3", 3: "", 4: "9 4", 5: "9 3 2 3", 6: "5 3", 7: "1 4", 8: "14 4", 9: "6 3 2 3 2 3"}
LETTER = 6.6
"""About how wide a character is, in the units of the drawings."""


class Size(msgspec.Struct, frozen=True):
    """Of a drawing, in its own units; the style sheet shows one or the other by the width of the screen."""

    name: str
    width: int
    height: int
    ticks: int
    """How many dates fit under it."""


WIDE = Size("wide", 760, 300, 9)
NARROW = Size("narrow", 360, 250, 4)
SMALL = Size("small", 190, 120, 2)


def el(name: str, content: str = "", **attributes: object) -> str:
    """An element; `class_` and `stroke_width` become `class` and `stroke-width`, numbers are rounded, "" left out."""
    parts = [name]
    for key, value in attributes.items():
        if value != "":
            shown = f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    return f"<{' '.join(parts)}>{content}</{name}>"


def text(x: float, y: float, content: str, anchor: str = "start", class_: str = "") -> str:
    return el("text", escape(content), x=float(x), y=float(y), text_anchor=anchor, class_=class_)


def nice_ticks(top: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to at least `top`."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / count
    magnitude = 10.0 ** int(log10(raw)) if raw >= 1 else 1.0
    step = next(factor * magnitude for factor in (1, 2, 3, 4, 5, 10) if factor * magnitude >= raw)
    return [step * index for index in range(ceil(top / step) + 1)]


def stride(days: int, most: int) -> int:
    """Every how many days a date is written, so that at most `most` are."""
    wanted = -(-days // most)
    return next((step for step in (1, 2, 3, 4, 7, 14, 28, 56, 91, 182) if step >= wanted), wanted)


def patterns(prefix: str, tones: Iterable[int]) -> str:
    """The fills of the tones, with ids of this drawing: what is not displayed cannot lend its fills."""
    made = []
    for tone in sorted(set(tones)):
        tile = el("rect", width=8, height=8, class_=f"tone-{tone}")
        tile += el("path", d=_HATCHING[tone], class_="hatching") if tone in _HATCHING else ""
        made.append(el("pattern", tile, id=f"{prefix}-{tone}", width=8, height=8, patternUnits="userSpaceOnUse"))
    return el("defs", "".join(made))


def drawing(chart_id: str, size: Size, height: float, title: str, summary: str, content: str) -> str:
    """The whole SVG, with its name and description for those who do not see it."""
    prefix = f"{chart_id}-{size.name}"
    named = el("title", escape(title), id=f"{prefix}-title") + el("desc", escape(summary), id=f"{prefix}-desc")
    return el(
        "svg",
        named + content,
        class_=f"chart-{size.name}",
        viewBox=f"0 0 {size.width} {height:.0f}",
        role="img",
        aria_labelledby=f"{prefix}-title",
        aria_describedby=f"{prefix}-desc",
        focusable="false",
    )


def legend(chart_id: str, entries: Iterable[tuple[str, int]], *, line: bool = False) -> str:
    """Label and tone of each series, once."""
    items = []
    for number, (label, tone) in enumerate(dict.fromkeys(entries)):
        if line:
            swatch = el("line", x1=0, x2=28, y1=7, y2=7, class_=f"line line-{tone}", stroke_dasharray=DASHES[tone])
        else:
            prefix = f"{chart_id}-key{number}"
            swatch = patterns(prefix, [tone])
            swatch += el("rect", width=28, height=14, rx=2, fill=f"url(#{prefix}-{tone})", class_="bar")
        items.append(
            el("li", el("svg", swatch, viewBox="0 0 28 14", width=28, height=14, aria_hidden="true") + escape(label))
        )
    return el("ul", "".join(items), class_="chart-legend")


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], words: Words) -> str:
    """The numbers, folded away; the first cell of each row is its head. Prints unfolded."""
    head = "".join(el("th", escape(cell), scope="col") for cell in heads)
    body = "".join(
        el("tr", el("th", escape(row[0]), scope="row") + "".join(el("td", escape(cell)) for cell in row[1:]))
        for row in rows
    )
    inner = el("caption", escape(caption)) + el("thead", el("tr", head)) + el("tbody", body)
    scroller = el("div", el("table", inner), class_="chart-scroll", role="region", aria_label=caption, tabindex=0)
    return el("details", el("summary", escape(words.table)) + scroller, class_="chart-data")


def figure(
    chart_id: str, title: str, summary: str, draw: Callable[[Size], tuple[float, str]], key: str, data: str
) -> str:
    """The chart around a function that draws it at a size: (height, content)."""
    drawn = ""
    for size in (WIDE, NARROW):
        height, content = draw(size)
        drawn += drawing(chart_id, size, height, title, summary, content)
    return frame(chart_id, title, summary, key + drawn + data)


def frame(chart_id: str, title: str, summary: str, content: str) -> str:
    caption = el(
        "figcaption", el("strong", escape(title)) + " " + el("span", escape(summary)), id=f"{chart_id}-caption"
    )
    return el("figure", caption + content, class_="chart", id=chart_id, aria_labelledby=f"{chart_id}-caption")


def highest(series: Iterable[Series]) -> float:
    return max((value for one in series for value in one.values), default=0)
