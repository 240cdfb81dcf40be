#!/usr/bin/env python3
"""Runs the network policy cases with real connections between network namespaces of one node.

usage: netns_cases.py --bulkhead PROGRAM [--only GLOB] [--every N] [--seconds S] [--verbose]          root

Every pod, every host outside and every further node of a case is a namespace behind a routed interface of the node under
test, which runs the daemon; each step of a case is a reload. A flow of the matrix is a TCP connection, a UDP request and
its answer, or an SCTP INIT that arrives (raw: kernels without SCTP sockets). --every N takes each Nth case, --seconds
ends after that time; what was left out is said. Not probed: a pod to itself (it never leaves the pod).
"""
import argparse
import collections
import contextlib
import ctypes
import fnmatch
import json
import os
import pathlib
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import npcase

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
GATEWAY4, GATEWAY6 = "169.254.1.1", "fe80::1"
NODE_MAC, HOST_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
QUIET, LONGEST = 0.35, 4.0  # after the last event; for a flow that should pass
SCTP = 132


def is_v6(address):
    return ":" in address


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sctp_init(source_port, port):
    chunk = struct.pack("!BBHIIHHI", 1, 0, 20, random.getrandbits(32) | 1, 65536, 1, 1, 1)
    packet = bytearray(struct.pack("!HHII", source_port, port, 0, 0) + chunk)
    packet[8:12] = struct.pack("<I", crc32c(packet))
    return bytes(packet)


class Space:
    """A network namespace held by a descriptor."""

    def __init__(self):
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        if LIBC.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        pathlib.Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")  # addresses serve at once
        LIBC.setns(before, CLONE_NEWNET)
        os.close(before)

    @contextlib.contextmanager
    def entered(self):
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        LIBC.setns(self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            LIBC.setns(before, CLONE_NEWNET)
            os.close(before)

    def ip(self, lines):
        with self.entered():
            subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=False,
                           stderr=subprocess.DEVNULL)

    def socket(self, family, kind, protocol=0):
        with self.entered():
            out = socket.socket(family, kind, protocol)
        out.setblocking(False)
        return out

    def close(self):
        os.close(self.fd)


class Net:
    """The node under test and the hosts behind it."""

    def __init__(self):
        self.node = Space()
        self.hosts = {}  # name: (Space, interface, addresses)
        self.number = 0
        self.node_addresses = []
        self.node.ip(["link set lo up"])
        with self.node.entered():
            for path, value in (("ipv4/ip_forward", 1), ("ipv6/conf/all/forwarding", 1),
                                ("ipv4/conf/all/rp_filter", 0), ("ipv4/conf/default/rp_filter", 0)):
                pathlib.Path("/proc/sys/net/" + path).write_text(str(value))

    def add(self, name, addresses):
        space = Space()
        self.number += 1
        interface = f"p{self.number}"
        self.node.ip([f"link add {interface} address {NODE_MAC} type veth peer name eth0 address {HOST_MAC} "
                      f"netns /proc/{os.getpid()}/fd/{space.fd}"])
        space.ip(["link set lo up", "link set eth0 up", "addr add fe80::2/64 dev eth0 nodad"])
        self.node.ip([f"link set {interface} up", f"addr add {GATEWAY6}/64 dev {interface} nodad"])
        self.hosts[name] = (space, interface, [])
        self.set_addresses(name, addresses)

    def set_addresses(self, name, addresses):
        space, interface, old = self.hosts[name]
        # Routes and neighbours go with the last address.
        space.ip([f"addr del {a} dev eth0" for a in old] + [f"addr add {a} dev eth0" for a in addresses] +
                 [f"neigh replace {gateway} lladdr {NODE_MAC} dev eth0 nud permanent"
                  for gateway in (GATEWAY4, GATEWAY6)] +
                 [f"route replace {GATEWAY4} dev eth0 scope link",
                  f"route replace default via {GATEWAY4} dev eth0 onlink",
                  f"route replace ::/0 via {GATEWAY6} dev eth0"])
        self.node.ip([f"route del {a} dev {interface}" for a in old] +
                     [f"route replace {a} dev {interface}" for a in addresses] +
                     [f"neigh replace {a} lladdr {HOST_MAC} dev {interface} nud permanent" for a in addresses])
        self.hosts[name] = (space, interface, list(addresses))

    def remove(self, name):
        space, interface, _ = self.hosts.pop(name)
        self.node.ip([f"link del {interface}"])
        space.close()

    def own(self, addresses):
        self.node.ip([f"addr del {a} dev lo" for a in self.node_addresses] +
                     [f"addr add {a} dev lo" for a in addresses])
        self.node_addresses = list(addresses)

    def follow(self, wanted, node_addresses):
        """Makes the hosts be those of `wanted` (name: addresses)."""
        if node_addresses != self.node_addresses:
            self.own(node_addresses)
        for name in [n for n in self.hosts if n not in wanted]:
            self.remove(name)
        moving = [n for n in self.hosts if self.hosts[n][2] != wanted[n]]
        for name in moving:  # addresses may change hands
            self.set_addresses(name, [])
        for name in moving:
            self.set_addresses(name, wanted[name])
        for name in wanted:
            if name not in self.hosts:
                self.add(name, wanted[name])


