"""The JSON Schema (2020-12) of `policy.yaml` and `rollout.yaml`, made from the types that read them."""

from functools import cache
from typing import Any

import msgspec

from ..rollouts.plan import Plan
from .models import Policy
from .reading import GROUPS

_MOMENTS = (
    ("Plan", "announce"),
    ("Plan", "deadline"),
    ("EditionPlan", "deadline"),
    ("PlannedStep", "at"),
    ("PlannedWave", "at"),
)
_MOMENT = ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date"})


@cache
def json_schema() -> dict[str, Any]:
    """One schema for both files: `#/$defs/Policy` and `#/$defs/Plan`."""
    (policy, plan), parts = msgspec.json.schema_components((Policy, Plan), ref_template="#/$defs/{name}")
    definitions: dict[str, Any] = parts
    # What `reading` takes beyond the types: names of groups of countries, a version written as a number, and days.
    countries = definitions["Edition"]["properties"]["countries"]
    countries["items"] = {"anyOf": [countries["items"], {"enum": sorted(GROUPS)}]}
    properties = definitions["Policy"]["properties"]
    properties["version"] = {"anyOf": [properties["version"], {"type": "integer", "minimum": 0}]}
    for name, field in _MOMENTS:
        properties = definitions[name]["properties"]
        rest = {key: value for key, value in properties[field].items() if key == "default"}
        nothing = [{"type": "null"}] if rest else []
        properties[field] = {"anyOf": [*_MOMENT, *nothing], **rest}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy version of Palabre: policy.yaml and rollout.yaml",
        "anyOf": [policy, plan],
        "$defs": definitions,
    }
