#!/usr/bin/env python3
"""What a binary is made of, as CycloneDX 1.5: linked libraries, and packages whose headers are compiled in.

    sbom.py BINARY [--build DIRECTORY] [--output FILE]

Libraries: those that the loader takes (ldd), each with its Debian package. Headers: those that the build's dependencies
name (`ninja -t deps`), without --build none. Fails where a file of either kind belongs to no package: then it is not
known where it comes from.
"""
import argparse
import datetime
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import uuid


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def libraries(binary):
    found = {}
    for line in run("ldd", binary).splitlines():
        match = re.search(r"(\S+) => (/\S+)", line) or re.match(r"\s*(/\S+ld-linux\S+)()", line)
        if match:
            path = match[2] or match[1]
            found[os.path.realpath(path)] = path
    return found


def headers(build):
    """System headers that objects of the build depend on."""
    out = set()
    for line in run("ninja", "-C", build, "-t", "deps").splitlines():
        path = line.strip()
        if line.startswith("    /") and path.startswith(("/usr/include/", "/usr/lib/", "/usr/share/")):
            out.add(path)
    return out


def packages_of(paths):
    """path -> package, for as many as dpkg knows; the merged /usr is asked in both ways."""
    out, wanted = {}, sorted(paths)
    for begin in range(0, len(wanted), 500):
        batch = wanted[begin:begin + 500]
        asked = {form: path for path in batch for form in (path, path.removeprefix("/usr"), os.path.realpath(path))}
        done = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            names, _, path = line.partition(": ")
            if path in asked and not names.startswith("diversion"):
                out[asked[path]] = names.split(",")[0].strip()
    return out


@functools.cache
def details(package):
    version, source, architecture = run("dpkg-query", "-W", "-f", "${Version}\t${source:Package}\t${Architecture}", package).split("\t")
    copyright_file = pathlib.Path(f"/usr/share/doc/{package.split(':')[0]}/copyright")
    text = copyright_file.read_text(errors="replace") if copyright_file.exists() else ""
    licences = sorted({word.strip() for word in re.findall(r"^License: *(\S.*)$", text, re.M)})
    return {"version": version, "source": source, "architecture": architecture, "licences": licences}


def component(package, files, how):
    known = details(package)
    name = package.split(":")[0]
    quoted = "@".join(urllib.parse.quote(word, safe="") for word in (name, known["version"]))
    return {
        "type": "library", "bom-ref": f"{name}@{known['version']} ({how})", "name": name, "version": known["version"],
        "purl": f"pkg:deb/debian/{quoted}?arch={known['architecture']}",
        "licenses": [{"license": {"name": licence}} for licence in known["licences"]],
        "properties": [{"name": "bulkhead:use", "value": how}, {"name": "debian:source", "value": known["source"]}] +
                      [{"name": "bulkhead:file", "value": file} for file in files[:8]],
    }


def bill(binary, build):
    version = run(binary, "--version").split()[-1]
    linked = libraries(binary)
    of_libraries = packages_of([*linked, *linked.values()])
    package_of = lambda real, shown: of_libraries.get(real) or of_libraries.get(shown)
    unknown = [shown for real, shown in linked.items() if not package_of(real, shown)]
    parts = {}
    for real, shown in linked.items():
        if package_of(real, shown):
            parts.setdefault((package_of(real, shown), "linked"), []).append(shown)
    if build:
        of_headers = packages_of(headers(build))
        unknown += sorted(headers(build) - set(of_headers))
        for path, package in of_headers.items():
            parts.setdefault((package, "headers compiled in"), []).append(path)
    if unknown:
        sys.exit("sbom: of no package: " + ", ".join(unknown[:10]))
    digest = hashlib.sha256(pathlib.Path(binary).read_bytes()).hexdigest()
    components = [component(package, sorted(files), how) for (package, how), files in sorted(parts.items())]
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    when = datetime.datetime.fromtimestamp(int(epoch) if epoch else os.stat(binary).st_mtime, datetime.timezone.utc)
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": "bulkhead", "name": "bulkhead", "version": version,
                          "licenses": [{"license": {"id": "Apache-2.0"}}], "hashes": [{"alg": "SHA-256", "content": digest}]}},
        "components": components,
        "dependencies": [{"ref": "bulkhead", "dependsOn": sorted({each["bom-ref"] for each in components})}],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, help="build directory, for the headers")
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    made = bill(options.binary.resolve(), options.build)
    text = json.dumps(made, indent=1) + "\n"
    if options.output:
        options.output.write_text(text)
        uses = [part["properties"][0]["value"] for part in made["components"]]
        print(f"{options.output}: {uses.count('linked')} packages linked, {len(uses) - uses.count('linked')} with headers compiled in")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
