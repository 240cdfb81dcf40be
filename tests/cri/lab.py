"""Pods on a bridge, and bulkhead beside them: what the tests with a scripted and with a real runtime share."""
import json
import os
import shutil
import subprocess
import sys
import time

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


def comes(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


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


class Daemon:
    def __init__(self, program, folder, socket, *sets):
        self.program, self.folder, self.log_path = program, folder, folder + "/bulkhead.log"
        self.eve = folder + "/eve.json"
        with open(folder + "/policy.yaml", "w", encoding="utf-8") as file:
            file.write(POLICY)
        self.control = folder + "/control.sock"
        words = ["workers=1", "boost=0", "cache-dir=", "metrics.enabled=no", f"control.socket={self.control}",
                 "discovery.docker=no", "discovery.kubernetes=no", "discovery.cri=yes", f"discovery.cri-sockets=[{socket}]",
                 "stats.interval=1", "output.flush-interval-ms=100", *sets]
        command = [program, "run", "--policy", folder + "/policy.yaml", "--log-dir", folder]
        for word in words:
            command += ["--set", word]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        if not comes(lambda: "ready:" in self.log() or self.process.poll() is not None, 30):
            raise RuntimeError("not ready: " + self.log())
        if self.process.poll() is not None:
            raise RuntimeError("ended: " + self.log())

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

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

    def events(self, kind):
        if not os.path.exists(self.eve):
            return []
        with open(self.eve, encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        return [e for e in map(json.loads, lines) if e["event_type"] == kind]

    def posture(self, workload):
        """Codes of the last word about a workload; None: nothing was said."""
        told = [e["posture"] for e in self.events("posture") if e["posture"]["workload"] == workload]
        return [f["code"] for f in told[-1]["findings"]] if told else None

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        run(self.program, "recover", check=False)
        return code
