#!/usr/bin/env python3
"""Checks signatures/packs/COVERAGE.md: eighty rows, each with a verdict, and every sid and test that it names exists.

usage: coverage.py
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKS = ROOT / "signatures" / "packs"
ROWS = 80
VERDICTS = {"prevented", "detected", "not visible on the network"}


def rows_of(text):
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and cells[0].isdigit():
            yield cells


def known_tests():
    names = set()
    for path in (ROOT / "tests").rglob("*_test.cpp"):
        for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(errors="replace"), re.M):
            names.add(f"{suite}.{name}")
    for path in (ROOT / "tests").rglob("*.cmake"):
        names |= set(re.findall(r"add_test\(NAME ([\w.]+)", path.read_text()))
    return names


def check(text, sids, tests):
    rows = list(rows_of(text))
    if [int(row[0]) for row in rows] != list(range(1, ROWS + 1)):
        yield f"rows are not 1 to {ROWS}"
    for number, _, verdict, by, named, proof in rows:
        words = {word.strip() for word in verdict.split(",")}
        if not words or words - VERDICTS or not by:
            yield f"row {number}: verdict \"{verdict}\""
        named, proof = named.split(), re.findall(r"`([^`]+)`", proof)
        for sid in named:
            if sid not in sids:
                yield f"row {number}: no rule has sid {sid}"
        for test in proof:
            if test not in tests:
                yield f"row {number}: no test is called {test}"
        if not proof:
            yield f"row {number}: \"{verdict}\" without a test"
        if named and "golden.packs.cases" not in proof:
            yield f"row {number}: names sids and not the test that proves them"


def main():
    sids = set()
    for path in PACKS.glob("*.rules"):
        sids |= set(re.findall(r"\bsid:(\d+);", path.read_text()))
    tests = known_tests()
    text = (PACKS / "COVERAGE.md").read_text()
    problems = list(check(text, sids, tests))
    # The check itself: a row with a made-up sid, test or verdict must not pass.
    rows = text[text.index("| # |"):]
    spoilt = (re.sub(r"\b61\d{5}\b", "6109998", rows, count=1), rows.replace("golden.packs.cases", "golden.packs.none", 1),
              rows.replace("| prevented |", "| perhaps |", 1), rows.replace("| 7 |", "| 8 |", 1))
    problems += [f"does not notice spoilt text {i}" for i, other in enumerate(spoilt) if not list(check(other, sids, tests))]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
