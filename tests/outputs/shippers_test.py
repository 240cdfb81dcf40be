#!/usr/bin/python3
"""The examples for log shippers in config/deploy/shippers speak of fields that records have (datapath/output/eve_schema.json),
of settings that exist, and are well-formed."""
import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPERS = ROOT / "config" / "deploy" / "shippers"
SCHEMA = json.loads((ROOT / "datapath" / "output" / "eve_schema.json").read_text())
SETTINGS = {line.split('"')[1] for file in (ROOT / "config" / "schema").glob("*.def") for line in file.read_text().splitlines()
            if line.startswith("SETTING(")}


def resolved(rule):
    while "$ref" in rule:
        rule = SCHEMA["$defs"][rule["$ref"].rsplit("/", 1)[1]]
    return rule


def exists(path):
    """Whether some event has the dotted field."""
    for event in SCHEMA["oneOf"]:
        rule = resolved(event)
        for name in path.split("."):
            rule = resolved(rule.get("properties", {}).get(name, {}))
            if not rule:
                break
        else:
            return True
    return False


def event_types():
    return {resolved(event)["properties"]["event_type"]["const"] for event in SCHEMA["oneOf"]}


def fields_of_filebeat(text):
    document = yaml.safe_load(text)
    target = document["filebeat.inputs"][0]["parsers"][0]["ndjson"]["target"]
    return set(re.findall(r"\b" + target + r"\.([a-z_.]+)", text))


def fields_of_logstash(text):
    code = re.sub(r"#.*", "", text)
    if code.count("{") != code.count("}"):
        raise AssertionError("logstash.conf: braces do not pair")
    return {".".join(re.findall(r"\[(\w+)\]", path)) for path in re.findall(r"(?:\[[a-z_]+\])+", code)}


def fields_of_vector(text):
    document = yaml.safe_load(text)
    program = " ".join([document["transforms"]["grave"]["condition"], document["transforms"]["named"]["source"]])
    made = set(re.findall(r"^\s*\.(\w+) =", document["transforms"]["named"]["source"], re.M))
    fields = {field for field in re.findall(r"(?<![\w)])\.([a-z_]+(?:\.[a-z_]+)*)", program)}
    return {field for field in fields if field not in made}


def main():
    seen = 0
    readers = {"filebeat.yml": fields_of_filebeat, "logstash.conf": fields_of_logstash, "vector.yaml": fields_of_vector}
    if {path.name for path in SHIPPERS.iterdir()} != set(readers):
        raise AssertionError("an example without a check, or a check without its example")
    for name, reader in readers.items():
        text = (SHIPPERS / name).read_text()
        fields = reader(text)
        if len(fields) < 4:
            raise AssertionError(f"{name}: only {fields} are seen")
        wrong = sorted(field for field in fields if not exists(field))
        if wrong:
            raise AssertionError(f"{name}: no record has {wrong}")
        for types in re.findall(r'event_type\]? == "(\w+)"', text):
            if types not in event_types():
                raise AssertionError(f"{name}: there is no event type {types}")
        for key in re.findall(r"outputs\.[a-z-]+", text):
            if not any(setting.startswith(key + ".") for setting in SETTINGS):
                raise AssertionError(f"{name}: there is no setting {key}")
        seen += len(fields)
    if exists("workload.source.nam") or exists("alrt"):
        raise AssertionError("this check cannot fail")
    print(f"ok: {seen} fields of {len(readers)} examples")


if __name__ == "__main__":
    sys.exit(main())
