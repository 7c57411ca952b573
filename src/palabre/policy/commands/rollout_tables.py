"""How roll-outs are printed: what the admin API answers, as tables and sentences."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

STAGES = ("notified", "seen", "accepted", "declined", "later", "limited", "locked", "deletion_scheduled", "deleted")
RESTRICTING = ("limited", "locked", "deletion_scheduled", "deleted")
_COLOURS = {"running": "green", "scheduled": "cyan", "held": "yellow", "rolled_back": "red"}


def moment(at: int | None) -> str:
    """`Mon 8 Feb 2021`, with the time where it is not midnight; all in UTC."""
    if at is None:
        return ""
    when = datetime.fromtimestamp(at / 1000, UTC)
    day = f"{when:%a} {when.day} {when:%b %Y}"
    return day if at % 86_400_000 == 0 else f"{day} {when:%H:%M} UTC"


def plain(name: str) -> str:
    return name.replace("_", " ")


def count(people: int) -> str:
    """`1 person`, `1,234 people`."""
    return "1 person" if people == 1 else f"{people:,} people"


def overview(rollouts: list[dict[str, Any]], console: Console) -> None:
    if not rollouts:
        console.print("There is no roll-out yet. Make one with: palabre rollout create FOLDER --reason …")
        return
    table = Table("Roll-out", "Version", "State", "Announced", "Deadline", box=None)
    for one in rollouts:
        table.add_row(
            Text(one["rollout_id"]),
            Text(f"{one['policy']} {one['version']}"),
            _state(one),
            moment(one["announce"]),
            moment(one["deadline"]),
        )
    console.print(table)


def show(rollout: dict[str, Any], console: Console) -> None:
    """The dates, edition by edition where they differ."""
    console.print(Text.assemble((rollout["rollout_id"], "bold"), " · ", _state(rollout)))
    about = f"{rollout['policy']} {rollout['version']} ({rollout['kind']}), announced on {moment(rollout['announce'])}"
    console.print(Text(about))
    if rollout["held_since"] is not None:
        console.print(Text(f"Held since {moment(rollout['held_since'])}: every date moves on until it is resumed."))
    for wave in rollout["waves"]:
        where = ", ".join(wave["countries"]) if wave["countries"] else "everywhere"
        console.print(Text(f"From {moment(wave['at'])}: {wave['percent']} % of the people, {where}."))
    ladders: dict[str, list[str]] = {}
    for name, ladder in rollout["editions"].items():
        lines = [f"{moment(step['at'])}\t{plain(step['step'])}" for step in ladder["steps"]]
        ladders.setdefault("\n".join([f"{moment(ladder['deadline'])}\tdeadline", *lines]), []).append(name)
    for lines_, names in ladders.items():
        table = Table("Date", "Step", box=None, title=Text(", ".join(names)) if len(ladders) > 1 else None)
        for line in lines_.split("\n"):
            table.add_row(*(Text(cell) for cell in line.split("\t")))
        console.print(table)


def preview(forecast: dict[str, Any], console: Console) -> None:
    rollout = forecast["rollout"]
    console.print(Text(f"{rollout['rollout_id']}: of {count(forecast['accounts'])}, {forecast['asked']:,} are asked."))
    for name, what in (
        ("settled", "accepted already"),
        ("superseded", "are reached by a newer roll-out first"),
        ("never", "are in no wave"),
    ):
        if forecast[name]:
            console.print(Text(f"{forecast[name]:,} {what}."))
    if forecast["now"]:
        standing = ", ".join(f"{plain(level)} {people:,}" for level, people in forecast["now"].items())
        console.print(Text(f"Now: {standing}."))
    table = Table("Day", "Step", "People", "Where", box=None)
    table.columns[2].justify = "right"
    for day in forecast["days"]:
        where = sorted(day["regions"].items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{region} {people:,}" for region, people in where[:6])
        more = f", {len(where) - 6} more" if len(where) > 6 else ""
        at = int(datetime.fromisoformat(day["day"]).replace(tzinfo=UTC).timestamp() * 1000)
        table.add_row(moment(at), plain(day["step"]), f"{day['people']:,}", Text(shown + more))
    console.print(table)


def funnel(report: dict[str, Any], console: Console, *, by_day: bool) -> None:
    console.print(Text(f"{report['rollout_id']}, as of {moment(report['as_of'])}"))
    if by_day:
        table = Table("Day", "Country", *(plain(stage).capitalize() for stage in STAGES), box=None)
        for day in report["days"]:
            table.add_row(day["day"], day["region"], *(f"{day[stage]:,}" if day[stage] else "" for stage in STAGES))
    else:
        table = Table("Stage", "People", box=None)
        for stage in STAGES:
            table.add_row(plain(stage), f"{report['totals'][stage]:,}")
    for column in table.columns[2 if by_day else 1 :]:
        column.justify = "right"
    console.print(table)


def history(operations: list[dict[str, Any]], console: Console) -> None:
    table = Table("", "When", "What", "Who", "Why", box=None)
    for one in operations:
        details = one["details"]
        what = plain(one["operation"])
        if "deadline" in details:
            what += f" to {moment(details['deadline'])}"
        if "step" in details:
            what += f" {plain(details['step'])}"
        if "edition" in details:
            what += f" ({details['edition']})"
        table.add_row(str(one["number"]), moment(one["at"]), Text(what), Text(one["actor"]), Text(one["reason"]))
    console.print(table)


def touched(operation: str, forecast: dict[str, Any], body: dict[str, Any]) -> str:
    """Whom an operation touches, from the preview of the roll-out as it is."""
    now: dict[str, int] = forecast["now"]
    limited = sum(now.get(level, 0) for level in RESTRICTING)
    if operation == "start":
        announced = moment(forecast["rollout"]["announce"])
        return f"This asks {count(forecast['asked'])}, from {announced} on. {forecast['settled']:,} accepted already."
    if operation == "resume":
        return f"This asks {count(sum(now.values()))} again; {limited:,} of them are limited at once."
    if operation == "extend":
        edition = body.get("edition")
        asked = forecast["asked"] if edition is None else forecast["editions"].get(edition, 0)
        freed = f" {limited:,} are limited now." if edition is None else ""
        return f"This gives {count(asked)} more time.{freed}"
    if operation == "drop":
        people = forecast["steps"].get(body["step"], 0)
        return f"This spares {count(people)} the step {plain(body['step'])}."
    return f"This concerns {count(sum(now.values()))} who are asked now; {limited:,} of them are limited."


def _state(rollout: dict[str, Any]) -> Text:
    state = rollout["state"]
    return Text(plain(state), _COLOURS.get(state, ""))
