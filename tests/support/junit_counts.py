#!/usr/bin/env python3
"""Reads ctest's JUnit file; prints what failed and why, what was skipped and why, then the counts.

A second file holds the second run of tests that failed in the first. One that passes there has passed, is named, and
its first failure is shown; when more than MAY_RUN_AGAIN failed in the first run, the second one does not count.
The last line is exactly "N passed, N failed, N skipped"; the exit status is 1 when anything failed or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

TAIL_LINES = 40
MAY_RUN_AGAIN = 3
NOT_IN_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")
# ctest marks a test whose program is missing as "notrun" too; only these words mean that it chose to skip.
CHOSE_TO_SKIP = ("SKIP_RETURN_CODE", "SKIP_REGULAR_EXPRESSION", "Disabled")


def outcome(case):
    status = case.get("status")
    if status == "run":
        return "passed"
    skipped = case.find("skipped")
    if status == "disabled" or (skipped is not None and skipped.get("message", "").startswith(CHOSE_TO_SKIP)):
        return "skipped"
    return "failed"


def skip_reason(output):
    """The line after GoogleTest's "file:line: Skipped", or what a script said last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if re.search(r": Skipped$", line) and number + 1 < len(lines):
            return lines[number + 1]
    return lines[-1] if lines else "no reason given"


def read_cases(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        text = NOT_IN_XML.sub("?", file.read())  # a test may print any byte
    return ElementTree.fromstring(text.encode()).findall("testcase")


def passed_again(first, path):
    """Names of the tests that failed in the first run and passed in the second."""
    if path is None or sum(outcome(case) == "failed" for case in first) > MAY_RUN_AGAIN:
        return set()
    try:
        return {case.get("name") for case in read_cases(path) if outcome(case) == "passed"}
    except (OSError, ElementTree.ParseError):
        return set()  # nothing ran a second time


def show_failure(case):
    note = case.find("failure")
    if note is None:
        note = case.find("skipped")
    if note is not None and note.get("message"):
        print(f"    {note.get('message')}")
    for line in (case.findtext("system-out") or "").splitlines()[-TAIL_LINES:]:
        print(f"    {line}")


def main():
    try:
        cases = read_cases(sys.argv[1])
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test results: {error}")
        cases = []
    again = passed_again(cases, sys.argv[2] if len(sys.argv) > 2 else None)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = {}
    for case in cases:
        kind = outcome(case)
        if kind == "failed":
            second = case.get("name") in again
            print(f"{'PASSED ONLY WHEN RUN AGAIN' if second else 'FAILED'} {case.get('name')}")
            show_failure(case)
            kind = "passed" if second else "failed"
        elif kind == "skipped":
            reasons.setdefault(skip_reason(case.findtext("system-out") or ""), []).append(case.get("name"))
        counts[kind] += 1
    for reason, names in sorted(reasons.items()):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        print(f"skipped {names[0]}{more}: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
