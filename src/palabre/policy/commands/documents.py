"""`palabre policy`: checking, comparing and publishing policy versions."""

import json
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...core.clock import Clock
from ..documents import wording
from ..documents.diff import compare, region_of
from ..documents.models import Document
from ..documents.reading import DocumentError, Folder, read_folder
from ..documents.routes import ADMIN, POLICIES, address_of, describe
from ..documents.schema import json_schema
from ..lint import Finding, check
from .admin import SERVER, TOKEN_FILE, ActorOption, Refused, Server, ServerOption, TokenOption, actor_name, stop

app = typer.Typer(help="Check, compare and publish policies.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(help="Folder of a policy version: policy.yaml, en.md, …")]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")]


@app.command()
def lint(
    folder: FolderArgument,
    earlier: Annotated[
        list[Path] | None, typer.Option(help="Folder of a version that was published before; repeat, oldest first.")
    ] = None,
    format: Format = "text",
) -> None:
    """Say which duties a policy breaks. Exit code 1 when it cannot be published as it is."""
    read = _read(folder)
    before = [_read(path).document for path in earlier or []]
    findings = check(read, before, Clock().now().date())
    if format == "json":
        typer.echo(json.dumps(msgspec.to_builtins(findings), indent=2, ensure_ascii=False))
    else:
        show_findings(findings)
    if any(_in_the_way(finding) for finding in findings):
        raise typer.Exit(1)


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="The older one: a folder, or POLICY/VERSION on the server.")],
    b: Annotated[str, typer.Argument(help="The newer one.")],
    edition: Annotated[str | None, typer.Option(help="For the people of this edition of the newer one.")] = None,
    country: Annotated[str | None, typer.Option(help="For the people of a country, such as FR.")] = None,
    locale: Annotated[str, typer.Option(help="Language of the sentences.")] = "en",
    format: Annotated[Literal["text", "json", "html"], typer.Option("--format", help="How to print it.")] = "text",
    server: ServerOption = SERVER,
) -> None:
    """What changes for a person. Without --edition and --country, for every edition of the newer version."""
    old, new = _document(a, server), _document(b, server)
    regions = [country.upper()] if country else [region_of(new, one) for one in _editions(new, edition)]
    found = [(new.edition_for(region), compare(old, new, region)) for region in regions]
    if format == "json":
        body = [{"edition": one.id, **describe(changes, new, [locale])} for one, changes in found]
        typer.echo(json.dumps(msgspec.to_builtins(body), indent=2, ensure_ascii=False))
        return
    for one, changes in found:
        name = one.names.get(locale, one.id)
        if format == "html":
            typer.echo(f"<h2>{escape(name)}</h2>\n{wording.to_html(changes, locale, new)}", nl=False)
            continue
        typer.secho(name, bold=True)
        for sentence in wording.sentences(changes, locale, new):
            typer.echo(f"- {sentence}")


@app.command()
def publish(
    folder: FolderArgument,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
    actor: ActorOption = None,
) -> None:
    """Publish a version, for ever. Nobody is asked anything before a roll-out carries it."""
    read = _read(folder)
    body = {
        "policy": msgspec.to_builtins(read.document.policy),
        "wording": msgspec.to_builtins(read.document.wording),
        "rollout": msgspec.to_builtins(read.plan),
        "actor": actor_name(actor),
    }
    try:
        version = Server(server, token_file).call("POST", ADMIN, body)
    except Refused as refused:
        if "findings" in refused.body:
            show_findings(msgspec.convert(refused.body["findings"], list[Finding]))
        stop(str(refused))
    typer.echo(f"Published {version['policy']} {version['version']} ({version['hash']}).\n{version['url']}")


@app.command(name="list")
def list_(server: ServerOption = SERVER, format: Format = "text") -> None:
    """Everything that is published."""
    policies = _ask(Server(server), POLICIES)["policies"]
    if format == "json":
        typer.echo(json.dumps(policies, indent=2, ensure_ascii=False))
        return
    table = Table("Policy", "Version", "Kind", "Effective", "Locales", "Hash", box=None)
    for policy in policies:
        for one in policy["versions"]:
            mark = " (asked for)" if one["version"] == policy["current"] else ""
            table.add_row(
                policy["policy"],
                one["version"] + mark,
                one["kind"],
                one["effective"],
                ", ".join(one["locales"]),
                one["hash"][:19] + "…",
            )
    Console().print(table)


