#!/usr/bin/env python3
"""Executes the examples of rules/FORMAT.md, and holds the JSON schema against them.

usage: reference.py --bulkhead PROGRAM

A block ```yaml after a line `<!-- inventory -->` is the inventory of the blocks behind it; `<!-- refused CODE -->`
must be refused with that code; every other block of YAML must load. A block ```flows has a flow and its verdict on each line,
judged by the block of YAML before it.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- ([^>]*) -->\n)?```(yaml|flows)\n(.*?)```", re.S)


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def schema_errors(text, schema):
    try:
        import jsonschema
    except ImportError:
        return None
    validator = jsonschema.Draft7Validator(schema)
    documents = [d for d in yaml.load_all(text, Loader=yaml.BaseLoader) if isinstance(d, dict)]
    return [error.message for d in documents for error in validator.iter_errors(d)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    program = parser.parse_args().bulkhead.resolve()
    schema = json.loads((ROOT / "rules" / "policy.schema.json").read_text())
    text = (ROOT / "rules" / "FORMAT.md").read_text()
    counts = {"loaded": 0, "refused": 0, "flows": 0, "against the schema": 0}
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        inventory, policy, flows = work / "inventory.yaml", work / "policy.yaml", work / "flows.tsv"
        inventory.write_text("{}\n")
        for note, kind, body in BLOCK.findall(text):
            where = body.strip().splitlines()[0]
            if note == "inventory":
                inventory.write_text(body)
            elif kind == "flows":
                rows = [line.split() for line in body.strip().splitlines()]
                flows.write_text("".join("\t".join(row[:5]) + "\n" for row in rows))
                status, out, err = run(program, "verdicts", "--quiet", "--twin", "-i", inventory, "-p", policy, "-f", flows)
                found = [line.rsplit("\t", 1)[1] for line in out.splitlines()]
                counts["flows"] += len(rows)
                if status or found != [row[5] for row in rows]:
                    wrong.append(f"{where}: found {found} {err}")
            else:
                policy.write_text(body)
                status, out, err = run(program, "check", "-i", inventory, "-p", policy)
                refused = note.split()[1] if note.startswith("refused") else None
                counts["refused" if refused else "loaded"] += 1
                if refused and (status != 2 or f"error[{refused}]" not in err):
                    wrong.append(f"{where}: should be refused with {refused}: {err}")
                if not refused and status != 0:
                    wrong.append(f"{where}: {err}")
                bad = [] if refused else schema_errors(body, schema)
                if bad is not None and not refused:
                    counts["against the schema"] += 1
                    wrong += [f"{where}: schema: {message}" for message in bad]
    for line in wrong:
        print(line)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if wrong or not counts["flows"] else 0


if __name__ == "__main__":
    sys.exit(main())