class Layout:
    """Where the endpoints of a case are: hosts by name, and which host speaks for each endpoint."""

    def __init__(self, cluster):
        nodes = cluster.parts["nodes"]
        self.own_node = nodes[0]["name"] if nodes else None
        self.node_addresses = list(nodes[0].get("ips") or []) if nodes else []
        self.hosts, self.place, self.addresses = {}, {}, {}
        for node in nodes:
            name = "node:" + node["name"]
            self.addresses[name] = list(node.get("ips") or [])
            self.place[name] = None if node["name"] == self.own_node else name
            if self.place[name]:
                self.hosts[name] = self.addresses[name]
        for pod in cluster.parts["pods"]:
            name = npcase.pod_name(pod)
            if pod.get("hostNetwork"):
                home = "node:" + pod["node"]
                self.place[name], self.addresses[name] = self.place[home], self.addresses[home]
            else:
                self.place[name], self.addresses[name] = name, list(pod["ips"])
                self.hosts[name] = self.addresses[name]
        for host in cluster.parts["external"]:
            name = "ext:" + host["name"]
            self.place[name], self.addresses[name] = name, list(host["ips"])
            self.hosts[name] = self.addresses[name]
        self.services = {}
        pods = {npcase.pod_name(pod): pod for pod in cluster.parts["pods"]}
        for service in cluster.parts["services"]:
            endpoints = [pods[e] for e in service.get("endpoints") or [] if e in pods]
            if endpoints:
                self.services[f"svc:{service['namespace']}/{service['name']}"] = (service, endpoints)

    def address(self, endpoint, family):
        return next((a for a in self.addresses.get(endpoint, []) if is_v6(a) == (family == 6)), None)


class Probe:
    def __init__(self, flow, source, address, port, expected):
        self.flow, self.source, self.address, self.port, self.expected = flow, source, address, port, expected
        self.socket, self.passed = None, False


class Daemon:
    def __init__(self, program, net, work):
        self.work, self.count = work, 0
        (work / "bulkhead.yaml").write_text(
            f"capture: {{interfaces: [lo]}}\nworkers: 1\nlog-dir: {work}\ncache-dir: ''\npolicy: [policies.yaml]\n"
            "inventory: inventory.yaml\nsegments: {grace: 0s}\neve: {enabled: no}\nstats: {enabled: no}\n")
        with net.node.entered():
            self.process = subprocess.Popen([program, "run", "-c", work / "bulkhead.yaml"], stdin=subprocess.DEVNULL,
                                            stderr=(work / "log").open("wb"), cwd=work)
        self.wait("ready:")

    def log(self):
        return (self.work / "log").read_text()

    def wait(self, word):
        end = time.monotonic() + 30
        while self.log().count(word) <= (self.count if word != "ready:" else 0):
            if self.process.poll() is not None or time.monotonic() > end or \
                    (word != "ready:" and self.log().count("reload failed") > 0):
                raise RuntimeError("the daemon says:\n" + self.log()[-2000:])
            time.sleep(0.01)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        self.wait("reloaded: generation")
        self.count += 1

    def end(self):
        self.process.kill()
        self.process.wait()


