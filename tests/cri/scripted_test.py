#!/usr/bin/env python3
"""bulkhead beside a scripted container runtime: gRPC over a unix socket, pods that come and go, events, a runtime that goes
away, answers that cannot be read (tests.cmake starts it in a network and a mount namespace).

arguments: the bulkhead program, a working directory. Exit status 77: cannot run here, with a word why.
"""
import json
import os
import queue
import subprocess
import sys
import tempfile

import lab
from lab import comes, run

BULKHEAD, WORK = sys.argv[1:3]


class Runtime:
    """What the runtime knows: pods with their status, containers, who listens to events, and how it behaves."""

    def __init__(self, path):
        from grpc_wire import Server
        self.pods, self.containers, self.listeners = {}, {}, []
        self.with_events, self.fixed, self.asked = True, {}, []
        self.server = Server(path, self.answer)

    def answer(self, method, request):
        from grpc_wire import GrpcError, first, pack, unpack
        method = method.split("/")[1]
        self.asked.append(method)
        if method in self.fixed:
            return self.fixed[method]
        if method == "Version":
            return pack((1, "0.1.0"), (2, "scripted"), (3, "1.0.0"), (4, "v1"))
        if method == "ListPodSandbox":
            return pack(*[(1, ((1, name), (3, 0))) for name in list(self.pods)])
        if method == "ListContainers":
            return pack(*[(1, ((1, name), (2, pod), (6, 1))) for name, (pod, _) in list(self.containers.items())])
        name = first(unpack(request), 1).decode()
        if method == "PodSandboxStatus" and name in self.pods:
            return self.pods[name]
        if method == "ContainerStatus" and name in self.containers:
            return self.containers[name][1]
        if method == "GetContainerEvents" and self.with_events:
            events = queue.Queue()
            self.listeners.append(events)
            return iter(events.get, None)
        raise GrpcError(12 if method == "GetContainerEvents" else 5, "scripted")

    def pod(self, name, app, address=None, mac=None, space="shop", node=False):
        from grpc_wire import mapping, pack
        info = {"pid": 0, "runtimeSpec": {"linux": {"namespaces": [{"type": "network", "path": f"/var/run/netns/{name}"}]}},
                "cniResult": {"Interfaces": {"eth0": {"IPConfigs": [{"IP": address}], "Mac": mac, "Sandbox": name}}}}
        status = [(1, "sb-" + name), (2, ((1, name), (2, "uid-" + name), (3, space))), (3, 0), (4, 1)]
        status += [(5, ((1, address),))] if address else []
        status += [(6, ((1, ((2, ((1, 2 if node else 0), (2, 2 if node else 1))),)),))]
        status += mapping(7, {"app": app, "io.kubernetes.pod.name": name})
        self.pods["sb-" + name] = pack((1, tuple(status)), *mapping(2, {"info": json.dumps(info)}))

    def container(self, name, pod, info):
        from grpc_wire import mapping, pack
        status = [(1, name), (2, ((1, "main"),)), (3, 1), (4, 1), (8, ((1, "shop/main:1"),)), (9, "shop/main@sha256:" + "7" * 64)]
        self.containers[name] = ("sb-" + pod, pack((1, tuple(status)), *mapping(2, {"info": json.dumps(info)})))

    def end(self, pod):
        self.containers = {k: v for k, v in self.containers.items() if v[0] != "sb-" + pod}
        del self.pods["sb-" + pod]

    def event(self):
        from grpc_wire import pack
        for each in self.listeners:
            each.put(pack((1, "c1"), (2, 1), (3, 1)))


def plug_in(name, number):
    """A network namespace with a port in the bridge; its address and MAC."""
    address, mac = f"10.77.0.{number}", f"02:00:0a:4d:00:{number:02x}"
    for command in (f"ip netns add {name}", f"ip link add eth0 address {mac} netns {name} type veth peer name port{number}",
                    f"ip link set port{number} master br0 up", f"ip -n {name} link set eth0 up", f"ip -n {name} link set lo up",
                    f"ip -n {name} addr add {address}/24 dev eth0"):
        run(*command.split())
    return address, mac


def reaches(source, address, port):
    done = subprocess.run(["ip", "netns", "exec", source, sys.executable, "-c",
                           f"import socket; print(socket.create_connection(('{address}', {port}), 1).recv(9).decode())"],
                          capture_output=True, text=True, check=False)
    return "ok" in done.stdout


def listen(name, port):
    return subprocess.Popen(["ip", "netns", "exec", name, sys.executable, "-c", f"""
import socket
server = socket.create_server(('0.0.0.0', {port}))
while True:
    peer, _ = server.accept()
    peer.sendall(b'ok')
    peer.close()
"""])


