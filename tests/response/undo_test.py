#!/usr/bin/python3
"""undo and panic take blocks out of the kernel: without a daemon, with one, and with one that does not answer.
usage: undo_test.py PROGRAM, as root; exit status 77: something is not there."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, in_own_network, skip, until  # noqa: E402


def inside(program):
    folder = tempfile.mkdtemp(prefix="bulkhead-undo-")
    socket = folder + "/control.sock"
    daemon = None

    def run(*words):
        done = subprocess.run([program, *words], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stderr}")
        return done.stdout

    def blocks():
        return sorted(json.loads(line)["src_ip"] for line in run("blocks", "list", "--json").splitlines())

    try:
        subprocess.run("ip link set lo up".split(), check=True)
        subprocess.run("ip link add veth-a type veth peer name veth-b".split(), check=True)
        for name in ("veth-a", "veth-b"):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        check("no blocks" in run("panic", "--socket", socket), "panic where nothing ever ran")
        for last in (7, 8, 9):
            run("blocks", "add", f"10.0.0.{last}")
            time.sleep(1.1)
        check(blocks() == ["10.0.0.7", "10.0.0.8", "10.0.0.9"], "three blocks")
        check("source 10.0.0.9" in run("undo", "--socket", socket), "undo takes the last one out, without a daemon")
        check(blocks() == ["10.0.0.7", "10.0.0.8"], "and no other")
        check(len(json.loads(run("panic", "--json", "--socket", socket))["removed"]) == 2, "panic takes out all")
        check(blocks() == [], "nothing is blocked")

        pathlib.Path(folder, "bulkhead.yaml").write_text(
            f"workers: 1\nlog-dir: {folder}\ncache-dir: ''\ncapture: {{interfaces: [veth-a]}}\nmetrics: {{enabled: no}}\n"
            f"control: {{socket: {socket}}}\nresponse: {{mode: enforce}}\n")
        run("blocks", "add", "10.0.0.7")
        daemon = subprocess.Popen([program, "run", "-c", folder + "/bulkhead.yaml"], stderr=open(folder + "/log", "w"))
        until(lambda: os.path.exists(socket), "the daemon is up", 30)
        check(blocks() == ["10.0.0.7"], "a start leaves blocks as they are")
        time.sleep(1.1)
        run("blocks", "add", "10.0.0.8", "--live", "--socket", socket)
        check("source 10.0.0.8" in run("undo", "--socket", socket), "the daemon undoes the last one")
        run("blocks", "add", "10.0.0.9", "--live", "--socket", socket)
        said = run("panic", "--socket", socket)
        check("10.0.0.7" in said and "10.0.0.9" in said and "for a while" in said, "panic by the daemon")
        check(blocks() == [], "nothing is blocked")
        status = json.loads(run("counters", "--json", "--socket", socket))
        check('"response.breaker.active": 1' in json.dumps(status), "and its breaker is open")
        run("blocks", "add", "10.0.0.7")
        daemon.send_signal(signal.SIGSTOP)
        check("source 10.0.0.7" in run("panic", "--socket", socket), "a daemon that hangs does not keep panic from its work")
        check(blocks() == [], "nothing is blocked")
    except Exception:
        path = pathlib.Path(folder, "log")
        if path.exists():
            print("--- log\n" + path.read_text()[-3000:])
        raise
    finally:
        if daemon is not None:
            daemon.kill()
            daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    program = os.path.abspath(sys.argv[1])
    if "--inside" in sys.argv:
        return inside(program)
    if shutil.which("ip") is None:
        skip("needs ip")
    return in_own_network(__file__, program)


if __name__ == "__main__":
    sys.exit(main())
