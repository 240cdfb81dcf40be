#!/usr/bin/env python3
"""Real servers, real clients: what bulkhead records of their conversations, beside what was asked and what tshark reads.

usage: live_protocols.py --bulkhead PROGRAM [--keep DIR] [SERVER...]        root; skipped (77) without it

Runs itself in a network namespace of its own (unshare -n), starts each server that is installed (redis-server, memcached,
nats-server, slapd, mariadbd) on its loopback, talks to it, captures the loopback, ends the server by its pid, and replays the
capture. Each expected record must be there; where tshark has a field for the same thing, both lists must be equal.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77
HOST = "127.0.0.1"


class Capture(threading.Thread):
    """Every frame that leaves over the loopback, as pcap."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        self.going = True

    def run(self):
        while self.going:
            try:
                frame, address = self.socket.recvfrom(262144)
            except TimeoutError:
                continue
            if address[2] != 4:  # PACKET_OUTGOING: each frame of the loopback once
                continue
            now = time.time()
            self.file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)) + frame)

    def stop(self):
        time.sleep(0.5)
        self.going = False
        self.join()
        self.file.close()
        self.socket.close()


def wait_for(port, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection((HOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no server on port {port}")


def exchange(port, *pieces):
    """Sends each piece and reads what comes back until it is quiet."""
    with socket.create_connection((HOST, port), 5) as talk:
        talk.settimeout(0.3)
        for piece in (None,) + pieces:
            if piece is not None:
                talk.sendall(piece)
            try:
                while talk.recv(65536):
                    pass
            except TimeoutError:
                continue


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Server:
    def __init__(self, name, program, port):
        self.name, self.program, self.port = name, program, port

    def start(self, folder):
        return subprocess.Popen([str(word) for word in self.arguments(folder)], cwd=folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Redis(Server):
    expected = [{"command": "AUTH", "auth_failed": True}, {"command": "SET", "arguments": ["a", "1"]},
                {"command": "GET", "reply": {"type": "bulk", "text": "1"}}, {"command": "INCRBY"},
                {"command": "LRANGE", "reply": {"type": "array"}}]
    tshark = ("resp.error", lambda r: r.get("error"))

    def arguments(self, folder):
        return ["redis-server", "--port", self.port, "--bind", HOST, "--save", "", "--dir", folder, "--requirepass", "right"]

    def talk(self):
        exchange(self.port, command(b"AUTH", b"wrong"), command(b"AUTH", b"right"),
                 command(b"SET", b"a", b"1") + command(b"GET", b"a") + command(b"INCRBY", b"a", b"x"),
                 command(b"RPUSH", b"l", b"1", b"2") + command(b"LRANGE", b"l", b"0", b"-1"), b"PING\r\n")


class Memcached(Server):
    expected = [{"command": "set", "keys": ["a"], "status": "stored"}, {"command": "get", "values": 1},
                {"command": "incr"}, {"command": "stats", "status": "end"}, {"command": "bogus", "status": "error"}]
    tshark = None

    def arguments(self, folder):
        return ["memcached", "-u", "root", "-l", HOST, "-p", self.port, "-U", "0"]

    def talk(self):
        exchange(self.port, b"set a 0 0 1\r\n1\r\nget a b\r\n", b"incr a 4\r\nstats\r\nbogus\r\nmn\r\n")


class Nats(Server):
    expected = [{"command": "INFO", "auth_required": True}, {"command": "CONNECT", "user": "anna"},
                {"command": "SUB", "subject": "orders.*"}, {"command": "PUB", "subject": "orders.new", "payload_bytes": 5},
                {"command": "MSG", "subject": "orders.new"}, {"command": "-ERR", "auth_failed": True}]
    tshark = None

    def arguments(self, folder):
        return ["nats-server", "-a", HOST, "-p", self.port, "--user", "anna", "--pass", "right"]

    def talk(self):
        exchange(self.port, b'CONNECT {"verbose":false,"user":"anna","pass":"right"}\r\nPING\r\n',
                 b"SUB orders.* 1\r\nPUB orders.new 5\r\nhello\r\n")
        exchange(self.port, b'CONNECT {"user":"anna","pass":"wrong"}\r\n')


class MariaDb(Server):
    expected = [{"command": "login", "user": "root", "status": "ok"},
                {"command": "query", "query": "SELECT 1 UNION SELECT 2", "rows": 2}, {"command": "query", "error_code": 1146},
                {"command": "login", "user": "nobody", "auth_failed": True}]
    tshark = ("mysql.query", lambda r: r.get("query"))

    def arguments(self, folder):
        subprocess.run(["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={folder}/data", "--auth-root-authentication-method=normal"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return ["mariadbd", "--no-defaults", "--user=root", f"--datadir={folder}/data", f"--socket={folder}/socket",
                f"--port={self.port}", f"--bind-address={HOST}", f"--pid-file={folder}/pid", "--skip-ssl"]

    def talk(self):
        base = ["mysql", "--no-defaults", "-h", HOST, "-P", str(self.port), "--protocol=tcp", "--skip-ssl"]
        subprocess.run(base + ["-u", "root", "-f", "-e", "SELECT 1 UNION SELECT 2; SELECT * FROM mysql.nothing"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        subprocess.run(base + ["-u", "nobody", "-pguess", "-e", "SELECT 1"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)


class Ldap(Server):
    expected = [{"operation": "bind_request", "result": "invalid_credentials", "auth_failed": True},
                {"operation": "bind_request", "result": "success"}, {"operation": "search_request", "filter": "(objectClass=*)"}]
    tshark = ("ldap.baseObject", lambda r: r.get("dn") if r.get("operation") == "search_request" else None)

    def arguments(self, folder):
        config = pathlib.Path(folder) / "slapd.conf"
        config.write_text(f"include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {folder}/pid\n"
                          f'database mdb\nsuffix "dc=x"\nrootdn "cn=admin,dc=x"\nrootpw right\ndirectory {folder}\n')
        return ["slapd", "-f", config, "-h", f"ldap://{HOST}:{self.port}", "-d", "0"]

    @staticmethod
    def element(tag, body):
        return bytes([tag, len(body)]) + body

    def message(self, number, operation, body):
        return self.element(0x30, self.element(2, bytes([number])) + self.element(operation, body))

    def talk(self):
        e = self.element
        bind = lambda n, password: self.message(n, 0x60, e(2, b"\3") + e(4, b"cn=admin,dc=x") + e(0x80, password))
        search = self.message(3, 0x63, e(4, b"dc=x") + e(10, b"\2") + e(10, b"\0") + e(2, b"\0") + e(2, b"\0") + e(1, b"\0") +
                              e(0x87, b"objectClass") + e(0x30, b""))
        exchange(self.port, bind(1, b"wrong"), bind(2, b"right"), search, self.message(4, 0x42, b""))


SERVERS = [Redis("redis", "redis-server", 7001), Memcached("memcached", "memcached", 7002), Nats("nats", "nats-server", 7003),
           MariaDb("mysql", "mariadbd", 7004), Ldap("ldap", "slapd", 7005)]


def holds(record, wanted):
    return all(record.get(key) == value for key, value in wanted.items())


def check(server, program, folder):
    data = folder / server.name
    data.mkdir()
    process = server.start(data)
    capture_file = folder / f"{server.name}.pcap"
    try:
        wait_for(server.port)
        capture = Capture(capture_file)
        capture.start()
        server.talk()
        capture.stop()
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    out = folder / f"{server.name}.out"
    subprocess.run([program, "replay", "--pcap", capture_file, "--log-dir", out, "--set", "pcap-file.checksum-checks=no"], check=True,
                   stdout=subprocess.DEVNULL)
    events = [json.loads(line) for line in (out / "eve.json").read_text().splitlines()]
    records = [event[server.name] for event in events if event["event_type"] == server.name]
    problems = [f"{server.name}: no record has {wanted}" for wanted in server.expected
                if not any(holds(record, wanted) for record in records)]
    problems += [f"{server.name}: anomaly {event['anomaly']}" for event in events
                 if event["event_type"] == "anomaly" and "MALFORMED" in event["anomaly"]["event"]]
    if server.tshark and shutil.which("tshark"):
        field, ours = server.tshark
        protocol = {"resp": "resp", "mysql": "mysql", "ldap": "ldap"}[field.split(".")[0]]
        done = subprocess.run(["tshark", "-r", capture_file, "-d", f"tcp.port=={server.port},{protocol}", "-Y", field, "-T", "fields",
                               "-E", "aggregator=|", "-e", field], capture_output=True, text=True, check=True)
        theirs = collections.Counter(value for line in done.stdout.splitlines() for value in line.split("|") if value)
        mine = collections.Counter(value for value in map(ours, records) if value)
        if theirs != mine:
            problems.append(f"{server.name}: {field}: tshark reads {dict(theirs)}, bulkhead {dict(mine)}")
    print(f"{server.name}: {len(records)} records, {len(problems)} problems")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bulkhead", required=True)
    parser.add_argument("--keep")
    parser.add_argument("servers", nargs="*")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("unshare"):
        print("needs root and unshare")
        return SKIP
    if os.environ.get("LIVE_PROTOCOLS_INSIDE") != "1":
        program = ["unshare", "--net", sys.executable, *sys.argv]
        os.execvpe(program[0], program, {**os.environ, "LIVE_PROTOCOLS_INSIDE": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    chosen = [server for server in SERVERS if shutil.which(server.program) and
              (not arguments.servers or server.name in arguments.servers)]
    if not chosen:
        print("no server is installed")
        return SKIP
    program = str(pathlib.Path(arguments.bulkhead).resolve())
    problems = []
    with tempfile.TemporaryDirectory(prefix="live-protocols-") as scratch:
        for server in chosen:
            problems += check(server, program, pathlib.Path(scratch))
        if arguments.keep:
            shutil.copytree(scratch, arguments.keep, ignore=shutil.ignore_patterns("data", "socket"), dirs_exist_ok=True)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
