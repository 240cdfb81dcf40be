#!/usr/bin/env python3
"""Proves the signature packs: every rule has an attack, an evasive variant and a benign twin, and they hold.

usage: run.py --bulkhead PROGRAM [--packs DIR] [--write CAPTURE] [--verbose]

cases/<pack>.py belongs to signatures/packs/<pack>.rules and has a table CASES:
    sid: Case(attack, evasive, benign, how)     three talks (talks.py); `how` says what the evasive variant does

All talks go into one capture, each from a client of its own, and through one replay with all packs. Fails for
  a rule without a case, a case without a rule
  an attack or an evasive variant that its rule does not find
  a benign twin that any rule of any pack alerts on
  a rule whose text lacks what every rule of a pack has (metadata, reference, range of sids)
  a rule that does not load, that lint has something to say about (but that no content selects it, where `prefilter`
  does), or that explain-rule cannot say in words
Rules with `noalert` only remember something for another; they have no case.
"""
import argparse
import collections
import concurrent.futures
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from case import Case
from talks import Stage, new_capture, number_of

PACKS = HERE.parents[1] / "signatures" / "packs"
SIDS = range(6_100_000, 6_110_000)
KINDS = ("attack", "evasive", "benign")
RULE = re.compile(r"^(?:alert|drop|pass|reject)\s.*\bsid:\s*(\d+);.*$", re.M)
METADATA = (re.compile(r"\bmitre_technique_id T\d{4}(?:_\d{3})?\b"), re.compile(r"\bconfidence (?:high|medium|low)\b"),
            re.compile(r"\bcreated_at \d{4}_\d{2}_\d{2}\b"))


def rules_of(path):
    return {int(match[1]): match[0] for match in RULE.finditer(path.read_text())}


def cases_of(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CASES


def text_problems(name, sid, text):
    if sid not in SIDS:
        yield f"{name}: {sid} is not in {SIDS.start}..{SIDS.stop - 1}"
    for wanted in METADATA:
        if not wanted.search(text):
            yield f"{name}: {sid} has no metadata like {wanted.pattern}"
    for wanted in ("classtype:", "reference:", "rev:", "msg:\"BULKHEAD "):
        if wanted not in text:
            yield f"{name}: {sid} has no {wanted}"
    for number in re.findall(r"reference:\s*cve,([\d-]+)", text):
        if f"cve CVE_{number.replace('-', '_')}" not in text:
            yield f"{name}: {sid} refers to CVE-{number} and does not name it in its metadata"


def load(packs):
    """The rules by sid, the cases by sid, and what is wrong with either."""
    rules, cases, problems = {}, {}, []
    for path in sorted(packs.glob("*.rules")):
        own, case_file = rules_of(path), HERE / "cases" / (path.stem + ".py")
        own_cases = cases_of(case_file) if case_file.exists() else {}
        for sid, text in own.items():
            problems += text_problems(path.name, sid, text)
            if sid in rules:
                problems.append(f"{path.name}: {sid} is used twice")
            if sid not in own_cases and "noalert;" not in text:
                problems.append(f"{path.name}: {sid} has no case in {case_file.name}")
        problems += [f"{case_file.name}: {sid} is no rule of {path.name}" for sid in own_cases if sid not in own]
        rules.update(own)
        cases.update(own_cases)
    return rules, cases, problems


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def build(cases):
    """One capture of everything, and which case has which number."""
    capture, numbers = new_capture(), []
    for sid, case in sorted(cases.items()):
        for kind in KINDS:
            getattr(case, kind)(Stage(capture, len(numbers)))
            numbers.append((sid, kind))
            capture.wait(0.05)
    return capture, numbers


def alerts_by_number(eve):
    found = collections.defaultdict(collections.Counter)
    for line in eve.read_text().splitlines():
        event = json.loads(line)
        if event["event_type"] == "alert":
            numbers = {number_of(event[end]) for end in ("src_ip", "dest_ip")} - {None}
            for number in numbers:
                found[number][event["alert"]["signature_id"]] += 1
    return found


def check_cases(program, packs, cases, keep, verbose):
    capture, numbers = build(cases)
    with tempfile.TemporaryDirectory() as directory:
        path = keep or pathlib.Path(directory) / "cases.pcap"
        capture.write(path)
        status, text = run([program, "replay", "--pcap", path, "--signatures", packs / "*.rules", "--log-dir", directory,
                            "--set", "engine.init-failure-fatal=yes", "--quiet"])
        if status:
            return [f"replay ended with {status}:\n{text}"]
        found = alerts_by_number(pathlib.Path(directory) / "eve.json")
    problems = []
    for number, (sid, kind) in enumerate(numbers):
        sids = found[number]
        if kind == "benign":
            problems += [f"{sid}: its benign twin sets off {other}" for other in sids]
        elif sid not in sids:
            how = f" ({cases[sid].how})" if kind == "evasive" else ""
            problems.append(f"{sid}: does not find its {kind}{how}; client {Stage(None, number).ends(None, False)[0]}"
                            f", others: {sorted(sids)}")
        if verbose:
            print(f"{sid} {kind}: {dict(sids)}")
    return problems


def check_texts(program, packs, rules):
    problems = []
    for command in (("check",), ("lint", "--all")):
        status, text = run([program, *command, "--signatures", packs / "*.rules"])
        for code, message in re.findall(r"\b(?:error|warning)\[([\w.]+)\]: (.*)", text):
            sid = re.match(r"sid (\d+)", message)
            selected = sid and "prefilter;" in rules.get(int(sid[1]), "")
            if not (code == "lint.no_pattern" and selected):
                problems.append(f"{command[0]}: {code}: {message}")
        if status and command[0] == "check":
            problems.append(f"check: status {status}\n{text}")

    def explain(sid):
        status, text = run([program, "explain-rule", sid, "--signatures", packs / "*.rules"])
        words = len(text.split())
        return None if status == 0 and 20 < words else f"explain-rule {sid}: status {status}, {words} words\n{text[:500]}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # one of forty: the command reads all packs every time
        problems += filter(None, pool.map(explain, sorted(rules)[::40]))
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--packs", type=pathlib.Path, default=PACKS)
    parser.add_argument("--write", type=pathlib.Path, help="keep the capture here")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    rules, cases, problems = load(arguments.packs)
    problems += check_cases(arguments.bulkhead, arguments.packs, cases, arguments.write, arguments.verbose)
    problems += check_texts(arguments.bulkhead, arguments.packs, rules)
    print("\n".join(problems + [f"{len(rules)} rules, {len(cases)} cases, {len(problems)} problems"]))
    return 1 if problems or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
