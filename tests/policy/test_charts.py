"""Charts: well-formed, readable without seeing them, without colours and without a frame."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from palabre.pages import charts
from palabre.pages.charts import Lane, Mark, Moment, Panel, Series, Span, cumulative, words
from palabre.pages.charts.series import _rows
from palabre.pages.charts.svg import nice_ticks, stride

EN, FR = words("en"), words("fr")
DAYS = [date(2021, 1, 30) + timedelta(days=number) for number in range(4)]
ACCEPTED = Series("Accepted & <b>", [10, 1200, 0, 5], 3)
DECLINED = Series("Declined", [1, 2, 3, 4], 4)
BOTH = (ACCEPTED, DECLINED)
DAY_MS = 86_400_000
LANE = Lane(
    "Everybody",
    [Span(0, 10 * DAY_MS, "Notice", 1), Span(10 * DAY_MS, 12 * DAY_MS, "Limited", 6)],
    [Moment(9 * DAY_MS, "Deadline")],
)

DRAWN: dict[str, Callable[[], str]] = {
    "bars": lambda: charts.stacked_bars("a", "Title", "Summary", DAYS, BOTH, EN, [Mark(DAYS[1], "Extended")]),
    "lines": lambda: charts.lines("b", "Title", "Summary", DAYS, BOTH, EN, [Mark(DAYS[0], "x"), Mark(DAYS[0], "y")]),
    "multiples": lambda: charts.multiples("c", "Title", "Summary", DAYS, [Panel("FR", BOTH), Panel("IN", BOTH)], EN),
    "timeline": lambda: charts.timeline("d", "Title", "Summary", [LANE, LANE], 3 * DAY_MS, EN),
    "no days": lambda: charts.stacked_bars("e", "Title", "Summary", [], [], EN),
    "no lines": lambda: charts.lines("f", "Title", "Summary", [], [Series("A", [], 1)], EN),
    "no panels": lambda: charts.multiples("g", "Title", "Summary", [], [], EN),
    "one day": lambda: charts.lines("h", "Title", "Summary", DAYS[:1], [Series("A", [3], 1)], EN),
    "nothing happens": lambda: charts.stacked_bars("i", "Title", "Summary", DAYS, [Series("A", [0] * 4, 1)], EN),
    "a moment": lambda: charts.timeline("j", "Title", "Summary", [Lane("A", ())], 5, EN),
}


@pytest.fixture(params=DRAWN)
def figure(request: pytest.FixtureRequest) -> ElementTree.Element:
    return ElementTree.fromstring(DRAWN[request.param]())


def test_every_chart_is_named_and_told(figure: ElementTree.Element) -> None:
    """What a screen reader says of each drawing, and the numbers as a table."""
    ids = {element.get("id") for element in figure.iter()}
    drawings = [svg for svg in figure.iter("svg") if svg.get("role") == "img"]
    for svg in drawings:
        assert svg.findtext("title")
        assert svg.find("desc") is not None
        assert svg.get("aria-labelledby") in ids
        assert svg.get("aria-describedby") in ids
    assert all(svg.get("aria-hidden") == "true" for svg in figure.iter("svg") if svg not in drawings)
    assert figure.get("aria-labelledby") in ids
    (table,) = figure.iter("table")
    assert table.findtext("caption")
    assert all(head.get("scope") in ("col", "row") and head.text for head in table.iter("th"))


def test_ids_are_unique_and_fills_are_there(figure: ElementTree.Element) -> None:
    ids = [element.get("id") for element in figure.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in figure.iter():
        fill = element.get("fill") or ""
        if fill.startswith("url("):
            assert fill[5:-1] in ids


def test_nothing_needs_a_script_or_a_style_of_its_own(figure: ElementTree.Element) -> None:
    for element in figure.iter():
        assert element.tag not in ("script", "style", "foreignObject", "image")
        assert not {"style", "onclick", "href"} & set(element.attrib)


def test_no_number_is_broken(figure: ElementTree.Element) -> None:
    for element in figure.iter():
        for name in ("x", "y", "width", "height", "x1", "y1", "points", "d"):
            assert not re.search("nan|inf|e-", element.get(name) or ""), element.attrib
        assert float(element.get("height", "0")) >= 0


def test_bars_stand_on_each_other() -> None:
    figure = ElementTree.fromstring(DRAWN["bars"]())
    wide = next(svg for svg in figure.iter("svg") if svg.get("class") == "chart-wide")
    bars = [rect for rect in wide.iter("rect") if (rect.get("class") or "").startswith("bar")]
    assert len(bars) == 7  # a zero is not drawn
    first, second = bars[:2]
    assert first.get("x") == second.get("x")
    assert float(second.get("y", "")) + float(second.get("height", "")) == pytest.approx(
        float(first.get("y", "")), abs=0.2
    )
    assert first.findtext("title") == "30 Jan 2021, Accepted & <b>: 10"


def test_heights_are_in_proportion() -> None:
    figure = ElementTree.fromstring(charts.stacked_bars("a", "T", "S", DAYS, [Series("A", [1, 2, 4, 3], 1)], EN))
    wide = next(svg for svg in figure.iter("svg") if svg.get("class") == "chart-wide")
    heights = [float(rect.get("height", "")) for rect in wide.iter("rect") if rect.get("class") == "bar"]
    assert [height / heights[0] for height in heights] == pytest.approx([1, 2, 4, 3], rel=0.02)


def test_the_table_has_the_numbers() -> None:
    figure = ElementTree.fromstring(DRAWN["lines"]())
    cells = [[cell.text for cell in row] for row in figure.iter("tr")]
    assert cells[0] == ["Day", "Accepted & <b>", "Declined"]
    assert cells[2] == ["31 Jan 2021", "1,200", "2"]
    assert len(cells) == 5


def test_text_is_escaped() -> None:
    for draw in DRAWN.values():
        assert "<b>" not in draw()


def test_each_series_differs_without_its_colour() -> None:
    """In print and in grey: another pattern, another dash, and its label where it ends."""
    bars = DRAWN["bars"]()
    assert bars.count("hatching") >= 2
    lines = ElementTree.fromstring(DRAWN["lines"]())
    wide = next(svg for svg in lines.iter("svg") if svg.get("class") == "chart-wide")
    dashes = [line.get("stroke-dasharray") for line in wide.iter("polyline")]
    assert len(set(dashes)) == 2
    ends = [text.text for text in wide.iter("text") if "end-label" in (text.get("class") or "")]
    assert sorted(filter(None, ends)) == ["Accepted & <b>", "Declined"]


def test_marks_that_are_close_go_on_lines_of_their_own() -> None:
    assert _rows([(100, "Announcement"), (120, "Extended"), (400, "Deadline")], 760) == [0, 1, 0]
    assert _rows([(750, "Deadline"), (745, "Deadline")], 760) == [0, 1]


def test_marks_of_other_days_are_left_out() -> None:
    assert "Later" not in charts.lines("a", "T", "S", DAYS, BOTH, EN, [Mark(date(2022, 1, 1), "Later")])


def test_languages() -> None:
    assert EN.number(1234567) == "1,234,567"
    assert FR.number(1234567) == "1\u202f234\u202f567"
    assert FR.full(date(2021, 2, 1)) == "1er févr. 2021"
    assert EN.short(date(2021, 2, 1)) == "1 Feb"
    assert FR.moment(1_609_891_200_000) == "6 janv. 2021, 00:00\u00a0UTC"
    assert words("de") is EN
    assert "Les chiffres en tableau" in charts.lines("a", "T", "S", DAYS, BOTH, FR)


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (7, [0, 2, 4, 6, 8]),
        (105, [0, 30, 60, 90, 120]),
        (1_000_000, [0, 300_000, 600_000, 900_000, 1_200_000]),
    ],
)
def test_ticks_are_round(top: float, ticks: list[float]) -> None:
    assert nice_ticks(top) == ticks


def test_ticks_reach_over_every_number() -> None:
    for top in range(1, 3000):
        ticks = nice_ticks(top)
        assert ticks[-1] >= top
        assert len(ticks) <= 6


def test_dates_do_not_crowd() -> None:
    for days in range(1, 800):
        assert -(-days // stride(days, 9)) <= 9


def test_sums() -> None:
    assert cumulative([1, 2, 3]) == [1, 3, 6]


def test_the_style_knows_every_tone_and_depends_on_nothing() -> None:
    for tone in set(charts.TONES.values()):
        assert f".tone-{tone} {{" in charts.STYLE
        assert f".line-{tone} {{" in charts.STYLE
        assert charts.STYLE.count(f"--tone-{tone}:") == 3  # light, dark, print
    declared = set(re.findall(r"(--[a-z0-9-]+):", charts.STYLE))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", charts.STYLE)) <= declared
    assert "url(" not in charts.STYLE
    assert "@import" not in charts.STYLE


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_tones_stand_out_from_the_paper() -> None:
    """WCAG 2.2, 1.4.11: 3 to 1."""
    blocks = re.findall(r"--chart-paper: (#[0-9a-f]{3,6});(.*?)--tone-over", charts.STYLE, re.DOTALL)
    assert len(blocks) == 3
    for paper, block in blocks:
        under = luminance(paper if len(paper) == 7 else "#ffffff")
        for colour in re.findall(r"--tone-\d: (#[0-9a-f]{6})", block):
            over = luminance(colour)
            assert (max(under, over) + 0.05) / (min(under, over) + 0.05) >= 3, (paper, colour)