def steps(report, runtime, daemon):
    def interface(name):
        return daemon.workloads().get(name, {}).get("interface")

    report.check("pods have names, labels and ports", comes(lambda: interface("shop/db") == "port2"), daemon.workloads())
    db = daemon.workloads().get("shop/db", {})
    report.check("labels, without kubelet's own", db.get("labels") == {"app": "db"}, db)
    report.check("addresses", "10.77.0.2" in db.get("addresses", []), db)
    report.check("a policy by label holds", comes(lambda: reaches("api", "10.77.0.2", 6379)) and
                 not reaches("other", "10.77.0.2", 6379))
    report.check("posture is told", comes(lambda: daemon.posture("shop/db") is not None) and
                 daemon.posture("shop/db")[:2] == ["privileged", "runtime-socket"], daemon.posture("shop/db"))

    # The poll is a minute away: it is the event that tells.
    runtime.pod("agent", "agent", node=True)
    runtime.event()
    report.check("an event tells of a pod", comes(lambda: "shop/agent" in daemon.workloads(), 10), list(daemon.workloads()))
    # Its port comes first, as CNI has it, then the runtime lists it: nobody tells but the kernel.
    address, mac = plug_in("late", 5)
    runtime.pod("late", "api", address, mac)
    report.check("an interface that comes means a list", comes(lambda: interface("shop/late") == "port5", 10), daemon.workloads())
    report.check("and its label lets it in", comes(lambda: reaches("late", "10.77.0.2", 6379)))

    runtime.server.stop()
    report.check("a runtime that is away is told", comes(lambda: daemon.problem("cannot be read"), 30), daemon.ask("status"))
    report.check("its pods stay", {"shop/db", "shop/api", "shop/late"} <= set(daemon.workloads()))
    report.check("and so do their policies", reaches("api", "10.77.0.2", 6379) and not reaches("other", "10.77.0.2", 6379))
    runtime.end("late")
    runtime.with_events, runtime.listeners = False, []
    runtime.server.start()
    report.check("it is back", comes(lambda: not daemon.problem("cannot be read"), 30))
    report.check("what happened meanwhile is found", comes(lambda: "shop/late" not in daemon.workloads()), list(daemon.workloads()))

    runtime.fixed["ListContainers"] = b"\x0a\x7f"
    run(*"ip link add nudge0 type veth peer name nudge1".split())
    report.check("a list that cannot be read is told", comes(lambda: daemon.problem("no protocol buffer"), 10), daemon.ask("status"))
    report.check("and changes nothing", {"shop/db", "shop/api"} <= set(daemon.workloads()))
    runtime.fixed.clear()
    runtime.pods["sb-broken"] = b"\xff\xff"
    report.check("one pod that cannot be read is named", comes(lambda: daemon.problem("sb-broken"), 10), daemon.ask("status"))
    report.check("and nobody else is", not daemon.problem("container engine"), daemon.ask("status"))
    run("ip", "netns", "del", "other")
    runtime.end("other")
    report.check("a pod that ends is gone", comes(lambda: "shop/other" not in daemon.workloads(), 10), daemon.workloads())


def main():
    lab.skip_unless("ip")
    os.makedirs("/run/netns", exist_ok=True)
    os.makedirs(WORK, exist_ok=True)
    report, servers = lab.Report(), []
    with tempfile.TemporaryDirectory(prefix="scripted-", dir=WORK) as folder:
        runtime = Runtime("/run/cri.sock")
        run(*"ip link add br0 type bridge".split())
        run(*"ip link set br0 up".split())
        for number, (name, app) in enumerate((("db", "db"), ("api", "api"), ("other", "other")), 2):
            runtime.pod(name, app, *plug_in(name, number))
        runtime.container("c1", "db", {"pid": 1, "config": {"linux": {"security_context": {"privileged": True}}}, "runtimeSpec": {
            "process": {"capabilities": {"bounding": ["CAP_NET_RAW", "CAP_SYS_ADMIN"]}},
            "mounts": [{"type": "bind", "source": "/run/containerd/containerd.sock", "destination": "/sock"}]}})
        daemon = None
        try:
            servers.append(listen("db", 6379))
            runtime.server.start()
            daemon = lab.Daemon(BULKHEAD, folder, "/run/cri.sock", "capture.interfaces=[br0]", "discovery.cri-poll-ms=60000")
            steps(report, runtime, daemon)
        finally:
            if daemon is not None:
                report.check("ends well", daemon.stop() == 0)
            for server in servers:
                server.kill()
                server.wait()
        if report.failures:
            print(daemon.log()[-4000:])
    sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
