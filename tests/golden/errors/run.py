#!/usr/bin/env python3
"""Run one case of bad input and compare what the program says.

A case is a folder with

    command      one-line purpose after '#', the wanted exit status as 'status: N', then the arguments, one
                 command line; {tmp} is a fresh directory
    stderr       what must stand on stderr, byte for byte ({tmp} written back)
    stdout       the same for stdout; absent: must be empty

The program runs in the case's folder, so that file names in messages are short.  --update writes the
files anew after showing the difference.
"""
import argparse
import difflib
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile


def read_command(folder: pathlib.Path) -> tuple[int, str]:
    status, command = 0, ""
    for line in (folder / "command").read_text().splitlines():
        if line.startswith("status:"):
            status = int(line.removeprefix("status:"))
        elif line and not line.startswith("#"):
            command = line
    return status, command


def run(bulkhead: str, folder: pathlib.Path, command: str) -> tuple[int, str, str]:
    tmp = tempfile.mkdtemp(prefix="bulkhead-errors-")
    try:
        words = [word.replace("{tmp}", tmp) for word in shlex.split(command)]
        environment = {**os.environ, "NO_COLOR": "1", "TZ": "UTC"}
        done = subprocess.run([bulkhead, *words], cwd=folder, env=environment, timeout=50, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    finally:
        shutil.rmtree(tmp)
    texts = [text.decode("utf-8", "backslashreplace").replace(tmp, "{tmp}") for text in (done.stdout, done.stderr)]
    return done.returncode, texts[0], texts[1]


def compare(path: pathlib.Path, actual: str, update: bool) -> bool:
    expected = path.read_text() if path.exists() else ""
    if actual == expected:
        return True
    sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), actual.splitlines(True),
                                               f"expected {path.name}", f"actual {path.name}"))
    if update and actual:
        path.write_text(actual)
    elif update:
        path.unlink()
    return update


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulkhead", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("cases", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    bulkhead = os.path.abspath(options.bulkhead)
    failed = 0
    for folder in options.cases:
        want, command = read_command(folder)
        status, out, err = run(bulkhead, folder, command)
        fine = compare(folder / "stderr", err, options.update)
        fine = compare(folder / "stdout", out, options.update) and fine
        if status != want:
            print(f"{folder.name}: exit status {status}, not {want}")
            fine = False
        failed += not fine
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
