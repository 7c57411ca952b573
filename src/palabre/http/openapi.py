"""The OpenAPI 3.1 description of every endpoint, made from their declarations."""

import inspect
import re
from importlib.metadata import version
from typing import Any

import msgspec

from ..core.json import JsonObject
from .endpoint import Endpoint

_ERROR = {"$ref": "#/components/schemas/Error"}
_PARAMETER = re.compile(r"{(\w+)(?:\.\.\.)?}")


def document(endpoints: list[Endpoint]) -> JsonObject:
    """The whole description. Pages (HTML) are left out: they are for people."""
    described = [one for one in endpoints if one.path.startswith(("/_", "/.well-known", "/health", "/metrics"))]
    types = list({id(kind): kind for one in described for kind in (one.body, one.returns) if _is_typed(kind)}.values())
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, JsonObject] = {}
    for one in described:
        path = _PARAMETER.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Palabre",
            "version": version("palabre"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**components, "Error": _error_schema()},
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer"},
                "operatorToken": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _is_typed(kind: Any) -> bool:
    return kind is not None and kind is not bytes


def _operation(one: Endpoint, schema_of: dict[int, Any]) -> JsonObject:
    assert one.handler is not None
    operation: JsonObject = {"operationId": _operation_id(one), "x-access": one.access}
    text = inspect.getdoc(one.handler)
    if text:
        operation["summary"] = text.partition("\n\n")[0].replace("\n", " ")
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(one.path)
    ]
    if parameters:
        operation["parameters"] = parameters
    if one.body is not None:
        kind = "application/x-www-form-urlencoded" if one.body is bytes else "application/json"
        operation["requestBody"] = {
            "required": not one.optional_body,
            "content": {kind: {"schema": schema_of.get(id(one.body), {})}},
        }
    if one.access != "public":
        operation["security"] = [{"operatorToken" if one.access == "operator" else "accessToken": []}]
    operation["responses"] = {
        "200": {
            "description": "Done.",
            "content": {"application/json": {"schema": schema_of.get(id(one.returns), {})}},
        },
        "default": {"description": "Refused; the body says why.", "content": {"application/json": {"schema": _ERROR}}},
    }
    return operation


def _operation_id(one: Endpoint) -> str:
    words = re.sub(r"\W+", "_", one.path).strip("_")
    return f"{one.method.lower()}_{words}"


def _error_schema() -> JsonObject:
    return {
        "type": "object",
        "description": "Matrix's error body under /_matrix; an RFC 9457 problem with the same code under /_palabre.",
        "properties": {
            "errcode": {"type": "string"},
            "error": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string"},
        },
    }
