#!/usr/bin/env python3
"""Reads ctest's JUnit file; prints what failed and why, what was skipped and why, then the counts.

The last line is exactly "N passed, N failed, N skipped"; the exit status is 1 when anything failed or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

TAIL_LINES = 40
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


def main():
    path = sys.argv[1]
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = NOT_IN_XML.sub("?", file.read())  # a test may print any byte
        cases = ElementTree.fromstring(text.encode()).findall("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test results: {error}")
        cases = []
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = {}
    for case in cases:
        kind = outcome(case)
        counts[kind] += 1
        output = case.findtext("system-out") or ""
        if kind == "failed":
            print(f"FAILED {case.get('name')}")
            note = case.find("failure")
            if note is None:
                note = case.find("skipped")
            if note is not None and note.get("message"):
                print(f"    {note.get('message')}")
            for line in output.splitlines()[-TAIL_LINES:]:
                print(f"    {line}")
        elif kind == "skipped":
            reasons.setdefault(skip_reason(output), []).append(case.get("name"))
    for reason, names in sorted(reasons.items()):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        print(f"skipped {names[0]}{more}: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