@app.command()
def show(
    policy: Annotated[str, typer.Argument(help="Id of the policy.")],
    version: Annotated[str, typer.Argument(help="The version.")],
    edition: Annotated[str | None, typer.Option(help="Only this edition.")] = None,
    locale: Annotated[str, typer.Option(help="Language.")] = "en",
    format: Format = "text",
    server: ServerOption = SERVER,
) -> None:
    """Print a published version: its text and its table."""
    document = _document(f"{policy}/{version}", server)
    if format == "json":
        typer.echo(json.dumps(msgspec.to_builtins(document), indent=2, ensure_ascii=False))
        return
    console = Console()
    for one in _editions(document, edition):
        shown = document.edition(one)
        console.rule(Text(f"{document.policy.names.get(locale, policy)} · {shown.names.get(locale, one)}"))
        words = document.wording.get(one, {}).get(locale)
        if words is not None:
            console.print(Text(f"{words.summary}\n{words.text}"))
        table = Table("Data", "Purpose", "By", "Legal basis", "Necessity", "Kept")
        for row in shown.processing:
            table.add_row(
                wording.term_label(row.data, locale),
                wording.term_label(row.purpose, locale),
                wording.recipients_label(row.recipients, locale, document),
                wording.term_label(row.legal_basis, locale),
                row.necessity,
                wording.retention_label(row.retention, locale),
            )
        console.print(table)


@app.command()
def schema() -> None:
    """Print the JSON Schema of policy.yaml and rollout.yaml."""
    typer.echo(json.dumps(json_schema(), indent=2))


def show_findings(findings: list[Finding]) -> None:
    """A block a finding: the worst first, with how to mend it."""
    order = sorted(findings, key=lambda one: (one.severity != "error", one.acknowledged is not None))
    console = Console(highlight=False)
    for one in order:
        kind = one.severity if one.acknowledged is None else "acknowledged"
        colour = {"error": "red", "warning": "yellow"}.get(kind, "dim")
        console.print(Text.assemble((kind, colour), " ", (one.code, "bold"), "  ", (one.place, "dim")))
        lines: list[str | Text] = [one.message, Text(one.duty, "dim"), f"→ {one.mend}"]
        lines += [f"Acknowledged: {one.acknowledged}"] if one.acknowledged is not None else []
        for line in lines:
            console.print(Padding(line, (0, 0, 0, 2)))
        console.print()
    errors = sum(one.severity == "error" for one in findings)
    left = sum(_in_the_way(one) for one in findings) - errors
    known = len(findings) - errors - left
    typer.echo(f"{errors} errors, {left} warnings, {known} warnings acknowledged.")


def _in_the_way(finding: Finding) -> bool:
    return finding.severity == "error" or finding.acknowledged is None


def _read(path: Path) -> Folder:
    try:
        return read_folder(path)
    except DocumentError as error:
        stop(f"{path} is no policy version.\n{error}")


def _document(name: str, server: str) -> Document:
    """From a folder, or from the server."""
    if Path(name).is_dir():
        return _read(Path(name)).document
    policy, slash, version = name.partition("/")
    if not slash or "/" in version:
        stop(f"{name} is neither a folder nor POLICY/VERSION.")
    path = f"{address_of(policy, version)}/document.json"
    return msgspec.convert(_ask(Server(server), path), Document)


def _ask(server: Server, path: str) -> Any:
    try:
        return server.call("GET", path)
    except Refused as refused:
        stop(str(refused))


def _editions(document: Document, wanted: str | None) -> list[str]:
    known = [edition.id for edition in document.policy.editions]
    if wanted is not None and wanted not in known:
        stop(f"There is no edition {wanted}. There are: {', '.join(known)}.")
    return known if wanted is None else [wanted]
