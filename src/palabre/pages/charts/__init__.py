"""Charts as SVG, drawn on the server: data in, markup out. No script, no frame: a self-contained report uses them too.

    stacked_bars(chart_id, title, summary, days, series, words, marks=()) -> str
    lines(chart_id, title, summary, days, series, words, marks=()) -> str
    multiples(chart_id, title, summary, days, panels, words) -> str
    timeline(chart_id, title, summary, lanes, now, words) -> str

Each answer is one `<figure class="chart">`: title, legend, drawing (a wide one and a narrow one, the style sheet shows
what fits) and the numbers as a table. `chart_id` is unique in its document; `summary` says in a sentence what one would
see. `STYLE` is the style sheet: `static/charts.css`, for a page to link and for a report to put into `<style>`.
Every series has a colour, a pattern or dash, and a label, so that colour alone never says anything.

    Series("Accepted", [0, 12, 30], TONES["accepted"])
    Mark(date(2021, 2, 8), "Deadline")
    figure = stacked_bars("decisions", "Decisions by day", "Most people …", days, series, words("en"))
"""

from pathlib import Path

from .models import TONES, Lane, Mark, Moment, Panel, Series, Span, Words, words
from .series import cumulative, lines, multiples, stacked_bars
from .timeline import timeline

STYLE = (Path(__file__).parent.parent / "static" / "charts.css").read_text(encoding="utf-8")

__all__ = [
    "STYLE",
    "TONES",
    "Lane",
    "Mark",
    "Moment",
    "Panel",
    "Series",
    "Span",
    "Words",
    "cumulative",
    "lines",
    "multiples",
    "stacked_bars",
    "timeline",
    "words",
]
