"""The rules of push rules: reading and changing them, and having them ready to judge events."""

from collections import OrderedDict
from typing import Any

import msgspec

from ...core import errors, json
from ...storage.database import Database, Transaction
from ..account_data.models import GLOBAL, AccountData
from ..account_data.service import AccountDataService
from .evaluate import Evaluator
from .models import CONDITIONAL, READER, Action, Change, Custom, Kind, Rule, Ruleset, defaults, read_custom, ruleset

ACCOUNT_DATA_TYPE = "m.push_rules"
MAX_EVALUATORS = 50_000
MAX_RULES = 1000
ACTIONS = frozenset(("notify", "dont_notify", "coalesce"))
"""The last two are historical: they are taken and do nothing."""


class PushRuleService:
    def __init__(self, database: Database, account_data: AccountDataService) -> None:
        self._database = database
        self._account_data = account_data
        self._default = Evaluator(defaults(READER))
        self._evaluators: OrderedDict[str, tuple[bytes, Evaluator]] = OrderedDict()
        """Of people who have changed something, with what they have changed."""

    # reading

    async def rules(self, user_id: str) -> Ruleset:
        data = await self._account_data.of(user_id)
        return ruleset(user_id, read_custom(data.get(ACCOUNT_DATA_TYPE)))

    async def rule(self, user_id: str, kind: Kind, rule_id: str) -> Rule:
        """Raises 404 `M_NOT_FOUND`."""
        for rule in (await self.rules(user_id))[kind]:
            if rule.rule_id == rule_id:
                return rule
        raise _unknown()

    async def account_data(self, user_id: str) -> bytes:
        """The content of the `m.push_rules` event."""
        return json.encode({"global": await self.rules(user_id)})

    def evaluator(self, user_id: str, data: AccountData) -> Evaluator:
        """The person's rules, ready to judge events; `data` is their account data."""
        stored = data.get(ACCOUNT_DATA_TYPE)
        if stored is None:
            return self._default
        found = self._evaluators.get(user_id)
        if found is not None and found[0] is stored:
            return found[1]
        made = Evaluator(ruleset(READER, read_custom(stored)))
        self._evaluators[user_id] = (stored, made)
        self._evaluators.move_to_end(user_id)
        if len(self._evaluators) > MAX_EVALUATORS:
            self._evaluators.popitem(last=False)
        return made

    # changing

    async def put(self, user_id: str, kind: Kind, rule: Rule, before: str | None, after: str | None) -> None:
        """Add a rule, or replace the one of the same id. `before` and `after` name the rule it comes next to.

        Raises 400 `M_INVALID_PARAM` for ids that are not allowed and neighbours that do not exist.
        """
        if rule.rule_id.startswith(".") or "/" in rule.rule_id or "\\" in rule.rule_id:
            raise errors.invalid_param("The id of a rule does not begin with a dot, and has no slash in it.")

        def change(custom: Custom) -> None:
            old = custom.rules.get(kind, [])
            place = next((index for index, other in enumerate(old) if other.rule_id == rule.rule_id), None)
            rest = [other for other in old if other.rule_id != rule.rule_id]
            enabled = rule if place is None else msgspec.structs.replace(rule, enabled=old[place].enabled)
            if before is not None:
                index = _index(rest, before)
            elif after is not None:
                index = _index(rest, after) + 1
            else:
                index = place or 0
            if len(rest) >= MAX_RULES:
                raise errors.invalid_param(f"There are at most {MAX_RULES} rules of a kind.")
            custom.rules[kind] = [*rest[:index], enabled, *rest[index:]]

        await self._change(user_id, change)

    async def delete(self, user_id: str, kind: Kind, rule_id: str) -> None:
        def change(custom: Custom) -> None:
            rules = custom.rules.get(kind, [])
            rest = [rule for rule in rules if rule.rule_id != rule_id]
            if len(rest) == len(rules):
                raise _unknown()
            custom.rules[kind] = rest

        await self._change(user_id, change)

    async def set_enabled(self, user_id: str, kind: Kind, rule_id: str, enabled: bool) -> None:
        await self._alter(user_id, kind, rule_id, {"enabled": enabled})

    async def set_actions(self, user_id: str, kind: Kind, rule_id: str, actions: list[Action]) -> None:
        await self._alter(user_id, kind, rule_id, {"actions": actions})

    async def _alter(self, user_id: str, kind: Kind, rule_id: str, fields: dict[str, Any]) -> None:
        """Change a rule in place, a default one too. Raises 404 `M_NOT_FOUND`."""

        def change(custom: Custom) -> None:
            if any(rule.rule_id == rule_id for rule in defaults(user_id)[kind]):
                old = custom.changes.get(rule_id, Change())
                custom.changes[rule_id] = msgspec.structs.replace(old, **fields)
                return
            rules = custom.rules.get(kind, [])
            if all(rule.rule_id != rule_id for rule in rules):
                raise _unknown()
            custom.rules[kind] = [
                msgspec.structs.replace(rule, **fields) if rule.rule_id == rule_id else rule for rule in rules
            ]

        await self._change(user_id, change)

    async def _change(self, user_id: str, change: Any) -> None:
        async def work(tx: Transaction) -> None:
            data = await self._account_data.of(user_id, tx)
            custom = read_custom(data.get(ACCOUNT_DATA_TYPE)) or Custom()
            change(custom)
            await self._account_data.put_in(tx, user_id, GLOBAL, ACCOUNT_DATA_TYPE, json.encode(custom))

        await self._database.write(work)

    async def carry_over(self, tx: Transaction, user_id: str, old_room: str, new_room: str) -> None:
        """The person followed an upgrade: what they set for the old room holds for the new one."""
        data = await self._account_data.of(user_id, tx)
        custom = read_custom(data.get(ACCOUNT_DATA_TYPE))
        if custom is None:
            return
        rooms = custom.rules.get("room", [])
        old = next((rule for rule in rooms if rule.rule_id == old_room), None)
        if old is not None and all(rule.rule_id != new_room for rule in rooms):
            custom.rules["room"] = [msgspec.structs.replace(old, rule_id=new_room), *rooms]
            await self._account_data.put_in(tx, user_id, GLOBAL, ACCOUNT_DATA_TYPE, json.encode(custom))


def _index(rules: list[Rule], rule_id: str) -> int:
    for index, rule in enumerate(rules):
        if rule.rule_id == rule_id:
            return index
    raise errors.invalid_param(f"before/after rule not found: {rule_id}")


def _unknown() -> errors.ApiError:
    return errors.not_found("There is no such push rule.")


def check_rule(kind: Kind, rule: Rule) -> None:
    """Raises 400 where a rule lacks what its kind needs."""
    if kind == "content" and rule.pattern is None:
        raise errors.missing_param("A content rule needs a pattern.")
    if rule.conditions is not None and kind in CONDITIONAL:
        for condition in rule.conditions:
            if not isinstance(condition.get("kind"), str):
                raise errors.invalid_param("A condition needs a kind.")
    check_actions(rule.actions)


def check_actions(actions: list[Action]) -> None:
    for action in actions:
        known = isinstance(action.get("set_tweak"), str) if isinstance(action, dict) else action in ACTIONS
        if not known:
            raise errors.invalid_param("An action is notify, or an object with set_tweak.")
