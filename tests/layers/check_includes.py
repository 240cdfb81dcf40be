#!/usr/bin/env python3
"""Checks that every include follows layers.txt, and that it names a file of the tree.

Prints file:line and what is wrong; exit status 1 when anything is.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MAY_USE_NEIGHBOURS = ("tests", "bench")  # "sample_events.h" beside the test that uses it
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_layers(path):
    layers = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, allowed = line.partition(":")
        if not colon or folder in layers:
            sys.exit(f"{path.name}:{number}: expected one 'folder: folders...' per folder")
        layers[folder.strip()] = allowed.split()
    return layers


def layer_of(path, layers):
    """The longest folder of layers.txt that holds the file."""
    matches = [layer for layer in layers if path.startswith(layer + "/")]
    return max(matches, key=len) if matches else None


def allows(patterns, folder):
    for pattern in patterns:
        if pattern in ("*", folder) or (pattern.endswith("/*") and folder.startswith(pattern[:-1])):
            return True
    return False


def find_cycles(layers):
    """Folders may not allow each other in a circle, but for keywords and compile, which share the compiled form."""
    agreed = {frozenset(("signatures/keywords", "signatures/compile"))}
    for folder, allowed in layers.items():
        for other in allowed:
            if folder in layers.get(other, ()) and frozenset((folder, other)) not in agreed:
                yield f"layers.txt: {folder} and {other} allow each other"


def check(files, layers, root=ROOT):
    problems = list(find_cycles(layers))
    for name in files:
        folder = layer_of(name, layers)
        if folder is None:
            problems.append(f"{name}:1: this folder is not in layers.txt")
            continue
        for number, line in enumerate((root / name).read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1)
            if folder in MAY_USE_NEIGHBOURS and ((root / name).parent / target).is_file():
                continue
            if not (root / target).is_file():
                problems.append(f'{name}:{number}: "{target}" is no file; includes start at the root of the tree')
                continue
            other = layer_of(target, layers)
            if other != folder and not allows(layers[folder], other):
                problems.append(f"{name}:{number}: {folder} may not include {other} (layers.txt)")
    return problems


def main():
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.h", "*.cpp", "*.def"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    files = [name for name in listing if (ROOT / name).is_file()]
    problems = check(files, read_layers(HERE / "layers.txt"))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
