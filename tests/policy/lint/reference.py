"""The part of docs/lint.md that lists all rules. `python -m tests.policy.lint.reference` writes it anew."""

import re
import sys
from pathlib import Path

from palabre.policy.lint import RULES, Rule

DOCUMENT = Path(__file__).parents[3] / "docs" / "lint.md"
_BEGIN, _END = "<!-- rules -->\n", "<!-- end of rules -->\n"
_SEES = {
    "policy": "",
    "rollout": ", seen where there is a `rollout.yaml`",
    "history": ", seen beside the versions published before",
}


def listed() -> str:
    """Every rule, by family: what the family is for, then a section for each."""
    lines: list[str] = []
    family = ""
    for rule in RULES:
        module = rule.find.__module__
        if module != family:
            family = module
            lines += [f"## {_title(module)}\n"]
        lines += [_section(rule)]
    return "\n".join(lines)


def _title(module: str) -> str:
    if module.endswith(".service"):
        return "What is acknowledged exists"
    return (sys.modules[module].__doc__ or "").partition("\n")[0].rstrip(".")


def _section(rule: Rule) -> str:
    says = re.sub(r"\{\w+\}", "…", rule.says)
    mend = re.sub(r"\{\w+\}", "…", rule.mend)
    return (
        f"### {rule.code}\n\n**{rule.severity}**{_SEES[rule.about]}\n\n> {says}\n\n"
        f"*Duty:* {rule.duty}\n\n*How to mend it:* {mend}\n"
    )


def whole(text: str) -> str:
    """The document with its list as it should be."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{listed()}\n{_END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(whole(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
