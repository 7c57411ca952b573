"""The report of a run: one HTML file with everything in it, in each language. No script, nothing from elsewhere."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path

from ..core.text import Texts
from ..pages.charts import (
    STYLE,
    TONES,
    Lane,
    Mark,
    Moment,
    Panel,
    Series,
    Span,
    Words,
    lines,
    multiples,
    stacked_bars,
    timeline,
    words,
)
from ..policy.documents.models import Document
from ..policy.documents.reading import Folder
from ..policy.lint import Finding, check
from ..policy.rollouts.drafting import DAY, milliseconds
from ..policy.rollouts.models import Level
from .models import Event
from .runner import REHEARSED, Day, Outcome

TEXTS = Path(__file__).parent / "texts"
SEEN = (Level.NOTICE, Level.REMINDER, Level.LIMITED, Level.LOCKED, Level.DELETION_SCHEDULED)
WORSE = (Level.LIMITED, Level.LOCKED, Level.DELETION_SCHEDULED, Level.DELETED)
ANSWERS = ("accepted", "declined", "later", "left", "deleted")
_TONE = {"left": 1, **TONES}

_STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #20261f;
  background: #faf9f4; }
h1, h2 { line-height: 1.2; }
details.language > summary { font-size: 1.2rem; font-weight: 700; cursor: pointer; padding: 0.5rem 0; }
table.facts { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; }
table.facts th, table.facts td { border-bottom: 1px solid #dcd8cc; padding: 0.4rem 0.6rem; text-align: left;
  vertical-align: top; }
table.facts td.number { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; }
.holds { border-left: 0.4rem solid #1d6f45; padding: 0.3rem 0.8rem; }
.fails { border-left: 0.4rem solid #9c2f1b; padding: 0.3rem 0.8rem; }
@media (prefers-color-scheme: dark) { body { color: #ecebe3; background: #141813; }
  table.facts th, table.facts td { border-color: #373e34; } }
"""


def write(outcome: Outcome, other: Outcome | None = None) -> str:
    """The HTML. `other`: what a rehearsal of another calendar came to."""
    texts = Texts.load(TEXTS)
    scenario = outcome.script.scenario
    parts = [_Language(texts, locale, outcome, other).content() for locale in texts.languages]
    title = escape(scenario.names[texts.languages[0]])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def findings(outcome: Outcome) -> dict[str, list[Finding]]:
    """Version -> what the linter says of it, as on the day on which it was published here."""
    found: dict[str, list[Finding]] = {}
    earlier: list[Document] = []
    for event in outcome.script.scenario.calendar:
        if event.do == "publish":
            folder = outcome.script.folders[event.version]
            planned = Folder(folder.document, outcome.script.plans.get(event.version))
            found[event.version] = check(planned, earlier, event.on)
            earlier.append(folder.document)
    return found