class Runner:
    def __init__(self, net, daemon, work):
        self.net, self.daemon, self.work = net, daemon, work
        self.flows, self.skipped = collections.Counter(), collections.Counter()

    def space(self, layout, endpoint):
        place = layout.place[endpoint]
        return self.net.node if place is None else self.net.hosts[place][0]

    def load_services(self, layout):
        lines = ["table inet services", "delete table inet services", "table inet services {"]
        for hook in ("prerouting", "output"):
            lines.append(f"chain {hook} {{\ntype nat hook {hook} priority -100\n")
            for service, endpoints in layout.services.values():
                for port in service["ports"]:
                    target = port.get("targetPort", port["port"])
                    pod = endpoints[0]
                    if not isinstance(target, int):
                        target = next((p["port"] for p in pod.get("ports") or [] if p.get("name") == target), None)
                    for ip in service["ips"]:
                        to = next((a for a in pod["ips"] if is_v6(a) == is_v6(ip)), None)
                        if to is None or target is None:
                            continue
                        words = ("ip6", f"[{to}]") if is_v6(ip) else ("ip", to)
                        lines.append(f"{words[0]} daddr {ip} {port['proto'].lower()} dport {port['port']} dnat "
                                     f"{words[0]} to {words[1]}:{target}")
            lines.append("}")
        lines.append("}")
        with self.net.node.entered():
            subprocess.run(["nft", "-f", "-"], input="\n".join(lines) + "\n", text=True, check=True)

    def target(self, layout, to, family, proto, port):
        """(address to speak to, endpoint that listens, port there) or None."""
        if to.startswith("svc:"):
            service, endpoints = layout.services.get(to, (None, None))
            if service is None:
                return None
            wanted = next((p for p in service["ports"] if p["port"] == port and p["proto"] == proto), None)
            vip = next((a for a in service["ips"] if is_v6(a) == (family == 6)), None)
            if wanted is None or vip is None:
                return None
            number = wanted.get("targetPort", port)
            if not isinstance(number, int):
                number = next((p["port"] for p in endpoints[0].get("ports") or [] if p.get("name") == number), None)
            return vip, npcase.pod_name(endpoints[0]), number
        address = layout.address(to, family)
        return None if address is None else (address, to, port)

    def probes(self, layout, expected):
        out = []
        for flow, verdict in expected:
            source, to, family, proto, port = flow[0], flow[1], int(flow[2]), flow[3], int(flow[4])
            if verdict not in ("allow", "deny"):
                self.skipped["no single verdict"] += 1
                continue
            target = self.target(layout, to, family, proto, port)
            source_address = None if source.startswith("svc:") else layout.address(source, family)
            if target is None or source_address is None:
                self.skipped["no address in the family"] += 1
                continue
            if layout.place[source] == layout.place[target[1]]:
                self.skipped["to itself"] += 1
                continue
            probe = Probe(flow, source, target[0], port, verdict == "allow")
            probe.source_address, probe.listener = source_address, (target[1], family, proto, target[2])
            out.append(probe)
        return out

    def run_probes(self, layout, probes):
        domain = {4: socket.AF_INET, 6: socket.AF_INET6}
        listeners, by_fd = {}, {}
        poll = select.poll()
        for probe in probes:
            endpoint, family, proto, port = probe.listener
            key = (layout.place[endpoint], family, proto, 0 if proto == "SCTP" else port,
                   layout.address(endpoint, family))
            if key in listeners:
                continue
            space = self.space(layout, endpoint)
            if proto == "SCTP":
                s = space.socket(domain[family], socket.SOCK_RAW, SCTP)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
                s.bind((key[4], 0))
            else:
                s = space.socket(domain[family], socket.SOCK_STREAM if proto == "TCP" else socket.SOCK_DGRAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((key[4], port))
                if proto == "TCP":
                    s.listen(512)
            listeners[key] = s
            if proto != "TCP":
                by_fd[s.fileno()] = (proto, s, None)
                poll.register(s, select.POLLIN)
        inits = {}
        for number, probe in enumerate(probes):
            _, family, proto, _ = probe.listener
            space = self.space(layout, probe.source)
            if proto == "SCTP":
                probe.socket = space.socket(domain[family], socket.SOCK_RAW, SCTP)
                probe.socket.bind((probe.source_address, 0))
                inits[(probe.source_address, number + 1024)] = probe
                with contextlib.suppress(OSError):
                    probe.socket.sendto(sctp_init(number + 1024, probe.port), (probe.address, 0))
                continue
            kind = socket.SOCK_STREAM if proto == "TCP" else socket.SOCK_DGRAM
            probe.socket = space.socket(domain[family], kind)
            probe.socket.bind((probe.source_address, 0))
            with contextlib.suppress(OSError):
                probe.socket.connect((probe.address, probe.port))
            if proto == "UDP":
                with contextlib.suppress(OSError):
                    probe.socket.send(b"ask")
            by_fd[probe.socket.fileno()] = (proto + "-client", probe.socket, probe)
            poll.register(probe.socket, select.POLLOUT if proto == "TCP" else select.POLLIN)
        begin = last = time.monotonic()
        again = begin + 1
        while True:
            now = time.monotonic()
            missing = [p for p in probes if p.expected and not p.passed]
            if now - last > QUIET and (not missing or now - begin > LONGEST):
                break
            if missing and now > again:  # a datagram may be lost on a busy machine
                again = now + 1
                for probe in missing:
                    with contextlib.suppress(OSError):
                        if probe.listener[2] == "UDP":
                            probe.socket.send(b"ask")
            for fd, events in poll.poll(50):
                what, s, probe = by_fd[fd]
                last = time.monotonic()
                if what == "TCP-client":
                    probe.passed = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and not events & select.POLLERR
                    poll.unregister(s)
                elif what == "UDP-client":
                    with contextlib.suppress(OSError):
                        probe.passed = s.recv(16) == b"answer" or probe.passed
                elif what == "UDP":
                    with contextlib.suppress(OSError):
                        while True:
                            _, asker = s.recvfrom(16)
                            s.sendto(b"answer", asker)
                else:
                    with contextlib.suppress(OSError):
                        while True:
                            data, sender = s.recvfrom(256)
                            head = (data[0] & 15) * 4 if s.family == socket.AF_INET else 0
                            if len(data) < head + 16 or data[head + 12] != 1:
                                continue
                            port, to = struct.unpack("!HH", data[head:head + 4])
                            found = inits.get((sender[0], port))
                            if found is not None and to == found.listener[3]:
                                found.passed = True
        for s in list(listeners.values()) + [p.socket for p in probes]:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        return [p for p in probes if p.passed != p.expected]

    def run(self, case, folder):
        expected = collections.defaultdict(list)
        for step, *flow, verdict in npcase.read_matrix(folder, case["id"]):
            expected[int(step)].append((tuple(flow), verdict))
        wrong = []
        for step, cluster in npcase.states(case):
            if not expected[step]:
                continue
            layout = Layout(cluster)
            self.net.follow(layout.hosts, layout.node_addresses)
            self.load_services(layout)
            cluster.write(self.work)
            self.daemon.reload()
            probes = self.probes(layout, expected[step])
            for chunk in range(0, len(probes), 1500):
                part = probes[chunk:chunk + 1500]
                bad = self.run_probes(layout, part)
                if bad:  # once more: a busy machine may lose a packet, a hole stays open
                    bad = self.run_probes(layout, bad_again(bad))
                for probe in part:
                    self.flows[probe.listener[2]] += 1
                wrong += [f"step {step}: {' '.join(p.flow)}: expected {'allow' if p.expected else 'deny'}" for p in bad]
        return wrong


def bad_again(probes):
    for probe in probes:
        probe.passed = False
    return probes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="*", help="ids that match")
    parser.add_argument("--every", type=int, default=1, help="each Nth case")
    parser.add_argument("--seconds", type=float, default=1e9, help="no new case after this time")
    parser.add_argument("--verbose", action="store_true", help="every difference, not the first few")
    arguments = parser.parse_args()
    folder = npcase.data_folder()
    if folder is None or os.geteuid() != 0:
        print("skipped: " + ("needs root" if folder else "set BULKHEAD_TEST_DATA to the folder that holds netpol/"))
        return npcase.SKIP
    cases = [c for c in npcase.read_cases(folder) if fnmatch.fnmatch(c["id"], arguments.only) and "expectReject" not in c]
    cases.sort(key=lambda c: json.dumps(c.get("cluster"), sort_keys=True))  # equal clusters one after the other
    taken, begin, left_out = cases[::arguments.every], time.monotonic(), 0
    passed, total, failed = collections.Counter(), collections.Counter(), 0
    with tempfile.TemporaryDirectory() as work:
        net, work = Net(), pathlib.Path(work)
        npcase.Cluster({}).write(work)
        daemon = Daemon(arguments.bulkhead.resolve(), net, work)
        try:
            runner = Runner(net, daemon, work)
            for case in taken:
                if time.monotonic() - begin > arguments.seconds:
                    left_out += 1
                    continue
                wrong = runner.run(case, folder)
                total[case["certainty"]] += 1
                passed[case["certainty"]] += not wrong
                failed += bool(wrong) and case["certainty"] == "specified"
                for line in wrong if arguments.verbose else wrong[:3]:
                    print(f"{case['id']} ({case['certainty']}): {line}", flush=True)
        finally:
            daemon.end()
    for certainty in sorted(total):
        print(f"{certainty}: {passed[certainty]} of {total[certainty]} cases pass with real connections")
    print(f"{sum(runner.flows.values())} flows ({dict(runner.flows)}); not probed: {dict(runner.skipped)}; "
          f"{len(cases) - len(taken) + left_out} cases left out, {time.monotonic() - begin:.0f} s")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
