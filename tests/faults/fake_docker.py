"""The Docker Engine API as far as bulkhead asks it, on a unix socket; containers are network namespaces or nothing at all."""
import json
import os
import socket
import threading
import time

NETWORK = "f" * 64


class FakeDocker:
    def __init__(self, path, bridge):
        self.path, self.bridge = str(path), bridge
        self.containers, self.events, self.changed = {}, [], threading.Condition()
        self.inspected = {}  # id: when it was first asked for
        self.listener, self.ended, self.talks = None, False, set()

    def open(self):
        self.ended = False
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """As an engine that is stopped: nobody listens, every stream ends."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for talk in list(self.talks):
            try:
                talk.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def add(self, number, name, labels, address, mac, pid):
        identity = f"{number:064x}"
        with self.changed:
            self.containers[identity] = {
                "Id": identity, "Name": f"/{name}", "State": {"Running": True, "Pid": pid, "Status": "running"},
                "Config": {"Labels": labels, "Image": "made"}, "Image": "sha256:" + "0" * 64,
                "HostConfig": {"NetworkMode": "made", "Privileged": False},
                "NetworkSettings": {"Networks": {"made": {"NetworkID": NETWORK, "IPAddress": address, "MacAddress": mac,
                                                          "GlobalIPv6Address": "", "IPPrefixLen": 16}}}}
            self.tell("start", identity, name, labels)
        return identity

    def remove(self, identity):
        with self.changed:
            gone = self.containers.pop(identity)
            self.tell("die", identity, gone["Name"][1:], gone["Config"]["Labels"])

    def tell(self, action, identity, name, labels):
        now = time.time()
        self.events.append({"Type": "container", "Action": action, "Actor": {"ID": identity, "Attributes": {"name": name, **labels}},
                            "time": int(now), "timeNano": int(now * 1e9)})
        self.changed.notify_all()

    def accept(self, listener):
        while True:
            try:
                talk, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(talk,), daemon=True).start()

    def serve(self, talk):
        self.talks.add(talk)
        held = b""
        try:
            while not self.ended:
                while b"\r\n\r\n" not in held:
                    part = talk.recv(4096)
                    if not part:
                        return
                    held += part
                head, held = held.split(b"\r\n\r\n", 1)
                path = head.split(b" ", 2)[1].decode()
                if "/events" in path:
                    return self.follow(talk, path)
                status, body = self.answer(path.split("?")[0])
                data = json.dumps(body).encode()
                talk.sendall(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(data)) +
                             data)
        except OSError:
            pass
        finally:
            self.talks.discard(talk)
            talk.close()

    def answer(self, path):
        with self.changed:
            if path.endswith("/containers/json"):
                return b"200 OK", [{"Id": identity, "State": "running"} for identity in self.containers]
            if path.endswith("/networks"):
                return b"200 OK", [{"Name": "made", "Id": NETWORK, "Driver": "bridge", "Scope": "local",
                                    "Options": {"com.docker.network.bridge.name": self.bridge}}]
            identity = path.split("/")[-2]
            self.inspected.setdefault(identity, time.monotonic())
            if identity in self.containers:
                return b"200 OK", self.containers[identity]
            return b"404 Not Found", {"message": f"No such container: {identity}"}

    def follow(self, talk, path):
        since = int(path.split("since=")[1].split("&")[0]) if "since=" in path else 0
        talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        at = 0
        while True:
            with self.changed:
                while at >= len(self.events) and not self.ended:
                    self.changed.wait(1)
                if self.ended:
                    return
                batch, at = self.events[at:], len(self.events)
            for event in batch:
                if event["time"] >= since:
                    line = json.dumps(event).encode() + b"\n"
                    talk.sendall(b"%x\r\n" % len(line) + line + b"\r\n")
