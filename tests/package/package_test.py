#!/usr/bin/env python3
"""The Debian package as cpack builds it: what is in it, and that it works where it is unpacked.

arguments: cmake's build directory, the source directory. Exit status 77: cannot run here, with a word why.
"""
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BUILD, SOURCE = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
MOST_EXPOSED = 25  # systemd-analyze's figure, times ten
failures = 0


def check(what, fine, detail=""):
    global failures
    failures += not fine
    print(f"  {'ok' if fine else 'FAILED'} {what}" + (f": {detail}" if detail and not fine else ""))


def run(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)


def main():
    for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is not installed")
            return 77
    with tempfile.TemporaryDirectory(prefix="bulkhead-package-") as folder:
        work = pathlib.Path(folder)
        made = run("cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", work / "package")
        packages = list((work / "package").glob("*.deb"))
        check("cpack makes one package", made.returncode == 0 and len(packages) == 1, made.stdout + made.stderr)
        if not packages:
            return 1
        root, control = work / "root", work / "control"
        run("dpkg-deb", "-x", packages[0], root)
        run("dpkg-deb", "-e", packages[0], control)
        contents(root)
        scripts(control)
        program(root, work)
        service(root, work)
    return 1 if failures else 0


def contents(root):
    pages = sorted(p.name for p in (root / "usr/share/man/man8").iterdir())
    check("a manual for each command", len(pages) > 25 and "bulkhead.8.gz" in pages and "bulkhead-status.8.gz" in pages, pages)
    text = gzip.open(root / "usr/share/man/man8/bulkhead-status.8.gz", "rt").read()
    check("manuals are manuals", text.startswith(".TH BULKHEAD-STATUS 8"), text[:80])
    for path, word in (("usr/share/bash-completion/completions/bulkhead", "complete"),
                       ("usr/share/zsh/vendor-completions/_bulkhead", "#compdef"),
                       ("usr/share/fish/vendor_completions.d/bulkhead.fish", "complete -c bulkhead"),
                       ("usr/lib/sysusers.d/bulkhead.conf", "u bulkhead"),
                       ("usr/lib/systemd/system/bulkhead.service", "Type=notify"),
                       ("etc/bulkhead/bulkhead.yaml", "interfaces"),
                       ("usr/share/bulkhead/deploy/kubernetes/bulkhead.yaml", "DaemonSet"),
                       ("usr/share/doc/bulkhead/copyright", "Apache License")):
        file = root / path
        check(path, file.is_file() and word in file.read_text())
    check("signatures", len(list((root / "usr/share/bulkhead/packs").glob("*.rules"))) >= 5)
    open_to_all = [str(p) for p in root.rglob("*") if p.is_file() and p.stat().st_mode & 0o022]
    check("nobody but root writes what is installed", not open_to_all, open_to_all)


def scripts(control):
    fields = (control / "control").read_text()
    check("dependencies of the program", all(w in fields for w in ("libhyperscan5", "libssl3", "libnl-3-200")), fields)
    check("the settings are the operator's", (control / "conffiles").read_text() == "/etc/bulkhead/bulkhead.yaml\n")
    for name in ("postinst", "prerm", "postrm"):
        script = control / name
        check(f"{name} is a script", script.stat().st_mode & 0o111 != 0 and run("sh", "-n", script).returncode == 0)


def program(root, work):
    bulkhead = root / "usr/bin/bulkhead"
    version = run(bulkhead, "--version")
    check("bulkhead --version", version.returncode == 0 and re.search(r"\d+\.\d+\.\d+", version.stdout) is not None, version.stdout)
    capture = next(iter(sorted((SOURCE / "tests/golden/http").glob("*/input.pcap"))))
    out = work / "out"
    done = run(bulkhead, "replay", "--pcap", capture, "--signatures", root / "usr/share/bulkhead/packs/*.rules", "--log-dir", out)
    records = [json.loads(line) for line in (out / "eve.json").read_text().splitlines()] if done.returncode == 0 else []
    check("bulkhead replay", any(r["event_type"] == "http" for r in records), done.stdout + done.stderr)
    settings = (root / "etc/bulkhead/bulkhead.yaml").read_text().replace("/usr/share", str(root / "usr/share"))
    (work / "bulkhead.yaml").write_text(settings)
    checked = run(bulkhead, "check", "-c", work / "bulkhead.yaml")
    check("the settings that come with it are right", checked.returncode == 0, checked.stdout + checked.stderr)


def service(root, work):
    unit = root / "usr/lib/systemd/system/bulkhead.service"
    if shutil.which("systemd-analyze") is None:
        print("  not run: systemd is not installed")
        return
    score = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", unit)
    check(f"exposure at most {MOST_EXPOSED / 10}", score.returncode == 0, score.stdout[-300:] + score.stderr)
    print("    " + score.stdout.strip().splitlines()[-1] if score.stdout.strip() else "")
    home = work / "host"
    (home / "etc").mkdir(parents=True)
    made = run("systemd-sysusers", f"--root={home}", root / "usr/lib/sysusers.d/bulkhead.conf")
    if os.geteuid() == 0:
        check("systemd-sysusers makes the account", "bulkhead:" in (home / "etc/passwd").read_text(), made.stderr)


if __name__ == "__main__":
    sys.exit(main())
