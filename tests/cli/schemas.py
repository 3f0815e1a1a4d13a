"""A small validator of JSON Schema: what the schemas of the program use, and nothing else.

Beside the standard it wants every property that is there to be declared, so that a field which a
command adds cannot stay out of its schema.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

KNOWN = {
    *("$schema", "$ref", "$defs", "title", "description", "type", "enum", "const", "anyOf"),
    *("items", "prefixItems", "properties", "required", "additionalProperties", "format"),
    *("default", "minItems", "maxItems"),
}
TYPES = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": int | float,
    "object": dict,
    "string": str,
}


def faults(value: Any, schema: dict[str, Any]) -> list[str]:
    """Return what in a JSON value does not fit a schema, each with its place."""
    return list(_faults(value, schema, schema.get("$defs", {}), "$"))


def _faults(value: Any, schema: dict[str, Any], parts: dict[str, Any], place: str) -> Iterator[str]:
    if unknown := set(schema) - KNOWN:
        yield f"{place}: the validator knows no {sorted(unknown)}"
    if "$ref" in schema:
        yield from _faults(value, parts[schema["$ref"].rpartition("/")[2]], parts, place)
    if "anyOf" in schema:
        tries = [list(_faults(value, one, parts, place)) for one in schema["anyOf"]]
        yield from min(tries, key=len)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{place}: {value!r} is no {schema['type']}"
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, parts, place)
    elif isinstance(value, list) and "items" in schema and schema["items"] is not False:
        for number, item in enumerate(value):
            yield from _faults(item, schema["items"], parts, f"{place}[{number}]")
    elif schema.get("format") == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        yield f"{place}: {value!r} is no date"
    elif schema.get("format") == "date":
        datetime.date.fromisoformat(value)


def _object_faults(
    value: dict[str, Any], schema: dict[str, Any], parts: dict[str, Any], place: str
) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place}: {name} is missing"
    rest = schema.get("additionalProperties")
    for name, one in value.items():
        if name in properties:
            yield from _faults(one, properties[name], parts, f"{place}.{name}")
        elif isinstance(rest, dict):
            yield from _faults(one, rest, parts, f"{place}.{name}")
        elif properties:
            yield f"{place}: {name} is not declared"


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, TYPES[kind])
