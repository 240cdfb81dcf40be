#!/usr/bin/python3
"""The response against real attackers: what is forged blocks nobody, repetition climbs the ladder, the blocks and their
count outlive a restart, and whoever did nothing keeps its sessions all the while.
usage: ladder_test.py PROGRAM, as root; exit status 77: something is not there."""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "config" / "lab")]
import testbed  # noqa: E402
from checks import check, in_lab_world, until  # noqa: E402
from packets import ACK, PSH, SYN, ethernet, ipv4, tcp, udp  # noqa: E402
from testbed import Container, HttpConversation, LabError, read_events, socket_inside  # noqa: E402

SETTINGS = """\
capture: {{interfaces: [veth-web, veth-db, veth-dns, veth-intruder]}}
workers: 1
log-dir: {folder}
cache-dir: ""
inventory: {folder}/inventory.yaml
signatures: [{folder}/attack.rules]
metrics: {{enabled: no}}
control: {{socket: {folder}/control.sock}}
response: {{mode: enforce, first-step: log, last-step: quarantine, settle: 1s, max-share: 50%}}
output: {{flush-interval-ms: 20}}
"""
# The third is what the response itself sends.
RULES = """\
drop udp any any -> any any (msg:"evil datagram"; content:"evil"; sid:1;)
drop tcp any any -> any any (msg:"evil request"; content:"evil"; sid:2;)
drop tcp any any -> any any (msg:"a reset"; flags:R+; sid:3;)
"""
SERVER = """
import socket, threading
listening = socket.create_server(("", 80))
def serve(one):
    with one:
        while one.recv(65536):
            one.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
"""
SEND = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
for frame in sys.argv[1:]:
    wire.send(bytes.fromhex(frame))
