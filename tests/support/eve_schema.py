"""Holds events to datapath/output/eve_schema.json: the part of JSON Schema that it uses, and no other.

    from eve_schema import faults
    for text in faults(event): ...
"""
import functools
import json
import pathlib
import re

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "datapath" / "output" / "eve_schema.json"
KNOWN = {"$ref", "type", "enum", "const", "pattern", "minimum", "maximum", "items", "minItems", "properties", "required",
         "additionalProperties", "description", "oneOf"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


@functools.cache
def schema():
    return json.loads(SCHEMA.read_text())


@functools.cache
def by_event_type():
    found = {}
    for choice in schema()["oneOf"]:
        name = choice["$ref"].rsplit("/", 1)[1]
        found[schema()["$defs"][name]["properties"]["event_type"]["const"]] = schema()["$defs"][name]
    return found


def check(value, rule, at):
    """Yields what is wrong with the value."""
    unknown = set(rule) - KNOWN
    if unknown:
        raise ValueError(f"{at}: this checker does not know {sorted(unknown)}")
    if "$ref" in rule:
        yield from check(value, schema()["$defs"][rule["$ref"].rsplit("/", 1)[1]], at)
        return
    wanted = TYPES.get(rule.get("type"))
    if wanted and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        yield f"{at}: {json.dumps(value)[:60]} is no {rule['type']}"
        return
    if "const" in rule and value != rule["const"]:
        yield f"{at}: not {rule['const']!r}"
    if "enum" in rule and value not in rule["enum"]:
        yield f"{at}: {value!r} is not one of {rule['enum']}"
    if "pattern" in rule and not re.search(rule["pattern"], value):
        yield f"{at}: {value!r} does not fit {rule['pattern']}"
    if value < rule["minimum"] if "minimum" in rule else False:
        yield f"{at}: {value} is too small"
    if value > rule["maximum"] if "maximum" in rule else False:
        yield f"{at}: {value} is too large"
    if isinstance(value, list):
        if len(value) < rule.get("minItems", 0):
            yield f"{at}: too few"
        for index, item in enumerate(value):
            yield from check(item, rule.get("items", {}), f"{at}[{index}]")
    if isinstance(value, dict):
        for name in rule.get("required", []):
            if name not in value:
                yield f"{at}.{name} is missing"
        further = rule.get("additionalProperties", True)
        for name, member in value.items():
            if name in rule.get("properties", {}):
                yield from check(member, rule["properties"][name], f"{at}.{name}")
            elif further is False:
                yield f"{at}.{name} is not in the schema"
            elif isinstance(further, dict):
                yield from check(member, further, f"{at}.{name}")


def faults(event):
    rule = by_event_type().get(event.get("event_type"))
    if rule is None:
        return [f"event_type {event.get('event_type')!r} is not in the schema"]
    return list(check(event, rule, event["event_type"]))
