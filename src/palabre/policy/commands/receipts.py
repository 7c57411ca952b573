"""`palabre policy verify`: checking a receipt, on any machine, with nothing but public keys."""

import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer

from ...core.json import JsonObject
from ..decisions.receipts import ReceiptError, verify

TIMEOUT_SECONDS = 10.0


def verify_receipt(
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help="The receipt: a file, or - for standard input.")],
    jwks: Annotated[
        str,
        typer.Option(
            metavar="FILE|URL",
            help="The operator's public keys; they publish them at https://…/.well-known/palabre/jwks.json.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print all that was signed.")] = False,
) -> None:
    """Check a receipt. Ends with 0 if it is genuine, with 1 if it is not."""
    try:
        payload = verify(_text(receipt).strip(), _keys(jwks))
        lines = [msgspec.json.format(msgspec.json.encode(payload)).decode()] if as_json else _summary(payload)
    except (ReceiptError, OSError, UnicodeDecodeError, httpx.HTTPError) as error:
        typer.secho(f"Not verified: {error}", fg="red", err=True)
        raise typer.Exit(1) from None
    for line in lines:
        typer.echo(line)


def _text(source: str) -> str:
    return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")


def _keys(source: str) -> dict[str, Any]:
    if source.startswith(("https://", "http://")):
        answer = httpx.get(source, timeout=TIMEOUT_SECONDS, follow_redirects=True)
        answer.raise_for_status()
        content = answer.content
    else:
        content = Path(source).read_bytes()
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise ReceiptError("The public keys are not a JSON Web Key Set.") from None


def _summary(payload: JsonObject) -> list[str]:
    try:
        record = payload["dpv:hasRecordOfActivity"]
        notice, status = record["dpv:hasNotice"], record["dpv:hasConsentStatus"]
        rows = [
            f"  {process['dct:identifier']}: {_said(process['dpv:hasConsentStatus'])}"
            for process in record["dpv:hasProcess"]
            if "dpv:hasConsentStatus" in process
        ]
        return [
            "The receipt is genuine.",
            f"Who:    {record['dpv:hasDataSubject']['dpv:hasIdentifier']}",
            f"What:   {_said(status)}",
            f"When:   {status['dpv:isIndicatedAtTime']}",
            f"Text:   {notice['@id']}",
            f"        {notice['dct:identifier']} ({notice['dct:language']})",
            *(["Choices:", *rows] if rows else []),
            f"Signed: {payload['dct:created']}",
        ]
    except (KeyError, TypeError, IndexError):
        raise ReceiptError("The signature is right, but what is signed is not a consent receipt.") from None


def _said(event: JsonObject) -> str:
    """`dpv:ConsentGiven` as `ConsentGiven`."""
    status: str = event["@type"][0]
    return status.partition(":")[2]
