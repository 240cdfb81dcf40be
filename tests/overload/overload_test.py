#!/usr/bin/python3
"""A daemon that is given more than it can take: what came in is what was inspected and each named loss, to the packet.

A tiny ring or queue is filled while the daemon stands still (SIGSTOP), twice; then nothing moves any more and the
counters are read. What they say is held against what others counted: the kernel for the interface, the receiver of the
datagrams for what arrived.
usage: overload_test.py PROGRAM, as root; exit status 77: something is not there."""
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "config" / "lab")]
import testbed  # noqa: E402
from checks import check, in_lab_world  # noqa: E402
from testbed import Container, LabError  # noqa: E402

PORT, BURST, ROUNDS = 9999, 3000, 2
SETTINGS = """\
{source}
workers: 1
log-dir: {folder}
cache-dir: ""
inventory: {folder}/inventory.yaml
signatures: [{folder}/own.rules]
guard: {{enabled: no}}
metrics: {{enabled: no}}
control: {{socket: {folder}/control.sock}}
eve: {{types: [alert]}}
"""
RECEIVER = """
import socket, sys
into = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
into.setsockopt(socket.SOL_SOCKET, 33, 256 << 20)  # SO_RCVBUFFORCE
into.bind(("0.0.0.0", int(sys.argv[1])))
into.settimeout(1)
print("ready", flush=True)
while sys.stdin.readline():
    got = set()
    try:
        while True:
            got.add(into.recv(2048))
    except TimeoutError:
        print(len(got), flush=True)
"""
SENDER = """
import socket, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.connect((sys.argv[1], int(sys.argv[2])))
first, count = int(sys.argv[3]), int(sys.argv[4])
for number in range(first, first + count):
    out.send(b"%010d MARK" % number)
    if number % 50 == 0:
        time.sleep(0.001)
"""


class Trial:
    def __init__(self, bed, program, source):
        self.bed, self.program = bed, program
        (bed.directory / "own.rules").write_text(
            f'alert udp any any -> any {PORT} (msg:"marked"; content:"MARK"; sid:1;)\n')
        bed.write_inventory()
        self.log = "bulkhead.log"
        (bed.directory / self.log).write_text("")
        self.daemon = bed.start_daemon(program, SETTINGS.format(source=source, folder=bed.directory), self.log)
        self.receiver = subprocess.Popen(bed.server.command(sys.executable, "-c", RECEIVER, PORT), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        bed.processes.append(self.receiver)
        self.receiver.stdout.readline()
        # Nothing but the test's own datagrams.
        for command in ([], *(each.command() for each in bed.containers.values())):
            testbed.run(*command, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
        self.sent = 0
        self.send(1)  # who is where, is known from here on
        self.received()
        self.sent = 0

    def counters(self):
        done = subprocess.run([self.program, "counters", "--json", "--socket", f"{self.bed.directory}/control.sock"],
                              capture_output=True, text=True, timeout=30, check=True)
        out = json.loads(done.stdout)["counters"]
        link = json.loads(testbed.run("ip", "-json", "-statistics", "link", "show", "dev", self.bed.server.veth).stdout)[0]
        out["interface"] = sum(link["stats64"][way]["packets"] for way in ("rx", "tx"))
        return out

    def at_rest(self):
        """Counters that did not change for longer than any of them is old (2 s)."""
        moving = ("interface", "decoder.pkts", "capture.kernel_drops", "output.published", "output.written",
                  "inline.passed_uninspected")
        pick = lambda all_of: [all_of.get(name) for name in moving]  # noqa: E731
        last, since, end = self.counters(), time.monotonic(), time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(0.25)
            now = self.counters()
            if pick(now) != pick(last):
                last, since = now, time.monotonic()
            elif time.monotonic() - since > 2.5:
                return now
        raise AssertionError("the counters do not come to rest")

    def send(self, count):
        self.bed.inside("client", sys.executable, "-c", SENDER, self.bed.server.ip4, PORT, self.sent, count, check=True)
        self.sent += count

    def overload(self):
        for _ in range(ROUNDS):
            self.daemon.send_signal(signal.SIGSTOP)
            try:
                self.send(BURST)
            finally:
                self.daemon.send_signal(signal.SIGCONT)
            self.send(BURST // 10)  # in the middle of catching up

    def received(self):
        """Datagrams that arrived since the last asking; the receiver's buffer has kept them."""
        self.receiver.stdin.write("\n")
        self.receiver.stdin.flush()
        return int(self.receiver.stdout.readline())

    def books(self):
        before = self.at_rest()
        self.overload()
        after = self.at_rest()
        change = {name: after[name] - before.get(name, 0) for name in after if isinstance(after[name], int)}
        change["arrived"] = self.received()
        change["sent"] = self.sent
        print("   ", {name: change.get(name, 0) for name in
                      ("sent", "arrived", "interface", "decoder.pkts", "capture.kernel_drops",
                       "inline.passed_uninspected", "ips.accepted", "detect.alert", "output.dropped")})
        check(after["output.published"] == after["output.written"] + after["output.dropped"],
              "events: published = written + dropped")
        self.bed.stop(self.daemon)
        return change


def tap(bed, program):
    trial = Trial(bed, program, f"capture: {{interfaces: [{bed.server.veth}], block-size: 128kb, blocks: 2}}")
    change = trial.books()
    lost = change["capture.kernel_drops"]
    check(lost > 0, "tap: the ring was too small")
    check(change["interface"] == change["decoder.pkts"] + lost, "tap: on the interface = inspected + lost by the ring")
    check(change["arrived"] == change["sent"], "tap: the traffic itself lost nothing")


def queue(bed, program, fail):
    trial = Trial(bed, program, f"inline: {{flows: all, queues: 1, max-packets: 128, fail: {fail}}}")
    change = trial.books()
    lost, unseen = change["capture.kernel_drops"], change["inline.passed_uninspected"]
    check(change["sent"] == change["arrived"] + lost, f"inline, {fail}: sent = arrived + lost")
    check(change["sent"] == change["decoder.pkts"] + lost + unseen, f"inline, {fail}: sent = inspected + passed unseen + lost")
    if fail == "open":
        check(unseen > 0 and lost == 0, "inline, open: what was too much passed, and is counted")
    else:
        check(lost > 0 and unseen == 0, "inline, closed: what was too much is lost, and is counted")


def inside(program):
    for name, run in (("tap", tap), ("inline, open", lambda *a: queue(*a, "open")),
                      ("inline, closed", lambda *a: queue(*a, "closed"))):
        print(name)
        pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("0")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-overload-"))
        containers = [Container("client", 10, {"app": "client"}), Container("server", 20, {"app": "server"})]
        try:
            with testbed.Testbed(folder, containers) as bed:
                try:
                    run(bed, program)
                except (AssertionError, LabError, OSError, socket.timeout, subprocess.SubprocessError):
                    print(bed.log_tail("bulkhead.log", 20))
                    raise
                testbed.run("ip", "link", "del", testbed.BRIDGE)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    inside(in_lab_world(testbed))
