"""What is known of a roll-out as charts: its dates, and how far people have come."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from ...policy.rollouts.funnel import FunnelDay, FunnelReport
from ...policy.rollouts.history import Operation
from ...policy.rollouts.models import Ladder, Rollout
from .. import charts
from ..charts import TONES, Lane, Mark, Moment, Panel, Series, Span

DAY_MS = 24 * 3600 * 1000
DECIDED = ("accepted", "declined", "later")
TAKEN = ("limited", "locked", "deletion_scheduled", "deleted")
MOST_REGIONS = 8
LONGEST = 400
"""Days that a chart shows."""


class Speaker(msgspec.Struct, frozen=True):
    """The language of a figure: texts, dates, numbers, countries."""

    say: Callable[..., str]
    words: charts.Words
    country: Callable[[str], str]
    edition: Callable[[str], str]
    """The name of an edition by its id."""


def dates(rollout: Rollout, now: int, speaker: Speaker) -> str:
    """The ladder of everybody, and of the editions that have their own, as a timeline."""
    named = {"": rollout.ladder, **rollout.editions}
    ends = [step.at for ladder in named.values() for step in ladder.steps]
    ends += [ladder.deadline for ladder in named.values()] + [wave.at for wave in rollout.waves]
    end = max(ends) + max(7 * DAY_MS, (max(ends) - rollout.announce) // 12)
    lanes = []
    for edition, ladder in named.items():
        label = speaker.edition(edition) if edition else _common(rollout, speaker)
        lanes.append(_lane(label, ladder, rollout.terms.kind == "editorial", end, speaker))
    if rollout.waves:
        moments = [Moment(wave.at, speaker.say("console.wave")) for wave in rollout.waves]
        lanes.append(Lane(speaker.say("console.waves"), (), moments))
    summary = speaker.say("console.dates_summary")
    return charts.timeline("dates", speaker.say("console.dates"), summary, lanes, rollout.clock(now), speaker.words)


def _common(rollout: Rollout, speaker: Speaker) -> str:
    return speaker.say("console.others" if rollout.editions else "console.everybody")


def _lane(label: str, ladder: Ladder, editorial: bool, end: int, speaker: Speaker) -> Lane:
    spans = []
    for number, step in enumerate(ladder.steps):
        until = ladder.steps[number + 1].at if number + 1 < len(ladder.steps) else end
        name = speaker.say(f"console_named.level.{step.level.label}")
        spans.append(Span(step.at, until, name, TONES[step.level.label]))
    moments = [] if editorial else [Moment(ladder.deadline, speaker.say("console.deadline"))]
    return Lane(label, spans, moments)


def funnel(rollout: Rollout, report: FunnelReport, history: Sequence[Operation], speaker: Speaker) -> list[str]:
    """Charts by day and by region; none before anything has happened."""
    if not report.days:
        return []
    days = _days(report)
    marks = _marks(rollout, history, speaker)
    by_day = _sums(report.days, days)
    region_names = list(dict.fromkeys(day.region for day in report.days))
    made = [
        charts.stacked_bars(
            "decisions",
            speaker.say("console.decisions_chart"),
            _summary(report, DECIDED, speaker),
            days,
            _series(DECIDED, by_day, speaker),
            speaker.words,
            marks,
        ),
        charts.lines(
            "reach",
            speaker.say("console.reach_chart"),
            _summary(report, ("notified", "seen", "accepted"), speaker),
            days,
            _series(("notified", "seen", *DECIDED), by_day, speaker, charts.cumulative),
            speaker.words,
            marks,
        ),
    ]
    if any(report.totals[stage] for stage in TAKEN):
        made.append(
            charts.stacked_bars(
                "taken",
                speaker.say("console.taken_chart"),
                _summary(report, TAKEN, speaker),
                days,
                _series(TAKEN, by_day, speaker),
                speaker.words,
                marks,
            )
        )
    if len(region_names) > 1:
        made.append(_regions(report, days, speaker))
    return made


def _regions(report: FunnelReport, days: Sequence[date], speaker: Speaker) -> str:
    """The regions with the most people, each by itself, and all others together."""
    sizes: dict[str, int] = {}
    for day in report.days:
        sizes[day.region] = sizes.get(day.region, 0) + day.notified + day.accepted + day.declined + day.later
    largest = sorted(sizes, key=lambda region: -sizes[region])
    shown = largest if len(largest) <= MOST_REGIONS else largest[: MOST_REGIONS - 1]
    panels = []
    for region in shown:
        sums = _sums((day for day in report.days if day.region == region), days)
        panels.append(Panel(speaker.country(region), _series(DECIDED, sums, speaker, charts.cumulative)))
    if len(shown) < len(largest):
        sums = _sums((day for day in report.days if day.region not in shown), days)
        panels.append(Panel(speaker.say("console.other_regions"), _series(DECIDED, sums, speaker, charts.cumulative)))
    return charts.multiples(
        "regions",
        speaker.say("console.regions_chart"),
        speaker.say("console.regions_summary"),
        days,
        panels,
        speaker.words,
    )


def region_rows(report: FunnelReport, speaker: Speaker) -> list[tuple[str, list[int]]]:
    """(region, people at each stage) of every region, the largest first."""
    sums: dict[str, list[int]] = {}
    for day in report.days:
        row = sums.setdefault(day.region, [0] * len(report.totals))
        for index, stage in enumerate(report.totals):
            row[index] += getattr(day, stage)
    return [(speaker.country(region), row) for region, row in sorted(sums.items(), key=lambda item: -max(item[1]))]


def _days(report: FunnelReport) -> list[date]:
    """Every day from the first on which something happened until now, those included on which nothing did."""
    first = date.fromisoformat(report.days[0].day)
    last = max(date.fromisoformat(report.days[-1].day), day_of(report.as_of))
    first = max(first, last - timedelta(days=LONGEST - 1))
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _sums(rows: Iterable[FunnelDay], days: Sequence[date]) -> dict[str, list[float]]:
    """Stage -> people on each day; what lies before the first day counts on it."""
    sums: dict[str, list[float]] = {stage: [0.0] * len(days) for stage in FunnelDay.__struct_fields__[2:]}
    for row in rows:
        index = max(0, (date.fromisoformat(row.day) - days[0]).days)
        for stage, values in sums.items():
            values[index] += getattr(row, stage)
    return sums


def _series(
    stages: Iterable[str],
    sums: dict[str, list[float]],
    speaker: Speaker,
    change: Callable[[Sequence[float]], Sequence[float]] = list,
) -> list[Series]:
    return [Series(speaker.say(f"console_named.stage.{stage}"), change(sums[stage]), TONES[stage]) for stage in stages]


def _summary(report: FunnelReport, stages: Iterable[str], speaker: Speaker) -> str:
    """`Accepted: 1,200. Declined: 30.`"""
    return " ".join(
        f"{speaker.say(f'console_named.stage.{stage}')}{speaker.words.colon}"
        f"{speaker.words.number(report.totals[stage])}."
        for stage in stages
    )


def _marks(rollout: Rollout, history: Iterable[Operation], speaker: Speaker) -> list[Mark]:
    """The announcement, what was done to the roll-out, and the deadline if it has come."""
    marks = [Mark(day_of(rollout.announce), speaker.say("console.announcement"))]
    for operation in history:
        if operation.operation not in ("create", "revise"):
            label = speaker.say(f"console_named.operation.{operation.operation}.past")
            marks.append(Mark(day_of(operation.at), label))
    if rollout.terms.kind == "material":
        marks.append(Mark(day_of(rollout.ladder.deadline), speaker.say("console.deadline")))
    return marks


def day_of(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def changes(before: Rollout | None, after: Rollout, speaker: Speaker) -> list[dict[str, Any]]:
    """The dates that an operation moved, made or took away: what, from when, to when (`None`: not there)."""
    own = dict.fromkeys((*(before.editions if before else ()), *after.editions))
    was = _all_dates(before, own, speaker) if before else {}
    will = _all_dates(after, own, speaker)
    return [
        {"what": what, "before": was.get(what), "after": will.get(what)}
        for what in dict.fromkeys((*was, *will))
        if was.get(what) != will.get(what)
    ]


def _all_dates(rollout: Rollout, editions: Iterable[str], speaker: Speaker) -> dict[str, int]:
    """Every date of a roll-out by what it is, in words; `editions` are said apart from the rest."""
    found = {speaker.say("console.announcement"): rollout.announce}
    for edition in ("", *editions):
        ladder = rollout.ladder_for(edition)
        whose = f" ({speaker.edition(edition)})" if edition else ""
        if rollout.terms.kind == "material":
            found[speaker.say("console.deadline") + whose] = ladder.deadline
        reminders = 0
        for step in ladder.steps:
            name = speaker.say(f"console_named.level.{step.level.label}")
            if step.level.label == "reminder":
                reminders += 1
                name += f" {reminders}"
            if step.level.label != "notice":
                found[name + whose] = step.at
    for number, wave in enumerate(rollout.waves, 1):
        found[f"{speaker.say('console.wave')} {number}"] = wave.at
    return found
