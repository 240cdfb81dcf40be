#!/usr/bin/env python3
"""Checks that every test that a header names in its `// Tests` lines exists.

Prints file:line and the name; exit status 1 when any is missing.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST_LINE = re.compile(r"//\s*Tests\s")
NEXT_LINE = re.compile(r"//\s{5,}\S")  # goes on under the text of the line before
REFERENCE = re.compile(r"\btests/[\w./-]*\w/?")


def check_header(name, text, exists):
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        inside = bool(FIRST_LINE.match(line)) or (inside and bool(NEXT_LINE.match(line)))
        if inside:
            for reference in REFERENCE.findall(line):
                if not exists(reference):
                    yield f"{name}:{number}: names {reference}, which does not exist"


def main():
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.h"],
                             cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    problems = []
    for name in filter(None, listing):
        if (ROOT / name).is_file():
            problems += check_header(name, (ROOT / name).read_text(), lambda path: (ROOT / path).exists())
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
