"""The linter: what is wrong with a policy version before anybody is asked to accept it.

Errors make it inconsistent or unfair beyond repair: it cannot be published. Warnings name duties that a regulator may
find broken: the operator can publish all the same, after saying so in the policy, in public. The rules are data, in
`rules/`, one small file a family; docs/lint.md lists them.
"""

from .models import Finding, Rule, Severity
from .service import RULES, check

__all__ = ["RULES", "Finding", "Rule", "Severity", "check"]
