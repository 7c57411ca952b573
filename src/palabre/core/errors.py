"""Errors that people and programs meet. Raised where they happen, made into a body in one place (`http`).

`/_matrix` answers with Matrix's standard error body; `/_palabre` with an RFC 9457 problem made from the same object.
"""

from typing import Any


class ApiError(Exception):
    """An answer that is not a success.

    `status` is the HTTP status, `errcode` Matrix's code, `error` one plain sentence saying what is wrong and what to
    do, `extra` further top-level members of the body (`retry_after_ms`, `soft_logout`, …).
    """

    def __init__(self, status: int, errcode: str, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.status = status
        self.errcode = errcode
        self.error = error
        self.extra = extra

    def matrix(self) -> dict[str, Any]:
        return {"errcode": self.errcode, "error": self.error, **self.extra}

    def problem(self) -> dict[str, Any]:
        """RFC 9457 section 3. `type` stays `about:blank`; `code` carries the stable name."""
        return {"title": self.error, "status": self.status, "code": self.errcode, **self.extra}


def bad_json(error: str) -> ApiError:
    """The body is JSON but not what the endpoint takes."""
    return ApiError(400, "M_BAD_JSON", error)


def not_json(error: str) -> ApiError:
    return ApiError(400, "M_NOT_JSON", error)


def invalid_param(error: str) -> ApiError:
    return ApiError(400, "M_INVALID_PARAM", error)


def missing_param(error: str) -> ApiError:
    return ApiError(400, "M_MISSING_PARAM", error)


def forbidden(error: str, **extra: Any) -> ApiError:
    return ApiError(403, "M_FORBIDDEN", error, **extra)


def not_found(error: str) -> ApiError:
    return ApiError(404, "M_NOT_FOUND", error)


def unrecognized(error: str = "Unrecognized request.") -> ApiError:
    return ApiError(404, "M_UNRECOGNIZED", error)


def too_large(error: str) -> ApiError:
    return ApiError(413, "M_TOO_LARGE", error)


def limited(retry_after_ms: int) -> ApiError:
    return ApiError(429, "M_LIMIT_EXCEEDED", "Too many requests. Wait and try again.", retry_after_ms=retry_after_ms)
