"""Finding endpoints: what matches, what is refused, and how parameters are decoded."""

import pytest

from palabre.core.errors import ApiError
from palabre.http.endpoint import Endpoint
from palabre.http.router import Router


def router(*declared: tuple[str, str]) -> Router:
    made = Router()
    for method, path in declared:
        made.add(Endpoint(method, path, "public"))
    return made


def test_literal_segments_win_over_parameters() -> None:
    made = router(("GET", "/a/{x}"), ("GET", "/a/b"), ("GET", "/a/{x}/c"))
    assert made.match("GET", "/a/b")[0].path == "/a/b"
    assert made.match("GET", "/a/z")[1] == {"x": "z"}
    assert made.match("GET", "/a/b/c")[1] == {"x": "b"}


def test_parameters_are_decoded_after_splitting() -> None:
    made = router(("GET", "/rooms/{room}/x"))
    assert made.match("GET", "/rooms/%21a%2Fb%3Ac%20%C3%A9/x")[1] == {"room": "!a/b:c é"}


def test_the_rest_of_a_path() -> None:
    made = router(("GET", "/static/{file...}"))
    assert made.match("GET", "/static/a/b.css")[1] == {"file": "a/b.css"}


@pytest.mark.parametrize("path", ["/nope", "/rooms", "/rooms/a", "/rooms/a/x/y", "//rooms/a/x", ""])
def test_an_unknown_path_is_404(path: str) -> None:
    with pytest.raises(ApiError) as refused:
        router(("GET", "/rooms/{room}/x")).match("GET", path)
    assert (refused.value.status, refused.value.errcode) == (404, "M_UNRECOGNIZED")


def test_a_wrong_method_is_405() -> None:
    with pytest.raises(ApiError) as refused:
        router(("GET", "/x")).match("POST", "/x")
    assert (refused.value.status, refused.value.errcode) == (405, "M_UNRECOGNIZED")


@pytest.mark.parametrize("segment", ["%00", "%ff", "a%00b", "%ed%a0%80"])
def test_what_no_identifier_contains_is_400(segment: str) -> None:
    with pytest.raises(ApiError) as refused:
        router(("GET", "/x/{id}")).match("GET", f"/x/{segment}")
    assert refused.value.status == 400


def test_declaring_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="twice"):
        router(("GET", "/x/{a}"), ("GET", "/x/{b}"))
