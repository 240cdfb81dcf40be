#!/usr/bin/env python3
"""Who may read and change what a daemon leaves behind, started by somebody with a umask of 0; and what it does not believe.

    permissions_test.py --bulkhead PROGRAM                                                                         root

Every file, folder and socket that it makes is looked at: none may be written by others, keys, state and caches are the
daemon's alone. A cache, a state, a key or a folder that others may write is refused by name, and the node is guarded all
the same. A stranger who may not open the control socket learns nothing, one who may reads and does not act. Exit status
77: cannot run here.
"""
import argparse
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/faults"), str(ROOT / "config/lab")]
import testbed
from node import Broken, Node, hold

STRANGER = 65534
MORE = """\
discovery: {docker: no}
file-store: {enabled: yes, force-filestore: yes}
"""
# The end of the name, and the most that it may allow; what is not listed: 0640 for files, 0750 for folders.
MOST = {".key": 0o600, ".pub": 0o644, "behaviour.state": 0o600, ".hsdb": 0o600, "control.sock": 0o660, "cache": 0o750}


def check_modes(folder, before):
    seen = {}
    for path in sorted(folder.rglob("*")):
        if path in before or path.is_symlink() or path.name.startswith("bulkhead-") or path.name == "bulkhead.yaml":
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        most = next((value for end, value in MOST.items() if path.name.endswith(end)), 0o750 if path.is_dir() else 0o640)
        hold(mode & ~most == 0, f"{path} has mode {mode:04o}, at most {most:04o}")
        hold(path.lstat().st_uid == 0, f"{path} belongs to the daemon's user")
        seen[path] = mode
    return seen


def as_stranger(node, *words):
    return subprocess.run(["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups", node.binary, *words,
                           "--socket", node.directory / "control.sock"], capture_output=True, text=True, check=False, timeout=20)


def socket_is_kept(node):
    hold(node.ask("status").returncode == 0, "root asks")
    refused = as_stranger(node, "status")
    hold(refused.returncode != 0 and "generation" not in refused.stdout, "who may not open the socket learns nothing")
    os.chmod(node.directory / "control.sock", 0o666)
    hold(as_stranger(node, "status").returncode == 0, "who may open it reads")
    for words in (("quarantine", "lab/shop"), ("reload",), ("undo",), ("panic",), ("release", "lab/shop")):
        done = as_stranger(node, *words)
        hold(done.returncode != 0, f"who may only read cannot {words[0]}: {done.stdout}{done.stderr}")
    hold(node.allowed(), "nothing was cut off")


def distrusts(node, path, mode, said, more=lambda: None):
    """With `mode` the path is refused with these words, and the node is guarded; then it is as before."""
    before = stat.S_IMODE(path.stat().st_mode)
    os.chmod(path, mode)
    try:
        node.start()
        text = node.said()
        hold(said in text and f"{mode:04o}" in text, f"{path.name} of mode {mode:04o} is refused by name: {text[-1500:]}")
        node.enforces(f"with {path.name} of mode {mode:04o}")
        node.detects(f"with {path.name} of mode {mode:04o}")
        more()
        node.stop()
    finally:
        if path.exists():
            os.chmod(path, before)


def everything_is_distrusted(node):
    log, cache = node.log, node.directory / "cache"
    patterns = sorted(cache.glob("*.hsdb"))
    for path in (patterns[0], cache):
        distrusts(node, path, 0o777 if path.is_dir() else 0o666, "signature.cache.distrusted")
    distrusts(node, log / "behaviour.state", 0o662, "what was learned is not believed")
    public = (log / "audit.log.pub").read_text()
    distrusts(node, log / "audit.log.key", 0o644, "audit log: put aside, a new one begins")
    hold((log / "audit.log.pub").read_text() != public, "a key that others read is not used again")
    first = json.loads((log / "audit.log").read_text().splitlines()[0])
    hold(first["n"] == 1 and first["type"] == "distrusted" and "audit.log.key" in first["data"]["why"], f"the chain says why: {first}")
    verified = subprocess.run([node.binary, "verify-log", log / "audit.log"], capture_output=True, text=True, check=False)
    hold(verified.returncode == 0, f"the new chain verifies: {verified.stderr}")

    def no_proof():
        problems = json.loads(node.ask("status", "--json").stdout)["problems"]
        hold(any(problem["code"] == "audit" for problem in problems), f"status says that there is no audit log: {problems}")
    distrusts(node, log, 0o777, "audit log: trust", no_proof)
    for path in (node.directory,):  # of the socket
        distrusts(node, path, 0o777, "no live commands: trust")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", type=pathlib.Path, required=True)
    options = parser.parse_args()
    if os.geteuid() != 0 or not all(shutil.which(program) for program in ("nginx", "setpriv", "ip", "unshare")):
        print("skipped: needs root, nginx, setpriv, ip and unshare")
        return 77
    testbed.enter_own_world()
    with tempfile.TemporaryDirectory(prefix="bulkhead-permissions-") as directory:
        os.chmod(directory, 0o755)  # the stranger starts the program
        program = pathlib.Path(directory) / "bulkhead"
        shutil.copy(options.bulkhead.resolve(), program)
        os.chmod(program, 0o755)
        with Node(program, directory, more=MORE) as node:
            before = set(node.directory.rglob("*"))
            os.umask(0)
            node.start()
            node.detects("with a umask of 0")
            socket_is_kept(node)
            os.chmod(node.directory / "control.sock", 0o660)
            seen = check_modes(node.directory, before)
            node.stop()
            seen.update(check_modes(node.directory, before))
            names = {path.name for path in seen}
            for end in (".hsdb", ".key", ".state", ".sock", "audit.log", "eve.json"):
                hold(any(name.endswith(end) for name in names), f"{end} is among {sorted(names)}")
            everything_is_distrusted(node)
    print(f"{len(seen)} files, folders and sockets: none that others may change, no secret that they may read; what they could "
          "have changed is refused by name")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Broken, testbed.LabError) as problem:
        sys.exit(f"FAILED {problem}")
