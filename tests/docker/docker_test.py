#!/usr/bin/env python3
"""bulkhead beside a real Docker engine, in a network and a mount namespace of their own (tests.cmake starts it so).

Two networks, six containers, policies by label: start, stop, restart, a reused address, `network connect`, a restart of
the engine, spoofing; and containers that send from their first instruction in a closed segment.

arguments: the bulkhead program, the first_packet program, a working directory; BULKHEAD_DOCKER_STARTS: how many starts
(20). Exit status 77: cannot run here, with a word why.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from daemon import Daemon as DaemonInFolder  # noqa: E402
from eve_schema import faults  # noqa: E402

BULKHEAD, FIRST_PACKET, WORK = (sys.argv[1:4] + [None] * 3)[:3]
STARTS = int(os.environ.get("BULKHEAD_DOCKER_STARTS", "20"))
MARK = b"sent-by-the-first-instruction"

POLICY = """\
policy: db
tier: platform
for: app=db
ingress:
  - allow from app=api on tcp/6379
  - deny from any
---
policy: web
tier: platform
for: app=web
ingress:
  - allow from app=api, app=intruder on tcp/80
  - deny from any
---
policy: burst
tier: platform
for: app=burst
egress:
  - deny to any
"""


def missing():
    if os.geteuid() != 0:
        return "needs root"
    for program in ("dockerd", "docker", "busybox", "ip", "tar", "iptables"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if os.readlink("/proc/self/ns/net") == os.readlink(f"/proc/{os.getppid()}/ns/net"):
        return "must run in a network namespace of its own: unshare -n -m"
    return None


def run(*command, check=True, timeout=60):
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def wait_until(true, seconds=15.0, every=0.1):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(every)
    return true()


class Engine:
    """dockerd with everything it keeps below one directory."""

    def __init__(self, root):
        self.root, self.process = root, None
        self.socket = os.path.join(root, "docker.sock")
        os.environ["DOCKER_HOST"] = "unix://" + self.socket

    def start(self):
        command = ["dockerd", "--live-restore", "--data-root", self.root + "/data", "--exec-root", self.root + "/exec",
                   "-H", "unix://" + self.socket, "-p", self.root + "/pid"]
        with open(os.path.join(self.root, "dockerd.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        if not wait_until(lambda: run("docker", "version", check=False) and os.path.exists(self.socket)
                          and subprocess.run(["docker", "ps"], capture_output=True, check=False).returncode == 0, 40):
            raise RuntimeError("dockerd does not start: " + open(self.root + "/dockerd.log").read()[-2000:])

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def image(self):
        tree = os.path.join(self.root, "image")
        os.makedirs(tree + "/bin")
        shutil.copy(shutil.which("busybox"), tree + "/bin/busybox")
        shutil.copy(FIRST_PACKET, tree + "/bin/first_packet")
        for name in ("sh", "nc", "ip", "ping", "sleep", "arping"):
            os.symlink("busybox", f"{tree}/bin/{name}")
        tar = subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(["docker", "import", "-", "lab"], stdin=tar.stdout, check=True, capture_output=True)
        tar.wait()


class Daemon(DaemonInFolder):
    """Beside the engine."""

    def __init__(self, root, *sets):
        super().__init__(BULKHEAD, root, POLICY, "capture.interfaces=[br-front,br-back]", "workers=1",
                         f"discovery.docker-socket={ENGINE.socket}", "discovery.docker=yes", "stats.interval=1",
                         "output.flush-interval-ms=100", *sets)

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        run(BULKHEAD, "recover", check=False)
        return code


def container(name, network, app, *more):
    run("docker", "run", "-d", "--name", name, "--network", network, "-l", "app=" + app, *more, "lab",
        "/bin/sh", "-c", "nc -ll -p 6379 -e /bin/busybox echo ok & nc -ll -p 80 -e /bin/busybox echo ok & "
        "while true; do sleep 60; done")


def address(name, network):
    return run("docker", "inspect", "-f", "{{(index .NetworkSettings.Networks \"" + network + "\").IPAddress}}", name)


def reaches(source, target, port, tries=1):
    for _ in range(tries):
        out = subprocess.run(["docker", "exec", source, "/bin/nc", "-w", "1", target, str(port)], capture_output=True,
                             text=True, check=False, timeout=30).stdout
        if "ok" in out:
            return True
    return False


class Docker(unittest.TestCase):
    def setUp(self):
        run("sh", "-c", "docker ps -aq | xargs -r docker rm -f")

    def tearDown(self):
        run("sh", "-c", "docker ps -aq | xargs -r docker rm -f")

    def expect(self, source, target, port, allowed):
        if allowed:
            self.assertTrue(wait_until(lambda: reaches(source, target, port), 15), f"{source} reaches {target}:{port}")
        else:
            self.assertFalse(reaches(source, target, port), f"{source} must not reach {target}:{port}")

    def test_labels_decide_through_every_change(self):
        for name, network, app in (("web", "front", "web"), ("api", "front", "api"), ("db", "back", "db"),
                                   ("cache", "back", "cache"), ("intruder", "front", "intruder")):
            container(name, network, app, *(["--cap-add", "NET_ADMIN"] if name == "intruder" else []))
        daemon = Daemon(WORK + "/labels", "segments.closed=[br-front,br-back,veth*]")
        try:
            web = address("web", "front")
            db = address("db", "back")
            # What each may do is told once it is seen.
            def told_of():
                return {e["posture"]["workload"]: e["posture"] for e in daemon.events("posture")}
            wait_until(lambda: {"default/intruder", "default/web"} <= told_of().keys(), 10)
            told = told_of()
            self.assertIn("net-admin", [f["code"] for f in told["default/intruder"]["findings"]])
            self.assertEqual([f["code"] for f in told["default/web"]["findings"]], ["net-raw", "no-limits"])
            self.expect("intruder", web, 80, True)
            self.expect("intruder", web, 6379, False)
            self.expect("cache", db, 6379, False)
            # A sixth, while the daemon runs.
            container("batch", "back", "batch")
            batch = address("batch", "back")
            self.expect("cache", batch, 80, True)
            self.expect("batch", db, 6379, False)
            # A second network for one that runs.
            run("docker", "network", "connect", "back", "api")
            self.expect("api", db, 6379, True)
            self.expect("api", db, 80, False)
            run("docker", "network", "disconnect", "back", "api")
            run("docker", "network", "connect", "--ip", "172.31.2.50", "back", "api")
            self.expect("api", db, 6379, True)
            # Restart, stop and start: other interfaces, the same labels.
            run("docker", "restart", "-t", "0", "db")
            db = address("db", "back")
            self.expect("api", db, 6379, True)
            self.expect("batch", db, 6379, False)
            run("docker", "stop", "-t", "0", "batch")
            run("docker", "start", "batch")
            self.expect("cache", address("batch", "back"), 80, True)
            self.expect("batch", db, 6379, False)
            # Another container takes the address that was allowed.
            run("docker", "rm", "-f", "api")
            container("thief", "back", "other", "--ip", "172.31.2.50")
            self.assertEqual(address("thief", "back"), "172.31.2.50")
            self.expect("thief", address("batch", "back"), 80, True)
            self.expect("thief", db, 6379, False)
            # And one claims an address that it was not given: dropped at its port, with reason and workload.
            run("docker", "exec", "intruder", "/bin/ip", "addr", "add", "172.31.1.99/24", "dev", "eth0")
            run("docker", "exec", "intruder", "/bin/ping", "-c", "1", "-W", "1", "-I", "172.31.1.99", web, check=False)

            def reported():
                return [e for e in daemon.events("drop") if e["drop"].get("reason") == "guard"
                        and e["drop"]["policy"]["rule"] in ("guard/source4", "guard/arp-sender")]
            self.assertTrue(wait_until(reported, 10), daemon.log()[-2000:])
            event = reported()[0]
            self.assertEqual(event["drop"]["policy"]["from"], "default/intruder")
            self.assertTrue(event["in_iface"].startswith("veth"), event)
            self.assertEqual(event["src_ip"], "172.31.1.99")
            self.restart_of_the_engine(daemon, db)
        finally:
            code = daemon.stop()
        self.assertEqual(code, 0, daemon.log()[-3000:])
        self.assertNotIn("[error]", daemon.log())
        self.assertNotIn("bulkhead", run("nft", "list", "ruleset", check=False))

    def restart_of_the_engine(self, daemon, db):
        ENGINE.stop()
        self.assertTrue(wait_until(lambda: "cannot be read" in daemon.log(), 10), daemon.log()[-2000:])
        ENGINE.start()
        self.assertTrue(wait_until(lambda: "engine of the workloads is back" in daemon.log(), 20), daemon.log()[-2000:])
        self.expect("thief", db, 6379, False)
        container("api2", "back", "api")
        self.expect("api2", db, 6379, True)
        self.expect("batch", db, 6379, False)

    def test_metadata_service_is_closed_unless_a_policy_says(self):
        run("ip", "addr", "add", "169.254.169.254/32", "dev", "lo")
        container("probe", "front", "probe")
        server = subprocess.Popen(["busybox", "nc", "-ll", "-p", "80", "-e", "/bin/echo", "ok"])
        daemon = None
        try:
            self.assertTrue(wait_until(lambda: reaches("probe", "169.254.169.254", 80), 10), "open without bulkhead")
            daemon = Daemon(WORK + "/metadata")
            self.assertFalse(reaches("probe", "169.254.169.254", 80))
            self.assertEqual(daemon.stop(), 0)
            daemon = Daemon(WORK + "/metadata", "guard.metadata=[]")
            self.assertTrue(wait_until(lambda: reaches("probe", "169.254.169.254", 80), 10))
        finally:
            if daemon is not None:
                daemon.stop()
            server.terminate()
            server.wait(10)
            run("ip", "addr", "del", "169.254.169.254/32", "dev", "lo")

    def limits(self, name):
        return run("docker", "inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.CpuQuota}}", name)

    def test_a_careless_container_is_limited_under_an_incident_and_let_go(self):
        container("web", "front", "web")
        container("careless", "front", "intruder", "-v", ENGINE.socket + ":/docker.sock", "--memory", "64m")
        container("careful", "front", "intruder")
        rules = WORK + "/attack.rules"
        with open(rules, "w", encoding="utf-8") as file:
            file.write('alert tcp any any -> any 80 (msg:"attack"; flow:established,to_server; content:"attack"; priority:1; sid:1;)\n')
        before = {name: self.limits(name) for name in ("careless", "careful", "web")}

        def answer(mode, root, *more):
            daemon = Daemon(root, "response.mode=" + mode, f"signatures=[{rules}]", "response.auto-limit.resources=yes", *more)
            for name in ("careful", "careless"):
                subprocess.run(["docker", "exec", name, "/bin/sh", "-c",
                                f"echo attack | nc -w 1 {address('web', 'front')} 80"], capture_output=True, check=False, timeout=30)
            if not wait_until(lambda: daemon.events("resources"), 15):
                daemon.stop()
                self.fail(daemon.log()[-3000:])
            return daemon

        daemon = answer("simulate", WORK + "/advice")
        try:
            self.assertEqual([e["resources"]["action"] for e in daemon.events("resources")], ["advise"])
            limits = [e for e in daemon.events("block") if e["block"]["kind"] == "limit"]
            self.assertEqual([e["block"]["action"] for e in limits], ["dry-run"])
            self.assertEqual({name: self.limits(name) for name in before}, before, "nothing was touched")
        finally:
            self.assertEqual(daemon.stop(), 0)
        daemon = answer("enforce", WORK + "/limit", "response.auto-limit.processes=100")
        try:
            severities = {e["incident"]["actor"]: (e["incident"]["severity"], e["incident"].get("posture"))
                          for e in daemon.events("incident")}
            self.assertEqual(severities, {"default/careful": ("medium", None), "default/careless": ("high", ["runtime-socket"])})
            told = daemon.events("resources")[0]["resources"]
            self.assertEqual((told["action"], told["workload"], told["processes"], told["cpu_percent"]),
                             ("give", "default/careless", 100, 100))
            self.assertNotIn("memory", told, "that limit was there")
            self.assertEqual(self.limits("careless"), f"{64 << 20} 100 100000")
            limits = [e for e in daemon.events("block") if e["block"]["kind"] == "limit"]
            self.assertEqual([(e["block"]["action"], e["src_ip"]) for e in limits], [("add", address("careless", "front"))])
            self.assertIn("posture runtime-socket; incident", limits[0]["block"]["reason"])
            blocks = [json.loads(line) for line in run(BULKHEAD, "blocks", "list", "--json").splitlines()]
            self.assertIn(("limit", address("careless", "front")), [(b["kind"], b["src_ip"]) for b in blocks])
            while "no longer blocked" in run(BULKHEAD, "undo", check=False):
                pass
            self.assertTrue(wait_until(lambda: self.limits("careless") == f"{64 << 20} 0 -1", 15), self.limits("careless"))
            self.assertEqual({name: self.limits(name) for name in ("careful", "web")},
                             {name: before[name] for name in ("careful", "web")})
            with open(WORK + "/limit/audit.log", encoding="utf-8") as file:
                records = [json.loads(line) for line in file]
            for event in daemon.events("resources") + daemon.events("posture") + daemon.events("incident"):
                self.assertEqual(list(faults(event)), [], event)
            kept = [r["data"]["action"] for r in records if r.get("type") == "resources"]
            self.assertEqual(kept[-2:], ["give", "take-back"])  # behind what an earlier run of this test left
        finally:
            self.assertEqual(daemon.stop(), 0)
        self.assertNotIn("[error]", daemon.log())

    def test_a_finding_may_limit_without_an_incident(self):
        container("careless", "front", "intruder", "-v", ENGINE.socket + ":/docker.sock")
        container("careful", "front", "intruder")
        daemon = Daemon(WORK + "/always", "response.mode=enforce", "response.auto-limit.always=[runtime-socket]",
                        "response.auto-limit.ttl=4")

        def limited():
            blocks = [json.loads(line) for line in run(BULKHEAD, "blocks", "list", "--json").splitlines()]
            return {b["src_ip"] for b in blocks if b["kind"] == "limit" and ":" not in b["src_ip"]}
        try:
            only = {address("careless", "front")}
            self.assertTrue(wait_until(lambda: limited() == only, 15), limited())
            time.sleep(5)
            self.assertTrue(wait_until(lambda: limited() == only, 5), "renewed, as long as it runs so")
            told = [e["block"]["action"] for e in daemon.events("block")]
            self.assertEqual(told, ["add"], "told once")
            while "no longer blocked" in run(BULKHEAD, "undo", check=False):
                pass
            time.sleep(3)
            self.assertEqual(limited(), set(), "who was let go stays free")
        finally:
            self.assertEqual(daemon.stop(), 0)

    def listen(self, interface):
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sink.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        sink.bind((interface, 0))
        sink.setblocking(False)
        return sink

    @staticmethod
    def marked(sinks):
        count = 0
        for sink in sinks:
            while True:
                try:
                    if MARK in sink.recv(65536):
                        count += 1
                except BlockingIOError:
                    break
        return count

    def starts(self, sinks, number):
        for i in range(number):
            if i < 4:
                run("docker", "run", "-d", "--name", f"burst{i}", "--network", "front", "-l", "app=burst", "lab",
                    "/bin/first_packet")
            else:
                run("docker", "wait", f"burst{i % 4}")
                run("docker", "start", f"burst{i % 4}")
        run("docker", "wait", *[f"burst{i}" for i in range(min(number, 4))])
        time.sleep(0.3)
        return self.marked(sinks)

    def test_no_packet_leaves_from_the_first_instruction(self):
        container("sink", "front", "sink")
        ports = [line.split(":")[1].split("@")[0].strip()
                 for line in run("ip", "-o", "link", "show", "master", "br-front").splitlines()]
        self.assertEqual(len(ports), 1)
        # At another container's port, and at a socket of the node.
        node = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        node.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
        node.bind(("0.0.0.0", 9999))
        node.setblocking(False)
        sinks = [self.listen(ports[0]), node]
        open_count = self.starts(sinks, 3)
        self.assertGreater(open_count, 2000, "without bulkhead both hear them")
        run("sh", "-c", "docker rm -f burst0 burst1 burst2")
        daemon = Daemon(WORK + "/starts", "segments.closed=[br-front,br-back,veth*]")
        try:
            begin = time.monotonic()
            heard = self.starts(sinks, STARTS)
            took = time.monotonic() - begin
            self.assertEqual(heard, 0, daemon.log()[-2000:])
            known = daemon.log().count("workloads:")
            print(f"{STARTS} starts: 0 packets heard (3 starts without bulkhead: {open_count}); "
                  f"{known} changes of the workloads, {took:.0f} s")
            self.assertGreater(known, 0)
        finally:
            daemon.stop()
            for sink in sinks:
                sink.close()


if __name__ == "__main__":
    reason = missing()
    if reason:
        print("skipped:", reason)
        sys.exit(77)
    subprocess.run("mount --make-rprivate / && mount -t tmpfs none /run && ip link set lo up", shell=True, check=True)
    WORK = os.path.abspath(WORK)
    os.makedirs(WORK, exist_ok=True)
    ROOT = tempfile.mkdtemp(prefix="bulkhead-docker-")
    ENGINE = Engine(ROOT)
    status = 1
    try:
        ENGINE.start()
        ENGINE.image()
        for lan, net in (("front", "172.31.1.0/24"), ("back", "172.31.2.0/24")):
            run("docker", "network", "create", "--subnet", net, "-o", f"com.docker.network.bridge.name=br-{lan}", lan)
        program = unittest.main(argv=[sys.argv[0], "-v", *sys.argv[4:]], exit=False)
        status = 0 if program.result.wasSuccessful() else 1
    finally:
        if ENGINE.process is not None:
            run("sh", "-c", "docker ps -aq | xargs -r docker rm -f", check=False)
            ENGINE.stop()
        subprocess.run(f"grep -o '{ROOT}[^ ]*' /proc/self/mounts | sort -r | xargs -r umount -l", shell=True, check=False)
        shutil.rmtree(ROOT, ignore_errors=True)
    sys.exit(status)
