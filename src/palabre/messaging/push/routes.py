"""`/pushrules`: client-server API, section "Push Rules: API"."""

from typing import Any

import msgspec

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .models import CONDITIONAL, KINDS, Action, Kind, Rule, Ruleset
from .service import PushRuleService, check_actions, check_rule

_ALL = "/_matrix/client/v3/pushrules/"
_GLOBAL = _ALL + "global/"
_KIND = _GLOBAL + "{kind}/"
_RULE = _KIND + "{rule_id}"
_TAGS = ("Push notifications",)


class RuleBody(msgspec.Struct):
    actions: list[Action]
    conditions: list[JsonObject] | None = None
    pattern: str | None = None


class EnabledBody(msgspec.Struct):
    enabled: bool


class ActionsBody(msgspec.Struct):
    actions: list[Action]


class PushRuleRoutes:
    def __init__(self, rules: PushRuleService) -> None:
        self._rules = rules

    @endpoint("GET", _ALL, access="account", tags=_TAGS)
    async def get_all(self, request: Request) -> dict[str, Ruleset]:
        return {"global": await self._rules.rules(request.user_id)}

    @endpoint("GET", _GLOBAL, access="account", tags=_TAGS)
    async def get_global(self, request: Request) -> Ruleset:
        return await self._rules.rules(request.user_id)

    @endpoint("GET", _KIND, access="read", tags=_TAGS)
    async def get_kind(self, request: Request) -> list[Rule]:
        return (await self._rules.rules(request.user_id))[_kind(request)]

    @endpoint("GET", _RULE, access="read", tags=_TAGS)
    async def get_rule(self, request: Request) -> Rule:
        return await self._rules.rule(request.user_id, _kind(request), request.params["rule_id"])

    @endpoint("PUT", _RULE, access="read", body=RuleBody, tags=_TAGS)
    async def put_rule(self, request: Request, body: RuleBody) -> dict[str, Any]:
        kind = _kind(request)
        conditions = (body.conditions or []) if kind in CONDITIONAL else None
        pattern = body.pattern if kind == "content" else None
        rule = Rule(request.params["rule_id"], False, True, body.actions, conditions, pattern)
        check_rule(kind, rule)
        await self._rules.put(request.user_id, kind, rule, request.query.get("before"), request.query.get("after"))
        return {}

    @endpoint("DELETE", _RULE, access="read", tags=_TAGS)
    async def delete_rule(self, request: Request) -> dict[str, Any]:
        await self._rules.delete(request.user_id, _kind(request), request.params["rule_id"])
        return {}

    @endpoint("GET", _RULE + "/enabled", access="read", tags=_TAGS)
    async def get_enabled(self, request: Request) -> dict[str, Any]:
        return {"enabled": (await self.get_rule(request)).enabled}

    @endpoint("PUT", _RULE + "/enabled", access="read", body=EnabledBody, tags=_TAGS)
    async def put_enabled(self, request: Request, body: EnabledBody) -> dict[str, Any]:
        await self._rules.set_enabled(request.user_id, _kind(request), request.params["rule_id"], body.enabled)
        return {}

    @endpoint("GET", _RULE + "/actions", access="read", tags=_TAGS)
    async def get_actions(self, request: Request) -> dict[str, Any]:
        return {"actions": (await self.get_rule(request)).actions}

    @endpoint("PUT", _RULE + "/actions", access="read", body=ActionsBody, tags=_TAGS)
    async def put_actions(self, request: Request, body: ActionsBody) -> dict[str, Any]:
        check_actions(body.actions)
        await self._rules.set_actions(request.user_id, _kind(request), request.params["rule_id"], body.actions)
        return {}

    @endpoint("GET", _ALL + "{path...}", access="read", tags=_TAGS)
    @endpoint("PUT", _ALL + "{path...}", _ALL, _GLOBAL, _KIND, access="read", tags=_TAGS)
    @endpoint("DELETE", _ALL + "{path...}", access="read", tags=_TAGS)
    async def no_rule(self, request: Request) -> dict[str, Any]:
        """Everything else under this path names no rule, and is not an unknown endpoint either."""
        raise errors.invalid_param("This is not the path of a push rule: global/{kind}/{ruleId}.")


def _kind(request: Request) -> Kind:
    for kind in KINDS:
        if kind == request.params["kind"]:
            return kind
    raise errors.invalid_param(f"The kinds of push rules are {', '.join(KINDS)}.")
