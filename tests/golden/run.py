#!/usr/bin/env python3
"""Runs golden cases: a capture and rules in, events out, compared with what is stored. (Bad input: errors/run.py)

usage: run.py --bulkhead PROGRAM [--update] [CASE_DIR...]        without directories: every case

A case is a folder with
  case.yaml           purpose     one sentence: what the case shows
                      arguments   further arguments of `bulkhead replay`
                      events      event types to compare (default: alert)
                      fields      dotted fields to compare (default: all but those of VOLATILE)
                      command     detect: incidents of `bulkhead detect` instead, learned from learn.pcap, or from the input
  input.pcap          with make_pcap.py, which makes it again, or a line in tests/data/PROVENANCE.md
  *.rules, policy.yaml, inventory.yaml, settings.yaml     given to the replay when they are there
  expected.eve.json   one event a line, sorted keys

A replay runs with one and with three workers; both must write the same bytes, and every event must fit
datapath/output/eve_schema.json. --update shows the difference, then stores it.
"""
import argparse
import difflib
import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import eve_schema
VOLATILE = ("flow_id", "pcap_filename", "community_id")
KNOWN = {"purpose", "arguments", "events", "fields", "command"}
TIMEOUT = 60


class CaseError(Exception):
    pass


def load_case(folder):
    case = yaml.safe_load((folder / "case.yaml").read_text())
    unknown = set(case) - KNOWN
    if unknown or not case.get("purpose"):
        raise CaseError(f"case.yaml: needs a purpose and knows {sorted(KNOWN)}, not {sorted(unknown)}")
    return case


def run(command, cwd):
    try:
        return subprocess.run([str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise CaseError(f"did not end within {TIMEOUT} s") from None


def detect(program, folder, case):
    command = [program, "detect", "--json", "--evidence", "--pcap", "input.pcap"]
    command += ["--learn", "learn.pcap" if (folder / "learn.pcap").exists() else "input.pcap"]
    done = run(command + case.get("arguments", []), folder)
    if done.returncode not in (0, 1):
        raise CaseError(f"status {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def replay(program, folder, case, workers, log_dir):
    command = [program, "replay", "--pcap", "input.pcap", "--log-dir", log_dir, "--workers", workers]
    for option, pattern in (("--signatures", "*.rules"), ("--policy", "policy.yaml"),
                            ("--inventory", "inventory.yaml"), ("-c", "settings.yaml")):
        for path in sorted(folder.glob(pattern)):
            command += [option, path.name]
    done = run(command + case.get("arguments", []), folder)
    if done.returncode != 0:
        raise CaseError(f"status {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    path = log_dir / "eve.json"
    return path.read_text() if path.exists() else ""


def pick(event, fields):
    picked = {}
    for field in fields:
        source, target = event, picked
        *parents, last = field.split(".")
        for name in parents:
            source = source.get(name, {})
            target = target.setdefault(name, {})
        if last in source:
            target[last] = source[last]
    return {key: value for key, value in picked.items() if value != {}}


def select_events(text, case):
    """What a case compares; a flow's parent is shown by its ports, since numbers of flows change with their making."""
    wanted = case.get("events", ["alert"])
    lines, ports = [], {}
    for line in text.splitlines():
        event = json.loads(line)
        if "parent_id" in event:
            event["parent_id"] = ports.get(event["parent_id"], "unknown")
        if "flow_id" in event and "dest_port" in event:
            ports.setdefault(event["flow_id"], sorted((event["src_port"], event["dest_port"])))
        if event["event_type"] not in wanted:
            continue
        if "fields" in case:
            event = pick(event, case["fields"])
        else:
            event = {key: value for key, value in event.items() if key not in VOLATILE}
        lines.append(json.dumps(event, sort_keys=True))
    return "".join(line + "\n" for line in lines)


def actual_output(program, folder, case):
    if case.get("command") == "detect":
        found = [json.loads(line) for line in detect(program, folder, case).splitlines()]
        return "".join(json.dumps(pick(e, case["fields"]) if "fields" in case else e, sort_keys=True) + "\n" for e in found)
    with tempfile.TemporaryDirectory() as directory:
        texts = []
        for workers in (1, 3):
            log_dir = pathlib.Path(directory) / str(workers)
            log_dir.mkdir()
            texts.append(replay(program, folder, case, workers, log_dir))
    if texts[0] != texts[1]:
        raise CaseError("three workers write other bytes than one:\n" + difference(texts[0], texts[1], "1", "3"))
    check_schema(texts[0])
    return select_events(texts[0], case)


def check_schema(text):
    for number, line in enumerate(text.splitlines(), 1):
        faults = eve_schema.faults(json.loads(line))
        if faults:
            raise CaseError(f"line {number} of eve.json does not fit eve_schema.json: " + "; ".join(faults) + f"\n{line[:400]}")


def difference(old, new, old_name, new_name):
    return "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), old_name, new_name))


def check_capture(folder):
    """make_pcap.py must still make input.pcap, byte for byte."""
    maker, stored = folder / "make_pcap.py", folder / "input.pcap"
    if not maker.exists():
        return
    with tempfile.NamedTemporaryFile(suffix=".pcap") as made:
        done = run([sys.executable, maker, made.name], folder)
        if done.returncode != 0:
            raise CaseError(f"make_pcap.py: {done.stderr}")
        content = pathlib.Path(made.name).read_bytes()
    if not stored.exists():
        stored.write_bytes(content)
    elif stored.read_bytes() != content:
        raise CaseError("make_pcap.py makes another capture than input.pcap; delete that to make it again")


def check_case(program, folder, update):
    case = load_case(folder)
    check_capture(folder)
    actual = actual_output(program, folder, case)
    stored = folder / "expected.eve.json"
    expected = stored.read_text() if stored.exists() else ""
    if actual == expected and stored.exists():
        return
    diff = difference(expected, actual, f"stored/{stored.name}", f"now/{stored.name}")
    if not update:
        raise CaseError(f"{case['purpose']}\n{diff or 'nothing is stored yet: run.py --update'}")
    print(f"{folder.relative_to(HERE)}:\n{diff}")
    stored.write_text(actual)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="show the difference and store it")
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    program = arguments.bulkhead.resolve()
    failed = 0
    for folder in arguments.cases or sorted(path.parent for path in HERE.glob("*/*/case.yaml")):
        try:
            check_case(program, folder.resolve(), arguments.update)
        except (CaseError, OSError, json.JSONDecodeError, yaml.YAMLError) as error:
            failed += 1
            print(f"FAILED {folder}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
