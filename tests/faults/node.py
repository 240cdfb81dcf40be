"""A guarded node to break: three containers, a daemon with a policy, a signature and blocks, and what must hold at any time."""
import json
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "config/lab"), str(ROOT / "tests/support")]
import testbed

POLICY = """\
policy: shop
for: app=shop
ingress:
  - allow from app=client on tcp/80
  - deny from any on tcp, udp
"""
# In every rule file of a fault: what is looked for, told and cut.
RULES = """\
alert tcp any any -> any 80 (msg:"FAULT probe"; flow:established,to_server; content:"/probe-"; sid:9100001;)
drop tcp any any -> any 80 (msg:"FAULT attack"; flow:established,to_server; content:"/attack-"; sid:9100002;)
"""
SETTINGS = """\
capture:
  interfaces: [{bridge}]
inventory: {directory}/inventory.yaml
policy: [{directory}/policy.yaml]
signatures: [{directory}/faults.rules]
log-dir: {log}
cache-dir: {directory}/cache
control:
  socket: {directory}/control.sock
response:
  mode: enforce
  ttl: 60s
segments:
  lease: 3s
eve:
  types: [alert, stats, block]
stats:
  interval: 1s
{more}"""


class Broken(AssertionError):
    """A promise that did not hold."""


def hold(condition, promise):
    if not condition:
        raise Broken(promise)


def until(condition, seconds, promise):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return time.monotonic() - end + seconds
        time.sleep(0.05)
    raise Broken(f"{promise} (within {seconds} s)")


class Node:
    """Use as a context. `more`: further settings; `log`: another directory for the logs."""

    def __init__(self, binary, directory, more="discovery: {docker: no, cri: no}\n", log=None):
        self.binary, self.directory, self.more = binary, pathlib.Path(directory), more
        self.log = pathlib.Path(log) if log else self.directory / "log"
        containers = [testbed.Container("client", 10, {"app": "client"}), testbed.Container("shop", 20, {"app": "shop"}),
                      testbed.Container("intruder", 30, {"app": "intruder"})]
        self.bed = testbed.Testbed(directory, containers)
        self.daemon, self.number, self.starts = None, 0, 0

    def __enter__(self):
        self.bed.__enter__()
        try:
            self.bed.start_nginx("shop")
            self.bed.write_inventory()
            (self.directory / "policy.yaml").write_text(POLICY)
            (self.directory / "faults.rules").write_text(RULES)
        except BaseException:
            self.bed.__exit__()
            raise
        return self

    def __exit__(self, *details):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
        self.bed.__exit__(*details)
        subprocess.run([self.binary, "recover"], capture_output=True, check=False)
        subprocess.run(["ip", "link", "delete", testbed.BRIDGE], capture_output=True, check=False)

    def start(self, wrapper=()):
        """`wrapper`: words before the program's, as `setpriv ...`. Returns when it is ready."""
        self.starts += 1
        path, log = self.directory / "bulkhead.yaml", f"bulkhead-{self.starts}.log"
        path.write_text(SETTINGS.format(bridge=testbed.BRIDGE, directory=self.directory, log=self.log, more=self.more))
        self.daemon = self.bed.start([*wrapper, self.binary, "run", "-c", path], log, cwd=self.directory)
        text = lambda: (self.directory / log).read_text(errors="replace")
        until(lambda: self.daemon.poll() is not None or re.search(r"\bready\b", text()), 30, f"the daemon is ready: {text()[-400:]}")
        hold(self.daemon.poll() is None, f"the daemon starts: {text()[-600:]}")
        return self

    def said(self):
        return (self.directory / f"bulkhead-{self.starts}.log").read_text(errors="replace")

    # --- what must hold ---

    def fetch(self, who, path="/", timeout=1.0):
        done = subprocess.run(self.bed.containers[who].command(
            sys.executable, "-c",
            "import socket,sys; s=socket.create_connection((sys.argv[1],80),timeout=float(sys.argv[3])); "
            "s.settimeout(float(sys.argv[3])); s.sendall(f'GET {sys.argv[2]} HTTP/1.0\\r\\n\\r\\n'.encode()); "
            "sys.exit(0 if s.recv(100).startswith(b'HTTP/1.1 ') else 1)", self.bed.shop.ip4, path, timeout),
            capture_output=True, check=False, timeout=20)
        return done.returncode == 0

    def allowed(self):
        return self.fetch("client")

    def denied(self):
        return not self.fetch("intruder", timeout=0.4)

    def enforces(self, when):
        hold(self.allowed(), f"{when}: what the policy allows passes")
        hold(self.denied(), f"{when}: what the policy denies does not pass")

    def probe(self):
        """A request that must be alerted; its name."""
        self.number += 1
        name = f"/probe-{self.number}-"
        self.fetch("client", name)
        return name

    def events(self):
        """Whole lines of eve.json; a line that is no JSON breaks a promise, but for the last without its end."""
        path = self.log / "eve.json"
        if not path.exists():
            return []
        out = []
        lines = path.read_bytes().split(b"\n")
        for line in lines[:-1]:
            try:
                out.append(json.loads(line))
            except ValueError:
                raise Broken(f"every line of eve.json is whole: {line[:80]!r}") from None
        return out

    def alerts(self, sid=9100001):
        return [event for event in self.events() if event["event_type"] == "alert" and
                event["alert"]["signature_id"] == sid]

    def detects(self, when, seconds=10):
        before = len(self.alerts())
        self.probe()
        until(lambda: len(self.alerts()) > before, seconds, f"{when}: an attack is alerted")

    def stats(self):
        found = [event["stats"] for event in self.events() if event["event_type"] == "stats"]
        return found[-1] if found else {}

    def ask(self, *words):
        return subprocess.run([self.binary, *words, "--socket", self.directory / "control.sock"], capture_output=True, text=True,
                              timeout=20, check=False)

    def stop(self):
        return self.bed.stop(self.daemon, seconds=20)


def table_there():
    done = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False)
    return "bulkhead" in done.stdout
