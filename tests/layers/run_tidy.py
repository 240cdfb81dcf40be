#!/usr/bin/env python3
"""Runs clang-tidy on the project's own .cpp files, bounded in time.

usage: run_tidy.py BUILD_DIR [--seconds N]

A file that passed is not read again until it, a header of the tree, or .clang-tidy changes (BUILD_DIR/tidy keeps
the hashes). Files changed last come first, so that the bound (default 480 s) cuts off the oldest ones; how many
were not read is printed. Exit status 1 when a check complains.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED_FOLDERS = ("tests/", "bench/", "build/")  # gtest macros make most checks noise and triple the time
PRECOMPILED = re.compile(r"-Winvalid-pch|-include \S*/cmake_pch\.hxx")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


class Hasher:
    """Hash of a file with every header of the tree that it reaches."""

    def __init__(self):
        self.texts = {}
        self.settings = (ROOT / ".clang-tidy").read_text()

    def read(self, name):
        if name not in self.texts:
            path = ROOT / name
            self.texts[name] = path.read_text(errors="replace") if path.is_file() else ""
        return self.texts[name]

    def of(self, name):
        seen, open_names = set(), [name]
        while open_names:
            current = open_names.pop()
            if current not in seen:
                seen.add(current)
                open_names += INCLUDE.findall(self.read(current))
        digest = hashlib.sha256(self.settings.encode())
        for each in sorted(seen):
            digest.update(each.encode() + b"\0" + self.read(each).encode() + b"\0")
        return digest.hexdigest()


def own_commands(build_dir, target):
    """Commands without precompiled headers: GCC's are none for clang. The copy goes to target; the names come back."""
    entries = json.loads((build_dir / "compile_commands.json").read_text())
    for entry in entries:
        entry["command"] = PRECOMPILED.sub("", entry["command"])
    (target / "compile_commands.json").write_text(json.dumps(entries))
    names = set()
    for entry in entries:
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.suffix == ".cpp" and path.is_relative_to(ROOT) and path.is_file():
            name = str(path.relative_to(ROOT))
            if not name.startswith(SKIPPED_FOLDERS):
                names.add(name)
    return sorted(names, key=lambda name: -os.stat(ROOT / name).st_mtime)


def tidy(name, commands, deadline):
    remaining = deadline - time.monotonic()
    if remaining <= 1:
        return name, None, ""
    folder = re.escape(str(pathlib.PurePath(name).parent))
    try:
        run = subprocess.run(
            ["clang-tidy", "-p", str(commands), "--quiet", f"--header-filter=/{folder}/[^/]*$", name],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=remaining)
    except subprocess.TimeoutExpired:
        return name, None, ""
    return name, run.returncode == 0, run.stdout if "error:" in run.stdout else run.stdout + run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build_dir", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=480)
    arguments = parser.parse_args()
    build_dir = arguments.build_dir.resolve()
    cache = build_dir / "tidy"
    cache.mkdir(exist_ok=True)
    hasher = Hasher()
    hashes = {name: hasher.of(name) for name in own_commands(build_dir, cache)}
    waiting = [name for name, digest in hashes.items() if not (cache / digest).exists()]
    deadline = time.monotonic() + arguments.seconds
    failed = unread = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, fine, output in pool.map(lambda each: tidy(each, cache, deadline), waiting):
            if fine is None:
                unread += 1
            elif fine:
                (cache / hashes[name]).touch()
            else:
                failed += 1
                print(output.replace(str(ROOT) + "/", "").rstrip())
    if unread:
        print(f"  time is up: {unread} of {len(hashes)} files not read")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
