"""JSON in and out: msgspec's codec with Matrix's limits on top.

Matrix (appendix "Canonical JSON") allows integers in [-(2^53)+1, (2^53)-1] only, and no lone surrogates.
"""

import re
from typing import Any, TypeVar

import msgspec

from . import errors

T = TypeVar("T")

JsonObject = dict[str, Any]

MAX_DEPTH = 100
MAX_INT = 2**53 - 1
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape itself, not a backslash that is followed by the text `u0000`."""

_encoder = msgspec.json.Encoder()
encode = _encoder.encode
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def canonical(value: Any) -> bytes:
    """Canonical JSON of `value`: members sorted, no white space (for signing and hashing)."""
    return msgspec.json.encode(value, order="sorted")


def decode(body: bytes, type_: type[T] | Any = JsonObject) -> T:
    """`body` as `type_`. Raises `M_NOT_JSON` for what is not JSON and `M_BAD_JSON` for JSON of another shape."""
    decoder = _decoders.get(type_)
    if decoder is None:
        decoder = _decoders[type_] = msgspec.json.Decoder(type_)
    try:
        value: T = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise errors.bad_json(f"The body is not what this endpoint takes: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.not_json(f"The body is not valid JSON: {error}.") from None
    except RecursionError:
        raise errors.bad_json("The JSON is nested too deeply.") from None
    return value


def check(body: bytes) -> None:
    """Refuse what no client means: nesting beyond `MAX_DEPTH`, and U+0000, which PostgreSQL keeps in no text.

    Only a body with that many brackets is looked at twice.
    """
    if b"\\u0000" in body and _NUL.search(body):
        raise errors.bad_json("A text contains the NUL character.")
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    level: list[Any] = [decode(body, Any)]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            if type(item) is dict:
                inner.extend(item.values())
            elif type(item) is list:
                inner.extend(item)
        if not inner:
            return
        level = inner
    raise errors.bad_json(f"The JSON is nested more than {MAX_DEPTH} levels deep.")


def check_canonical(value: Any) -> None:
    """Refuse what canonical JSON cannot say: floats and integers beyond 2^53 - 1 (room version 6 and later)."""
    stack = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind is str or item is None or kind is bool:
            continue
        if kind is int:
            if not -MAX_INT <= item <= MAX_INT:
                raise errors.bad_json("An integer is beyond 2^53 - 1.")
        elif kind is float:
            raise errors.bad_json("Numbers in events must be integers.")
        elif kind is dict:
            stack.extend(item.values())
        elif kind is list:
            stack.extend(item)
