"""What an interactive authentication is, and the answer that asks for more of it."""

from typing import Any

import msgspec

from ...core.errors import ApiError

PASSWORD = "m.login.password"  # noqa: S105 (the name of a stage)
MSISDN = "m.login.msisdn"
TERMS = "m.login.terms"
DUMMY = "m.login.dummy"
SSO = "m.login.sso"
OAUTH = "m.oauth"

SESSION_MS = 60 * 60 * 1000

Auth = dict[str, Any]
"""The `auth` member of a request, as the client sent it."""
Flow = list[str]


class UiaSession(msgspec.Struct, frozen=True):
    session: str
    operation: str
    """Method, path and purpose of the request that started it; it serves no other."""
    user_id: str | None
    completed: list[str]
    facts: dict[str, Any]
    """What stages found out, by stage name; and what the owner of the operation wants remembered."""
    expires: int

    def satisfies(self, flows: list[Flow]) -> bool:
        return any(set(flow) <= set(self.completed) for flow in flows)


class Challenge(ApiError):  # noqa: N818 (the specified answer, not a failure)
    """401: what has to be done first. Carries `errcode` and `error` only when an attempt was made and failed."""

    def __init__(
        self, session: UiaSession, flows: list[Flow], params: dict[str, Any], failure: ApiError | None = None
    ) -> None:
        super().__init__(
            401,
            failure.errcode if failure else "M_UNAUTHORIZED",
            failure.error if failure else "This needs further authentication.",
            flows=[{"stages": flow} for flow in flows],
            params=params,
            session=session.session,
            completed=session.completed,
        )
        self._attempted = failure is not None

    def matrix(self) -> dict[str, Any]:
        return super().matrix() if self._attempted else self.extra


class StageError(ApiError):
    """The attempt at a stage did not succeed; the client may try again within the same session."""

    def __init__(self, errcode: str, error: str) -> None:
        super().__init__(401, errcode, error)
