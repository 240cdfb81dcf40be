"""Pods on a bridge, and bulkhead beside them: what the tests with a scripted and with a real runtime share."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from daemon import Daemon as DaemonInFolder, comes  # noqa: E402,F401

POLICY = """\
policy: db
tier: platform
for: app=db
ingress:
  - allow from app=api on tcp/6379
  - deny from any
"""


class Report:
    failures = 0

    def check(self, what, fine, detail=""):
        self.failures += not fine
        detail = f": {detail}" if detail and not fine else ""
        print(f"  {'ok' if fine else 'FAILED'} {what}{detail}", flush=True)


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def skip_unless(*programs):
    """Leaves with 77 and a word where this cannot run; otherwise /run is ours alone."""
    reason = None
    if os.geteuid() != 0:
        reason = "needs root"
    for program in programs:
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            reason = reason or f"{program} is not installed"
    try:
        import h2.connection  # noqa: F401
    except ImportError:
        reason = reason or "python3-h2 is not installed"
    if not reason and os.readlink("/proc/self/ns/net") == os.readlink(f"/proc/{os.getppid()}/ns/net"):
        reason = "must run in a network and a mount namespace of its own: unshare -n -m"
    if reason:
        print("skipped:", reason)
        sys.exit(77)
    for command in ("mount --make-rprivate /", "mount -t tmpfs none /run", "ip link set lo up"):
        run(*command.split())


class Daemon(DaemonInFolder):
    """Beside the runtime behind this socket."""

    def __init__(self, program, folder, socket, *sets):
        self.program, self.folder = program, folder
        self.control = folder + "/control.sock"
        super().__init__(program, folder, POLICY, "workers=1", "boost=0", "cache-dir=", "metrics.enabled=no",
                         f"control.socket={self.control}", "discovery.docker=no", "discovery.kubernetes=no",
                         "discovery.cri=yes", f"discovery.cri-sockets=[{socket}]", "stats.interval=1",
                         "output.flush-interval-ms=100", *sets)

    def ask(self, *words):
        done = subprocess.run([self.program, *words, "--json", "--socket", self.control], capture_output=True, text=True,
                              check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {}

    def workloads(self):
        return {w["name"]: w for w in self.ask("workloads").get("workloads", []) if w["kind"] == "workload"}

    def problem(self, word):
        return any(word in p["text"] for p in self.ask("status").get("problems", []))

    def posture(self, workload):
        """Codes of the last word about a workload; None: nothing was said."""
        told = [e["posture"] for e in self.events("posture") if e["posture"]["workload"] == workload]
        return [f["code"] for f in told[-1]["findings"]] if told else None

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        run(self.program, "recover", check=False)
        return code
