"""Nothing is missing, and what is named exists."""

import pytest

from .examples import EUROPE, WORLD, Broken, Edit, Fine, breaks, passes

EMPTY = "It is empty."

BREAKS: Broken = [
    ("CELL-EMPTY", lambda d: d.row("ads").update(recipients=[]), [(f"{EUROPE}.processing[ads].recipients", EMPTY)]),
    (
        "CELL-EMPTY",
        lambda d: d.row("hosting")["transfer"].update(countries=[]),
        [(f"{EUROPE}.processing[hosting].transfer.countries", EMPTY)],
    ),
    ("CELL-EMPTY", lambda d: d.row("ads").update(text={}), [(f"{EUROPE}.processing[ads].text", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.edition().update(processing=[]), [(f"{EUROPE}.processing", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.policy["names"].update(fr=" \n"), [("policy.yaml: names.fr", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.policy["rights"].update(terms=[]), [("policy.yaml: rights.terms", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.policy.update(editions=[]), [("policy.yaml: editions", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.acknowledge("CELL-EMPTY", " "), [("policy.yaml: acknowledgements[0].reason", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.text("fr").update(summary="\n"), [("fr.summary.md (europe)", EMPTY)]),
    ("CELL-EMPTY", lambda d: d.text("en", "world").update(text=" "), [("en.md (world)", EMPTY)]),
    (
        "RECIPIENT-UNKNOWN",
        lambda d: d.row("ads").update(recipients=["us", "mister-x"]),
        [
            (
                f"{EUROPE}.processing[ads]",
                "The data goes to mister-x, but `recipients` does not say who that is.",
            )
        ],
    ),
    (
        "TERM-UNKNOWN",
        lambda d: d.row("ads", "world").update(purpose="dpv:Shenanigans", data="pd:Aura", legal_basis="dpv:Whim"),
        [
            (f"{WORLD}.processing[ads]", f"There are no plain words for {term}: people read the name of the term.")
            for term in ("dpv:Shenanigans", "dpv:Whim", "pd:Aura")
        ],
    ),
    (
        "TERM-UNKNOWN",
        lambda d: d.row("hosting")["transfer"].update(safeguard="eu-gdpr:Hope"),
        [
            (
                f"{EUROPE}.processing[hosting]",
                "There are no plain words for eu-gdpr:Hope: people read the name of the term.",
            )
        ],
    ),
    (
        "TERM-UNKNOWN",
        lambda d: d.policy["rights"]["terms"].append("eu-gdpr:A99"),
        [("policy.yaml: rights.terms", "There are no plain words for eu-gdpr:A99: people read the name of the term.")],
    ),
    (
        "ID-TWICE",
        lambda d: d.row("ads").update(id="messages"),
        [(f"{EUROPE}.processing", "Two rows have the id messages.")],
    ),
    (
        "ID-TWICE",
        lambda d: d.edition().update(id="world"),
        [("policy.yaml: editions", "Two editions have the id world.")],
    ),
]
FINE: Fine = [
    ("ID-TWICE", lambda d: d.row("ads").update(id="adverts")),
    ("RECIPIENT-UNKNOWN", lambda d: d.row("ads").update(recipients=["shop"])),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)
