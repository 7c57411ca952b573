"""What is published: policies, their versions, what the linter says of them, and what changed."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ...http.request import Request
from ...policy.catalogue.service import Catalogues
from ...policy.documents.diff import compare, region_of
from ...policy.documents.models import Edition, Row, Version
from ...policy.documents.service import Policies
from ...policy.documents.wording import recipients_label, retention_label, sentences, term_label, transfer_label
from ...policy.lint.models import Finding
from .frame import ConsoleRoutes, Desk, console_page
from .models import Operator
from .overview import rollout_cards, version_name, version_path

SHOWN_COUNTRIES = 12


class PolicyRoutes(ConsoleRoutes):
    def __init__(self, desk: Desk, catalogues: Catalogues, policies: Policies) -> None:
        super().__init__(desk)
        self._catalogues = catalogues
        self._policies = policies

    @console_page("/console/policies")
    async def all(self, request: Request, operator: Operator) -> Response:
        catalogue = await self._catalogues.now()
        now = self.desk.clock.ms()
        shown = []
        for policy in catalogue.policies:
            versions = catalogue.of_policy(policy)
            current = catalogue.current(policy, now)
            lines = []
            for version in reversed(versions):
                own = [
                    rollout
                    for rollout in catalogue.rollouts.values()
                    if (rollout.terms.policy, rollout.terms.version) == (policy, version.version)
                ]
                lines.append(
                    {
                        **_line(version),
                        "current": current is not None and current.number == version.number,
                        "findings": _counts(await self._policies.findings(version)),
                        "rollouts": rollout_cards(self.desk, request, catalogue, own, now),
                        "former": versions[version.number - 2].version if version.number > 1 else None,
                    }
                )
            name = self.desk.local(request, versions[-1].document.policy.names)
            shown.append({"id": policy, "name": name, "versions": lines})
        return self.desk.show(request, operator, "policies.html", policies=shown)

    @console_page("/console/policies/{policy}/{version}")
    async def one(self, request: Request, operator: Operator) -> Response:
        version = await self._policies.version(request.params["policy"], request.params["version"])
        catalogue = await self._catalogues.now()
        findings = await self._policies.findings(version)
        own = [
            rollout
            for rollout in catalogue.rollouts.values()
            if (rollout.terms.policy, rollout.terms.version) == (version.policy, version.version)
        ]
        former = next((one for one in catalogue.of_policy(version.policy) if one.number == version.number - 1), None)
        names = {edition.id: self.desk.local(request, edition.names) for edition in version.document.policy.editions}
        return self.desk.show(
            request,
            operator,
            "version.html",
            name=version_name(self.desk, request, version),
            line=_line(version),
            findings=_grouped(findings),
            counts=_counts(findings),
            edition_names=names,
            editions=[self._edition(request, version, former, edition) for edition in version.document.policy.editions],
            former=former.version if former else None,
            rollouts=rollout_cards(self.desk, request, catalogue, own, self.desk.clock.ms()),
            plannable=all(rollout.state == "rolled_back" for rollout in own),
        )

    def _edition(self, request: Request, version: Version, former: Version | None, edition: Edition) -> dict[str, Any]:
        """An edition in words: whom it is for, its table, and what it changes for a person of its countries."""
        language, document = self.pages.language(request), version.document
        countries = [code for code in edition.countries if code != "*"]
        changed: list[tuple[bool, str]] = []
        if former is not None:
            diff = compare(former.document, document, region_of(document, edition.id))
            said = sentences(diff, language, document)
            changed = [(change.wider, sentence) for change, sentence in zip(diff.changes, said, strict=False)]
        named = sorted(self.desk.country(request, code) for code in countries)
        return {
            "id": edition.id,
            "name": self.desk.local(request, edition.names),
            "rest": "*" in edition.countries,
            "countries": named[:SHOWN_COUNTRIES],
            "more": max(0, len(named) - SHOWN_COUNTRIES),
            "rows": [self._row(request, version, row, language) for row in edition.processing],
            "changes": changed,
            "public": [
                (locale, f"{_public(version)}/{quote(locale, safe='')}?edition={quote(edition.id, safe='')}")
                for locale in document.wording[edition.id]
            ],
        }

    def _row(self, request: Request, version: Version, row: Row, language: str) -> dict[str, Any]:
        return {
            "id": row.id,
            "text": self.desk.local(request, row.text),
            "data": term_label(row.data, language),
            "purpose": term_label(row.purpose, language),
            "recipients": recipients_label(row.recipients, language, version.document),
            "basis": term_label(row.legal_basis, language),
            "necessity": row.necessity,
            "retention": retention_label(row.retention, language),
            "transfer": transfer_label(row, language),
            "covers_earlier": row.covers_earlier,
        }


def _line(version: Version) -> dict[str, Any]:
    policy = version.document.policy
    return {
        "policy": version.policy,
        "version": version.version,
        "kind": policy.kind,
        "effective": policy.effective,
        "hash": version.hash,
        "published": version.published,
        "path": version_path(version),
        "public": _public(version),
        "diffs": f"/_palabre/v1/policies/{quote(version.policy, safe='')}/diff",
    }


def _public(version: Version) -> str:
    return f"/_palabre/v1/policies/{quote(version.policy, safe='')}/{quote(version.version, safe='')}"


def _counts(findings: list[Finding]) -> dict[str, int]:
    return {
        "errors": sum(finding.severity == "error" for finding in findings),
        "open": sum(finding.severity == "warning" and finding.acknowledged is None for finding in findings),
        "acknowledged": sum(finding.acknowledged is not None for finding in findings),
    }


def _grouped(findings: list[Finding]) -> list[dict[str, Any]]:
    """Those of the same duty together, what nobody has acknowledged first; the same said of several places, once."""
    groups: dict[tuple[bool, str, str], dict[str, Any]] = {}
    for finding in findings:
        known = finding.acknowledged is not None
        group = groups.setdefault(
            (known, finding.severity, finding.code),
            {
                "code": finding.code,
                "severity": finding.severity,
                "acknowledged": known,
                "duty": finding.duty,
                "said": {},
            },
        )
        same = (finding.edition, finding.message, finding.mend, finding.acknowledged)
        group["said"].setdefault(same, []).append(finding.place)
    return [group for _, group in sorted(groups.items(), key=lambda item: item[0])]
