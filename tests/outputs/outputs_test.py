#!/usr/bin/python3
"""A daemon in a network namespace of its own writes to every output at once: a file that is rotated, a unix socket, syslog over
UDP, a real Redis. Records carry the names and labels of workloads and hold to the schema; a receiver that goes is counted.
usage: outputs_test.py PROGRAM; exit status 77: something is not installed."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import checks  # noqa: E402
from checks import check, skip  # noqa: E402
from eve_schema import faults  # noqa: E402

WAIT = 20


def until(condition, what):
    checks.until(condition, what, WAIT)


def metrics():
    with urllib.request.urlopen("http://127.0.0.1:9477/metrics", timeout=10) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


class UnixReader:
    """As a log shipper listens."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.listener.settimeout(WAIT)
        self.connection, self.text = None, b""

    def records(self):
        if self.connection is None:
            self.connection, _ = self.listener.accept()
            self.connection.settimeout(0.2)
        try:
            while True:
                piece = self.connection.recv(65536)
                if not piece:
                    break
                self.text += piece
        except TimeoutError:
            pass
        whole = self.text[:self.text.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def close(self):
        self.connection.close()
        self.listener.close()


def inside(program):
    """In the namespace: only what this test starts has these ports."""
    folder = tempfile.mkdtemp(prefix="bulkhead-outputs-")
    started = []
    try:
        for command in ("ip link set lo up", "ip link add veth-a type veth peer name veth-b", "ip link set veth-a up",
                        "ip link set veth-b up", "ip addr add 10.99.0.1/24 dev veth-a",
                        "ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 dev veth-a"):
            subprocess.run(command.split(), check=True)
        pathlib.Path(folder, "a.rules").write_text('alert udp any any -> any 7777 (msg:"knock"; content:"hello"; priority:1; sid:1;)\n')
        pathlib.Path(folder, "inventory.yaml").write_text(
            "workloads:\n  - {namespace: shop, name: web, labels: {app: web}, ips: [10.99.0.1]}\n")
        pathlib.Path(folder, "bulkhead.yaml").write_text(f"""workers: 1
log-dir: {folder}
cache-dir: ''
capture: {{interfaces: [veth-a]}}
signatures: [a.rules]
inventory: inventory.yaml
control: {{socket: {folder}/control.sock}}
eve: {{rotate-size: 20kb, rotate-keep: 3}}
stats: {{interval: 1}}
outputs:
  queue-records: 50
  unix: {{enabled: yes, types: [alert, flow]}}
  syslog: {{enabled: yes, target: "udp://127.0.0.1:5514", facility: local0}}
  redis: {{enabled: yes, server: {folder}/redis.sock}}
""")
        started.append(subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", folder + "/redis.sock", "--save", "",
                                         "--dir", folder], stdout=subprocess.DEVNULL))
        syslog = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        syslog.bind(("127.0.0.1", 5514))
        syslog.settimeout(WAIT)
        reader = UnixReader(folder + "/eve.sock")

        def redis(*words):
            return subprocess.run(["redis-cli", "-s", folder + "/redis.sock", *words], check=True, capture_output=True,
                                  text=True).stdout

        until(lambda: redis("PING") == "PONG\n", "Redis runs")
        daemon = subprocess.Popen([program, "run", "-c", folder + "/bulkhead.yaml"], stderr=open(folder + "/daemon.log", "w"))
        started.append(daemon)
        until(lambda: "bulkhead_info" in str(metrics()), "the daemon runs")
        knock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        knock.sendto(b"hello", ("10.99.0.2", 7777))

        def alerts():
            return [record for record in reader.records() if record["event_type"] == "alert"]

        until(alerts, "the alert comes over the unix socket")
        alert = alerts()[0]
        check(alert["workload"] == {"source": {"name": "shop/web", "labels": {"app": "web"}}},
              "it names the workload that is known, with its labels")
        check(not list(faults(alert)), "it holds to the schema")
        check({r["event_type"] for r in reader.records()} <= {"alert", "flow"}, "no other types come there")
        message = syslog.recv(65536).decode()
        check(message.startswith("<130>1 ") and " bulkhead " in message and message.split(" - - ", 1)[1].startswith('{"timestamp"'),
              "syslog has it as RFC 5424, local0.critical")
        check(json.loads(message.split(" - - ", 1)[1]) == alert, "with the same record")
        until(lambda: '"event_type":"alert"' in redis("XRANGE", "bulkhead", "-", "+"), "Redis has it in the stream")
        until(lambda: '"event_type":"stats"' in redis("XRANGE", "bulkhead", "-", "+"), "and events of other types")

        for _ in range(100):
            knock.sendto(b"hello", ("10.99.0.2", 7777))
            time.sleep(0.002)
        until(lambda: pathlib.Path(folder, "eve.json.1").exists(), "the file is put aside at its size")
        until(lambda: len(alerts()) == 101, "all 101 alerts come")
        files = [path for path in pathlib.Path(folder).glob("eve.json*")]
        check(all(path.stat().st_size <= 20 * 1024 for path in files), "no file is larger than said")
        for path in files:
            for line in path.read_text().splitlines():
                json.loads(line)
        print(f"  ok {len(files)} files of whole lines")

        reader.close()
        for _ in range(200):
            knock.sendto(b"hello", ("10.99.0.2", 7777))
            time.sleep(0.002)
        unix = '{output="unix",reason="queue_full"}'
        until(lambda: metrics()["bulkhead_output_lost_by_reason_total" + unix] > 0, "a reader that is gone is counted loss, by reason")
        until(lambda: metrics()['bulkhead_output_connected{output="unix"}'] == 0, "and a gauge")
        check(metrics()['bulkhead_output_lost_total{output="redis"}'] == 0, "the other outputs lose nothing")
        until(lambda: "output unix:" in pathlib.Path(folder, "daemon.log").read_text(), "the log says it once")
        daemon.terminate()
        check(daemon.wait(30) == 0, "the daemon ends")
        stream = redis("XRANGE", "bulkhead", "-", "+")
        check(stream.count('"event_type":"alert"') == 301, "Redis has all 301 alerts")
    except Exception:
        try:
            print("\n".join(f"{name} {value}" for name, value in metrics().items() if ("output" in name or "decoder" in name or "detect" in name) and value))
        except OSError:
            pass
        path = pathlib.Path(folder, "daemon.log")
        if path.exists():
            print("--- daemon.log\n" + path.read_text()[-3000:])
        raise
    finally:
        for process in started:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    program = os.path.abspath(sys.argv[1])
    if "--inside" in sys.argv:
        return inside(program)
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        skip("redis-server is not installed")
    return checks.in_own_network(__file__, program)


if __name__ == "__main__":
    sys.exit(main())
