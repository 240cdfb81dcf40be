#!/usr/bin/env python3
"""Runs the conformance suite, where it is, and holds the number of passes of each category against minimum.txt.

usage: run.py --bulkhead PROGRAM [--update]

The suite (captures, rules and expected events of the suricata-verify project, MIT) is not part of this tree: it is
looked for in $BULKHEAD_TEST_DATA/conformance, by default beside the repository in ../shared/conformance. Without it
the test is skipped (status 77). A category that passes fewer tests than recorded fails; --update records more.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SKIP = 77


def read_minimum(path):
    lines = (line.split("#")[0].split() for line in path.read_text().splitlines())
    return {words[0]: int(words[1]) for words in lines if words}


def run_suite(suite, program, categories, seconds):
    """Passed and failed tests of the categories: {category: {verdict: count}}."""
    listed = [line for line in (suite / "visible.txt").read_text().splitlines()
              if len(line.split()) > 1 and line.split()[1] in categories]
    with tempfile.TemporaryDirectory() as directory:
        wanted, results = pathlib.Path(directory) / "list", pathlib.Path(directory) / "results.json"
        wanted.write_text("\n".join(listed) + "\n")
        command = f"{program} replay --pcap {{pcap}} --signatures {{rules}} --log-dir {{out}} {{sets}}"
        done = subprocess.run(
            [sys.executable, suite / "conformance.py", suite / "tests", wanted, "--command", command, "--quiet",
             "--json", results, "--jobs", str(os.cpu_count() or 1)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)
        if not results.exists():
            sys.exit(f"the suite ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        counts = collections.defaultdict(collections.Counter)
        for row in json.loads(results.read_text()):
            counts[row["category"]][row["verdict"]] += 1
        return counts, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="record more passes than before")
    parser.add_argument("--seconds", type=float, default=540)
    arguments = parser.parse_args()
    suite = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", ROOT.parent / "shared")) / "conformance"
    if not (suite / "conformance.py").exists():
        print("no conformance suite: set BULKHEAD_TEST_DATA to the folder that holds conformance/")
        return SKIP
    minimum = read_minimum(HERE / "minimum.txt")
    counts, output = run_suite(suite, arguments.bulkhead.resolve(), set(minimum), arguments.seconds)
    failed = False
    for category, least in minimum.items():
        row = counts[category]
        short = row["PASS"] < least
        failed |= short
        print(f"{category:<20} {row['PASS']:4} passed {row['FAIL']:4} failed {row['SKIP']:4} skipped, "
              f"recorded {least}{'  TOO FEW' if short else ''}")
    if failed:
        print(output)
    if arguments.update:
        text = "".join(f"{name} {max(least, counts[name]['PASS'])}\n" for name, least in minimum.items())
        comments = [line for line in (HERE / "minimum.txt").read_text().splitlines() if line.startswith("#")]
        (HERE / "minimum.txt").write_text("\n".join(comments) + "\n" + text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