"""


class Trial:
    def __init__(self, bed, program):
        self.bed, self.program = bed, program
        self.daemon = None
        self.starts = 0

    def run(self, *words):
        done = subprocess.run([self.program, *words, "--socket", f"{self.bed.directory}/control.sock"],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stderr}")
        return done.stdout

    def start(self):
        self.starts += 1
        self.daemon = self.bed.start_daemon(self.program, SETTINGS.format(folder=self.bed.directory),
                                            f"bulkhead-{self.starts}.log")

    def blocks(self):
        done = subprocess.run([self.program, "blocks", "list", "--json"], capture_output=True, text=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def events(self, kind):
        return [e for e in read_events(self.bed.directory / "eve.json") if e["event_type"] == kind]

    def counter(self, name):
        return json.loads(self.run("counters", "--json"))["counters"][name]

    def attack(self, target):
        """A real connection with an attack in it; the step that it led to."""
        before = len(self.events("block"))
        http = HttpConversation(self.bed.containers["intruder"], target.ip4, 80)
        http.request("/evil")
        http.close()
        until(lambda: len(self.events("block")) > before, "a block event", 10, 0.02)
        event = self.events("block")[before]
        time.sleep(1.2)  # response.settle
        return event["block"]["action"], event["block"]["kind"] if event["block"]["action"] == "add" else "-"


def reaches(bed, name, address):
    try:
        socket_inside(bed.containers[name], address, 80, 2).close()
        return True
    except LabError:
        return False


def forge(trial):
    bed = trial.bed
    intruder, web, dns, db = (bed.containers[name] for name in ("intruder", "web", "dns", "db"))
    frames = []
    for source in (testbed.PREFIX4 + "1", dns.ip4, web.ip4, db.ip4, "192.0.2.7"):
        for mac in (intruder.mac, web.mac):
            for target in (web, db):
                def frame(packet, mac=mac, target=target):
                    return ethernet(packet, None, bytes.fromhex(mac.replace(":", "")),
                                    bytes.fromhex(target.mac.replace(":", ""))).hex()
                port = 30000 + len(frames)
                frames.append(frame(ipv4(source, target.ip4, 17, udp(source, target.ip4, port, 53, b"evil"))))
                # A connection that nobody opened, and one of which only its forged half exists.
                frames.append(frame(ipv4(source, target.ip4, 6, tcp(source, target.ip4, port, 80, 1, 1, PSH | ACK,
                                                                    b"evil"))))
                frames.append(frame(ipv4(source, target.ip4, 6, tcp(source, target.ip4, port + 1000, 80, 1, 0, SYN))))
                frames.append(frame(ipv4(source, target.ip4, 6, tcp(source, target.ip4, port + 1000, 80, 2, 7, ACK))))
                frames.append(frame(ipv4(source, target.ip4, 6, tcp(source, target.ip4, port + 1000, 80, 2, 7,
                                                                    PSH | ACK, b"evil"))))
    for _ in range(2):  # what was held against anybody would be a step now
        bed.inside("intruder", sys.executable, "-c", SEND, *frames, check=True)
        until(lambda: trial.counter("response.forgeable") >= 10, "forged packets matched", 20)
        time.sleep(1.2)
    check(trial.blocks() == [], "addresses of gateway, resolver, workloads and strangers that are forged: no block")
    check(not [e for e in trial.events("block") if e["block"]["action"] in ("add", "log")], "nobody was held to account")


def climb(trial):
    bed = trial.bed
    web, db = bed.containers["web"], bed.containers["db"]
    check(reaches(bed, "intruder", web.ip4), "the intruder reaches the web server")
    session = HttpConversation(db, web.ip4, 80)
    check(session.request() == 200, "a session of the database")
    check(trial.attack(web) == ("log", "-"), "the first finding is told")
    check(trial.attack(web) == ("add", "limit"), "the second limits")
    check(trial.attack(web) == ("add", "flow"), "the third cuts the flow")
    check(trial.attack(web) == ("add", "pair"), "the fourth cuts the edge")
    check(not reaches(bed, "intruder", web.ip4), "it is cut")
    check(session.request() == 200, "the session of the database goes on")
    before = sorted((b["kind"], b["src_ip"]) for b in trial.blocks())
    bed.stop(trial.daemon)
    check(sorted((b["kind"], b["src_ip"]) for b in trial.blocks()) == before, "blocks stand without the daemon")
    check(session.request() == 200, "and the session lives")
    trial.start()
    check(sorted((b["kind"], b["src_ip"]) for b in trial.blocks()) == before, "and after its start")
    check(session.request() == 200, "and so does the session")
    check(trial.attack(db) == ("add", "source"), "the ladder goes on where it was: quarantine")
    strikes = {b.get("strike") for b in trial.blocks() if b["kind"] == "source"}
    check(strikes == {5}, "the fifth strike")
    sources = {b["src_ip"] for b in trial.blocks()}
    intruder = bed.containers["intruder"]
    check(sources == {intruder.ip4, str(intruder.ip6)}, "the intruder's addresses and nobody else's, resets or not")
    check(not reaches(bed, "intruder", bed.containers["dns"].ip4), "it reaches nobody")
    check(session.request() == 200, "the session of the database goes on")
    trial.run("panic")
    check(trial.blocks() == [], "panic ends all of it")
    check(reaches(bed, "intruder", web.ip4), "the intruder is let in again")
    check(session.request() == 200, "the session of the database goes on")
    session.close()


def inside(program):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-ladder-"))
    names = ("web", "db", "dns", "intruder")
    containers = [Container(name, number, {"app": name}) for number, name in enumerate(names, 2)]
    try:
        with testbed.Testbed(folder, containers) as bed:
            (folder / "attack.rules").write_text(RULES)
            bed.write_inventory()
            for name in ("web", "db", "dns"):
                bed.start(bed.containers[name].command(sys.executable, "-c", SERVER), "servers.log")
                bed.wait_for_port(name, 80, "servers.log")
            trial = Trial(bed, program)
            trial.start()
            try:
                forge(trial)
                climb(trial)
            except (AssertionError, LabError, OSError, socket.timeout):
                for event in trial.events("block")[-12:]:
                    print(json.dumps(event))
                print(json.dumps(trial.blocks()))
                print(bed.log_tail(f"bulkhead-{trial.starts}.log", 20))
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    inside(in_lab_world(testbed))