class _Language:
    """The report in one language."""

    def __init__(self, texts: Texts, locale: str, outcome: Outcome, other: Outcome | None) -> None:
        self._texts = texts
        self._locale = locale
        self._words: Words = words(locale)
        self._outcome = outcome
        self._other = other
        begin = outcome.script.scenario.periods[-1].begin
        self._days = [day for day in outcome.days if day.day >= begin]

    def _t(self, key: str, **values: object) -> str:
        return self._texts.get(self._locale, key, **values)

    def _n(self, value: float) -> str:
        return self._words.number(value)

    def content(self) -> str:
        outcome, scenario = self._outcome, self._outcome.script.scenario
        broken = sum(tally.breaches for tally in outcome.tallies.values())
        verdict = self._t("fails", n=self._n(broken)) if broken else self._t("holds")
        lead = self._t("lead", people=self._n(outcome.size), seed=outcome.seed, seconds=self._n(outcome.seconds))
        sections = [
            f"<h1>{escape(scenario.names[self._locale])}</h1>",
            _p(scenario.about[self._locale]),
            _p(lead) + _p(self._t("guess")),
            f'<p class="{"fails" if broken else "holds"}"><strong>{escape(verdict)}</strong></p>',
            self._calendar(),
            self._saw(f"saw-{self._locale}", self._t("saw.title"), self._days),
            self._answered(),
            self._regions(),
            self._compared(),
            self._rules(),
            self._duties(),
            self._decided(),
        ]
        opened = " open" if self._locale == self._texts.languages[0] else ""
        name = escape(self._t("language"))
        body = "\n".join(sections)
        return (
            f'<details class="language" lang="{self._locale}"{opened}>\n<summary>{name}</summary>\n{body}\n</details>'
        )

    # sections

    def _calendar(self) -> str:
        t = self._t
        rows: list[list[str | float]] = []
        for done in self._outcome.done:
            event = done.event
            says = f"{t(f'do.{event.do}')}{self._words.colon}{event.says[self._locale]}"
            rows.append([self._words.full(event.on), says, done.people, done.rows, done.entries])
        head = [t("calendar.day"), t("calendar.what"), t("calendar.asked"), t("calendar.rows"), t("calendar.entries")]
        chart = timeline(
            f"calendar-{self._locale}",
            t("calendar.title"),
            t("calendar.summary"),
            [Lane(t("calendar.levels"), self._spans(), self._moments())],
            _ms(self._days[-1].day) + DAY,
            self._words,
        )
        return chart + self._table(head, rows) + _p(t("calendar.foot"))

    def _spans(self) -> list[Span]:
        """From when until when most of those who were asked saw what."""
        spans: list[Span] = []
        for day in self._days:
            level = max(SEEN, key=day.at)
            if day.at(level) * 100 < self._outcome.size:
                continue
            start, label, tone = _ms(day.day), self._t(f"level.{level.label}"), _TONE[level.label]
            if spans and spans[-1].label == label and spans[-1].end == start:
                spans[-1] = Span(spans[-1].start, start + DAY, label, tone)
            else:
                spans.append(Span(start, start + DAY, label, tone))
        return spans

    def _moments(self) -> list[Moment]:
        return [Moment(_ms(event.on) + 8 * DAY // 24, self._t(f"do.{event.do}")) for event in self._events()]

    def _events(self) -> list[Event]:
        return [event for event in self._outcome.script.scenario.calendar if event.on >= self._days[0].day]

    def _marks(self) -> list[Mark]:
        named = dict.fromkeys((event.on, self._t(f"do.{event.do}")) for event in self._events())
        return [Mark(on, label) for on, label in named]

    def _saw(self, chart_id: str, title: str, days: Sequence[Day], marked: bool = True) -> str:
        worst = max(days, key=lambda day: day.at(*WORSE))
        people = worst.at(*WORSE)
        summary = self._t("saw.summary", day=self._words.full(worst.day), people=self._n(people))
        series = [
            Series(self._t(f"level.{level.label}"), [day.at(level) for day in days], _TONE[level.label])
            for level in SEEN
            if any(day.at(level) for day in days)
        ]
        return stacked_bars(
            chart_id,
            title,
            summary if people else self._t("saw.calm"),
            [day.day for day in days],
            series,
            self._words,
            self._marks() if marked else (),
        )

    def _answered(self) -> str:
        last = self._days[-1]
        summary = self._t(
            "answers.summary",
            **{answer: self._n(_all(last, answer)) for answer in ("accepted", "declined", "left")},
        )
        series = [
            Series(self._t(f"answer.{answer}"), [_all(day, answer) for day in self._days], _TONE[answer])
            for answer in ANSWERS
            if any(_all(day, answer) for day in self._days)
        ]
        days = [day.day for day in self._days]
        name = f"answers-{self._locale}"
        return lines(name, self._t("answers.title"), summary, days, series, self._words, self._marks())

    def _regions(self) -> str:
        t, last = self._t, self._days[-1]
        rows: list[list[str | float]] = []
        panels = []
        for country in last.levels:
            worst = [sum(day.levels[country][level] for level in WORSE) for day in self._days]
            panels.append(
                Panel(
                    self._country(country),
                    [
                        Series(t("answer.accepted"), [day.accepted[country] for day in self._days], _TONE["accepted"]),
                        Series(t("level.limited"), worst, _TONE["limited"]),
                    ],
                )
            )
            counts = [getattr(last, answer)[country] for answer in ANSWERS]
            people = sum(last.levels[country]) + last.left[country] + last.deleted[country]
            rows.append([self._country(country), people, *counts, max(worst)])
        head = [t("regions.region"), t("regions.people"), *(t(f"answer.{one}") for one in ANSWERS)]
        days = [day.day for day in self._days]
        chart = multiples(
            f"regions-{self._locale}", t("regions.title"), t("regions.summary"), days, panels, self._words
        )
        return chart + self._table([*head, t("regions.limited_days")], rows)

    def _compared(self) -> str:
        if self._other is None:
            return ""
        t, there = self._t, self._other.script.scenario
        days = [day for day in self._other.days if day.day >= there.periods[-1].begin]
        here, other = _figures(self._days), _figures(days)
        keys = ("most", "days", "accepted", "left", "deleted")
        rows: list[list[str | float]] = [[t(f"other.{key}"), here[key], other[key]] for key in keys]
        return (
            f"<h2>{escape(t('other.title'))}</h2>"
            + _p(t("other.intro", name=there.names[self._locale]))
            + (_p(t("other.reckoned", people=self._words.number(REHEARSED))) if self._outcome.size > REHEARSED else "")
            + _p(there.about[self._locale])
            + self._table(["", t("other.here"), t("other.there")], rows)
            + self._saw(f"other-{self._locale}", there.names[self._locale], days, marked=False)
        )

    def _rules(self) -> str:
        t, outcome = self._t, self._outcome
        rows: list[list[str | float]] = [
            [t(f"rules.{rule}"), tally.checks, tally.people, tally.breaches] for rule, tally in outcome.tallies.items()
        ]
        head = [t("rules.rule"), t("rules.checks"), t("rules.people"), t("rules.breaches")]
        broken = "".join(f"<li>{escape(breach)}</li>" for breach in outcome.breaches)
        listed = f'<h3>{escape(t("rules.broken"))}</h3><ul lang="en">{broken}</ul>' if broken else ""
        sampled = _p(t("rules.sampled", n=self._n(outcome.sampled)))
        return f"<h2>{escape(t('rules.title'))}</h2>" + self._table(head, rows) + sampled + listed

    def _duties(self) -> str:
        t = self._t
        rows: list[list[str | float]] = []
        for version, found in findings(self._outcome).items():
            by_code: dict[str, list[Finding]] = {}
            for finding in found:
                by_code.setdefault(finding.code, []).append(finding)
            rows += [
                [version, code, group[0].duty, len(group), group[0].acknowledged or ""]
                for code, group in by_code.items()
            ]
        head = [t(f"duties.{column}") for column in ("version", "code", "duty", "places", "reason")]
        content = self._table(head, rows) if rows else _p(t("duties.none"))
        return f"<h2>{escape(t('duties.title'))}</h2>" + _p(t("duties.intro")) + content

    def _decided(self) -> str:
        t = self._t
        rows: list[list[str | float]] = []
        for name, count in self._outcome.decided.items():
            version, _, kind = name.rpartition(" ")
            rows.append([version, t(f"decided.{kind}"), count])
        head = [t("decided.version"), t("decided.kind"), t("decided.count")]
        return f"<h2>{escape(t('decided.title'))}</h2>" + self._table(head, rows)

    # pieces

    def _country(self, code: str) -> str:
        return self._t(f"country.{code}") if self._texts.has(f"country.{code}") else code

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
        heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        body = "".join(f"<tr>{''.join(self._cell(cell) for cell in row)}</tr>" for row in rows)
        return (
            f'<div class="wide"><table class="facts"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    def _cell(self, cell: str | float) -> str:
        if isinstance(cell, str):
            return f"<td>{escape(cell)}</td>"
        return f'<td class="number">{escape(self._n(cell))}</td>'


def _figures(days: Sequence[Day]) -> dict[str, int]:
    return {
        "most": max(day.at(*WORSE) for day in days),
        "days": sum(day.at(*WORSE) for day in days),
        **{answer: _all(days[-1], answer) for answer in ANSWERS},
    }


def _all(day: Day, answer: str) -> int:
    counts: dict[str, int] = getattr(day, answer)
    return sum(counts.values())


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _ms(day: date) -> int:
    return milliseconds(datetime(day.year, day.month, day.day))  # noqa: DTZ001 (UTC where no zone is given)
