"""Finding the endpoint of a path: a trie of segments, so that the cost does not grow with the number of endpoints."""

from urllib.parse import unquote

from ..core import errors
from .endpoint import Endpoint

_NO_VALUES: tuple[str, ...] = ()


class _Node:
    __slots__ = ("children", "methods", "parameter", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.rest: _Node | None = None
        self.methods: dict[str, tuple[Endpoint, tuple[str, ...]]] = {}


class Router:
    """All endpoints of the server."""

    def __init__(self) -> None:
        self._root = _Node()
        self.endpoints: list[Endpoint] = []

    def add(self, endpoint: Endpoint) -> None:
        """Raises ValueError when the path and method are taken."""
        node, names = self._root, []
        for segment in endpoint.path.split("/")[1:]:
            if segment.startswith("{") and segment.endswith("...}"):
                names.append(segment[1:-4])
                node.rest = node.rest or _Node()
                node = node.rest
            elif segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        if endpoint.method in node.methods:
            raise ValueError(f"{endpoint.method} {endpoint.path} is declared twice")
        node.methods[endpoint.method] = (endpoint, tuple(names))
        self.endpoints.append(endpoint)

    def match(self, method: str, raw_path: str) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and its decoded parameters for a percent-encoded path.

        Raises 404 `M_UNRECOGNIZED` for an unknown path and 405 for a known path with another method.
        """
        found = self._find(raw_path.split("/"))
        if found is None:
            raise errors.unrecognized()
        node, values = found
        entry = node.methods.get(method)
        if entry is None and method == "HEAD":
            entry = node.methods.get("GET")
        if entry is None:
            raise errors.ApiError(405, "M_UNRECOGNIZED", f"This endpoint does not take {method}.")
        endpoint, names = entry
        return endpoint, dict(zip(names, values, strict=True))

    def _find(self, segments: list[str]) -> tuple[_Node, tuple[str, ...]] | None:
        """Walk down by literal segments, else by a parameter, else by a rest; go back where that ends nowhere."""
        node: _Node | None = self._root
        index, values = 1, _NO_VALUES
        passed_by: list[tuple[_Node, int, tuple[str, ...]]] = []
        while True:
            if node is None:
                if not passed_by:
                    return None
                parent, index, values = passed_by.pop()
            elif index == len(segments):
                if node.methods:
                    return node, values
                node = None
                continue
            else:
                parent = node
                node = parent.children.get(segments[index])
                if node is not None:
                    if parent.parameter is not None or parent.rest is not None:
                        passed_by.append((parent, index, values))
                    index += 1
                    continue
            node = parent.parameter
            if node is not None:
                values = (*values, _decode(segments[index]))
                index += 1
            elif parent.rest is not None:
                return parent.rest, (*values, _decode("/".join(segments[index:])))


def _decode(segment: str) -> str:
    """Percent-decode one segment. Refuses what no identifier contains: invalid UTF-8 and the NUL character."""
    if "%" not in segment:
        return segment
    try:
        text = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise errors.invalid_param("The path is not valid UTF-8.") from None
    if "\x00" in text:
        raise errors.invalid_param("The path contains a NUL character.")
    return text
