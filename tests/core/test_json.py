"""JSON's limits: what Matrix forbids is refused before it reaches a service."""

from typing import Any

import pytest

from palabre.core import json
from palabre.core.errors import ApiError


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b'{"a":}', b'"\\ud800"', b'"\xff"', b"\x00", b"{'a':1}", b"NaN"])
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        json.decode(body, Any)
    assert (refused.value.status, refused.value.errcode) == (400, "M_NOT_JSON")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
def test_json_of_another_shape(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        json.decode(body)
    assert (refused.value.status, refused.value.errcode) == (400, "M_BAD_JSON")


@pytest.mark.parametrize("depth", [101, 1_000, 100_000])
def test_nesting_beyond_the_limit_is_refused(depth: int) -> None:
    with pytest.raises(ApiError) as refused:
        json.check(b'{"a":' + b"[" * depth + b"]" * depth + b"}")
    assert refused.value.errcode == "M_BAD_JSON"


def test_many_brackets_side_by_side_are_fine() -> None:
    json.check(b"[" + b",".join([b"[]"] * 5_000) + b"]")
    json.check(b'{"a":' + b"[" * 98 + b"]" * 98 + b"}")


@pytest.mark.parametrize("value", [2**53, -(2**53), 1.5, {"a": [1, {"b": 0.0}]}])
def test_numbers_that_canonical_json_does_not_have(value: Any) -> None:
    with pytest.raises(ApiError):
        json.check_canonical({"x": value})


def test_canonical_json_sorts_and_has_no_white_space() -> None:
    assert json.canonical({"b": 1, "a": {"d": "é", "c": None}}) == '{"a":{"c":null,"d":"é"},"b":1}'.encode()


@pytest.mark.parametrize("text", [rb"\u0000", rb"a\u0000b", rb"\\\u0000", rb"\n\u0000"])
def test_nul_is_refused(text: bytes) -> None:
    with pytest.raises(ApiError, match="NUL"):
        json.check(b'{"a": "' + text + b'"}')


@pytest.mark.parametrize("text", [rb"\\u0000", rb"u0000", rb"\\\\u0000"])
def test_what_only_looks_like_nul_is_not(text: bytes) -> None:
    json.check(b'{"a": "' + text + b'"}')
