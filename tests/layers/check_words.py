#!/usr/bin/env python3
"""Checks that the tree speaks of the project alone and promises nothing.

No path of one machine, no word that postpones work, no merge marks, no spaces at a line's end, no tabs in code.
Prints file:line and what is wrong; exit status 1 when anything is.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Written so that this file does not find itself.
POSTPONED = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}$-])/(home|root|work|farm|Users)/\w")
MERGE_MARK = re.compile(r"^(<<<<<<<|>>>>>>>) ")
BINARY = {".pcap", ".pcapng", ".gz", ".zst", ".png"}
CODE = {".h", ".cpp", ".py", ".def", ".cmake", ".txt", ".yaml", ".sh", ""}


def check_text(name, text):
    code = pathlib.PurePath(name).suffix in CODE
    for number, line in enumerate(text.splitlines(), 1):
        if POSTPONED.search(line):
            yield f"{name}:{number}: says that something is left to do"
        if MACHINE_PATH.search(line):
            yield f"{name}:{number}: a path of one machine"
        if MERGE_MARK.match(line):
            yield f"{name}:{number}: a mark of a merge"
        if code and line != line.rstrip():
            yield f"{name}:{number}: spaces at the end"
        if code and line.startswith("\t"):
            yield f"{name}:{number}: a tab"


def main():
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    problems = []
    for name in filter(None, listing):
        path = ROOT / name
        if path.suffix in BINARY or "corpus" in path.parts or not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        problems += check_text(name, text)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
