#!/usr/bin/env python3
"""The list of parts of a binary: well formed, and no library that the binary asks for is missing in it.

    sbom_test.py BINARY          exit status 77: not on a system with dpkg
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, status=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{command}: {done.stderr}"
    return done.stdout


def main():
    binary = sys.argv[1]
    if not shutil.which("dpkg-query") or not shutil.which("readelf"):
        print("skipped: needs dpkg-query and readelf")
        return 77
    made = json.loads(run("/usr/bin/python3", ROOT / "config/deploy/sbom.py", binary))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    references = [part["bom-ref"] for part in made["components"]]
    assert len(references) == len(set(references)), "every part has a name of its own"
    assert sorted(made["dependencies"][0]["dependsOn"]) == sorted(references), "the binary depends on every part"
    for part in made["components"]:
        assert part["version"] and part["purl"].startswith("pkg:deb/debian/") and "+" not in part["purl"], part
    without = [part["name"] for part in made["components"] if not part["licenses"]]
    assert len(without) * 4 < len(references), f"hardly a part has a licence: {without}"
    files = " ".join(item["value"] for part in made["components"] for item in part["properties"])
    needed = re.findall(r"\(NEEDED\).*\[(\S+)\]", run("readelf", "-d", binary))
    missing = [name for name in needed if name not in files]
    assert needed and not missing, f"not in the list: {missing}"
    assert run("/usr/bin/python3", ROOT / "config/deploy/sbom.py", binary) == json.dumps(made, indent=1) + "\n", "twice the same"
    print(f"{len(references)} parts, {len(needed)} libraries asked for")
    return 0


if __name__ == "__main__":
    sys.exit(main())
