"""Every text exists in every locale, and says about as much."""

import pytest

from .examples import EUROPE, Broken, Edit, Fine, breaks, each, passes


def nothing_in(locale: str) -> str:
    return f"There is nothing in the locale {locale}, which other parts of the policy have."


SIX, THREE = "# A\n\nb c d e f\n", "# A\n\nb c\n"

BREAKS: Broken = [
    ("LOCALE-MISSING", lambda d: d.policy["names"].pop("fr"), [("policy.yaml: names", nothing_in("fr"))]),
    ("LOCALE-MISSING", lambda d: d.policy["rights"]["how"].pop("en"), [("policy.yaml: rights.how", nothing_in("en"))]),
    (
        "LOCALE-MISSING",
        lambda d: d.policy["rights"]["complaint"].pop("en"),
        [("policy.yaml: rights.complaint", nothing_in("en"))],
    ),
    ("LOCALE-MISSING", lambda d: d.edition()["names"].pop("fr"), [(f"{EUROPE}.names", nothing_in("fr"))]),
    (
        "LOCALE-MISSING",
        lambda d: d.row("ads")["text"].pop("fr"),
        [(f"{EUROPE}.processing[ads].text", nothing_in("fr"))],
    ),
    ("LOCALE-MISSING", lambda d: d.wording["world"].pop("fr"), [("fr.md (world)", nothing_in("fr"))]),
    (
        "LOCALE-MISSING",
        lambda d: d.wording.pop("world"),
        [("en.md (world)", nothing_in("en")), ("fr.md (world)", nothing_in("fr"))],
    ),
    (
        "LOCALE-MISSING",  # a locale that is only in one place is missing everywhere else
        each(
            lambda d: d.policy.update(editions=[d.edition()]),
            lambda d: d.edition().update(processing=[]),
            lambda d: d.wording.pop("world"),
            lambda d: d.wording["europe"].update(de=d.text()),
        ),
        [
            (f"{EUROPE}.names", nothing_in("de")),
            ("policy.yaml: names", nothing_in("de")),
            ("policy.yaml: rights.complaint", nothing_in("de")),
            ("policy.yaml: rights.how", nothing_in("de")),
        ],
    ),
    (
        "WORDING-STRAY",
        lambda d: d.wording.update(mars=d.wording["world"], asia=d.wording["world"]),
        [
            ("wording", "There is a text for the edition asia, which does not exist."),
            ("wording", "There is a text for the edition mars, which does not exist."),
        ],
    ),
    (
        "LOCALE-STRUCTURE",
        lambda d: d.text("fr").update(text=d.text("fr")["text"].replace("## ", "")),
        [("fr.md (europe)", "The number of headings is 1; in en.md it is 2.")],
    ),
    (
        "LOCALE-LENGTH",
        each(lambda d: d.text("en").update(text=SIX), lambda d: d.text("fr").update(text="# A\n\nb\n")),
        [("fr.md (europe)", "It has 2 words, but en.md has 6: one of them says much less.")],
    ),
    (
        "LOCALE-LENGTH",
        each(lambda d: d.text("en").update(text="# A\n\nb\n"), lambda d: d.text("fr").update(text=SIX)),
        [("fr.md (europe)", "It has 6 words, but en.md has 2: one of them says much less.")],
    ),
    (
        "LOCALE-UNTRANSLATED",
        lambda d: d.wording["europe"].update(fr=d.text("en")),
        [(f"fr{part}.md (europe)", "It is word for word the text of the locale en.") for part in ("", ".summary")],
    ),
    (
        "LOCALE-UNTRANSLATED",
        lambda d: d.text("fr").update(summary=d.text("en")["summary"]),
        [("fr.summary.md (europe)", "It is word for word the text of the locale en.")],
    ),
]
FINE: Fine = [
    ("LOCALE-STRUCTURE", lambda d: d.text("fr").update(text=d.text("fr")["text"] + "\n```\n# code\n```\n")),
    (
        "LOCALE-LENGTH",
        each(lambda d: d.text("en").update(text=SIX), lambda d: d.text("fr").update(text=THREE)),
    ),
    (
        "LOCALE-LENGTH",
        each(lambda d: d.text("en").update(text=THREE), lambda d: d.text("fr").update(text=SIX)),
    ),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)
