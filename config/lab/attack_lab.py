#!/usr/bin/env python3
"""Captures of a small shop in real Docker containers, with attacks among what is normal: for bench/detect.

usage: attack_lab.py FOLDER [--train SECONDS] [--drift SECONDS]      (./dev lab --attacks FOLDER; root)

Writes benign_train.pcap, benign_drift.pcap (a replica, a restart, new ports, the same habits), mixed_attack.pcap,
mixed_attack.windows.tsv (name, kind, container, begin, end) and labels.tsv (flows). The engine, its network and its
containers live in namespaces of their own and are gone afterwards. Only this machine is attacked.

Inside is 10.88.0.0/24; 10.88.9.9 stands for the rest of the world.
"""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NEEDED = ("dockerd", "docker", "tcpdump", "redis-server", "ip", "iptables", "tar")
ADDRESS = {"web": "10.88.0.10", "web2": "10.88.0.11", "db": "10.88.0.20", "dns": "10.88.0.53", "job": "10.88.0.30",
           "api": "10.88.0.31", "monitor": "10.88.0.40", "node": "10.88.0.50", "intruder": "10.88.0.66", "outside": "10.88.9.9"}
GATEWAY = "10.88.0.1"
ATTACKS = (  # name, kind, who, deed, arguments, most seconds
    ("docker_api_create", "control_api", "web", "docker-create", [GATEWAY], 4),
    ("docker_api_exec", "control_api", "monitor", "docker-exec", [GATEWAY], 4),
    ("kubelet_run", "control_api", "api", "kubelet", ["node"], 4),
    ("etcd_range", "control_api", "web", "etcd", ["node"], 4),
    ("etcd_put", "control_api", "job", "etcd-put", ["node"], 4),
    ("miner", "mining", "job", "miner", ["outside"], 8),
    ("chisel_tunnel", "tunnel", "web", "tunnel", ["outside"], 8),
    ("dns_tunnel_tool", "dns_tunnel", "job", "dns-tunnel", ["dns"], 8),
    ("generated_names", "c2_names", "api", "dga", ["dns"], 10),
    ("arp_spoof", "arp", "intruder", "arp-spoof", ["web", "db", "12"], 10),
    ("arp_sweep", "arp", "intruder", "arp-sweep", ["intruder"], 6),
    ("beacon", "c2_beacon", "job", "beacon", ["outside"], 32),
    ("reverse_shell", "c2_shell", "api", "reverse-shell", ["outside"], 10),
    ("bind_shell", "c2_shell", "intruder", "bind-shell", ["db"], 10),
    ("redis_module", "db_exploit", "web", "redis-module", ["db"], 4),
    ("redis_brute", "brute", "intruder", "redis-brute", ["db"], 6),
    ("slow_scan", "scan_slow", "api", "slow-scan", ["web", "db", "node"], 40),
    ("exfil_post", "exfil", "web", "exfil", ["outside"], 8),
    ("icmp_tunnel", "tunnel", "job", "icmp-tunnel", ["outside"], 12),
    ("slow_post", "dos", "intruder", "slow-post", ["web"], 12),
    ("flood", "dos", "intruder", "flood", ["web"], 8),
    ("traversal", "web", "intruder", "traversal", ["web"], 4),
    ("log4shell", "web", "job", "log4shell", ["web"], 4),
)


def run(*command, check=True, timeout=60):
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Lab:
    def __init__(self, root, folder):
        self.root, self.folder, self.engine, self.capture = root, folder, None, None
        os.environ["DOCKER_HOST"] = f"unix://{root}/docker.sock"

    def start_engine(self):
        run("ip", "link", "set", "lo", "up")
        run("sysctl", "-qw", "net.ipv4.ip_forward=1", check=False)
        with open(f"{self.root}/dockerd.log", "wb") as log:
            self.engine = subprocess.Popen(
                ["dockerd", "--data-root", self.root + "/data", "--exec-root", self.root + "/exec", "-p", self.root + "/pid",
                 "-H", f"unix://{self.root}/docker.sock", "-H", "tcp://0.0.0.0:2375", "--tls=false", "--bridge=none"],
                stdout=log, stderr=log)
        for _ in range(300):
            if subprocess.run(["docker", "ps"], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.2)
        else:
            raise RuntimeError("dockerd does not start: " + pathlib.Path(self.root, "dockerd.log").read_text()[-2000:])
        # The engine waits before it serves without TLS: by then the network is there.
        run("docker", "network", "create", "--subnet", "10.88.0.0/16", "--gateway", GATEWAY, "-o",
            "com.docker.network.bridge.name=br-shop", "shop")
        tree = pathlib.Path(self.root, "image")
        (tree / "usr").mkdir(parents=True)
        for name in ("bin", "lib", "lib64", "sbin"):
            (tree / name).symlink_to("usr/" + name)
        for name in ("tmp", "etc", "proc", "lab"):
            (tree / name).mkdir()
        (tree / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
        with subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["docker", "import", "-", "lab"], stdin=tar.stdout, check=True, capture_output=True)

    def container(self, name, *more):
        run("docker", "run", "-d", "--name", name, "--network", "shop", "--ip", ADDRESS[name], "--cap-add", "NET_RAW",
            "-l", f"com.docker.compose.service={name.rstrip('2')}", *more, "-v", "/usr:/usr:ro", "-v", f"{HERE}:/lab:ro",
            "lab", "/usr/bin/python3", "/lab/attack_actor.py", "serve", name.rstrip("2"))

    def deed(self, who, deed, arguments, wait=True, most=30):
        words = [ADDRESS.get(a, a) for a in arguments]
        command = ["docker", "exec", *([] if wait else ["-d"]), who, "/usr/bin/python3", "/lab/attack_actor.py", "do", deed, *words]
        try:
            subprocess.run(command, capture_output=True, timeout=most, check=False)
        except subprocess.TimeoutExpired:
            pass

    def usual(self, webs):
        for who in ("job", "api"):
            self.deed(who, "usual-job", ["web", "db", "dns", "outside"], wait=False)
        self.deed("web", "usual-web", ["db", "dns"], wait=False)
        self.deed("monitor", "usual-monitor", [",".join(ADDRESS[w] for w in webs), GATEWAY, "outside"], wait=False)

    def record(self, name):
        self.stop_recording()
        self.capture = subprocess.Popen(["tcpdump", "-i", "br-shop", "-w", str(self.folder / f"{name}.pcap"), "-s", "65535",
                                         "-B", "65536", "-Z", "root", "-U"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)

    def stop_recording(self):
        if self.capture is not None:
            time.sleep(1)
            self.capture.send_signal(signal.SIGINT)
            self.capture.wait(20)
            self.capture = None

    def stop(self):
        self.stop_recording()
        if self.engine is not None:
            subprocess.run("docker ps -aq | xargs -r docker rm -f", shell=True, capture_output=True, check=False)
            self.engine.terminate()
            self.engine.wait(30)


def label_flows(folder, program, windows):
    """A flow is an attack's when it began in its window and its container took part in it, beyond what it always does."""
    import json
    with tempfile.TemporaryDirectory() as scratch:
        flows = {}
        for name in ("benign_train", "mixed_attack"):
            subprocess.run([program, "replay", "--quiet", "--pcap", str(folder / f"{name}.pcap"), "--log-dir", scratch,
                            "--set", "eve.types=[flow]"], check=True, capture_output=True)
            flows[name] = [json.loads(line) for line in open(f"{scratch}/eve.json", encoding="utf-8")]
    import datetime

    def begin(event):
        return datetime.datetime.fromisoformat(event["flow"]["start"]).timestamp()

    numbers = {"TCP": 6, "UDP": 17, "ICMP": 1}
    usual = {(e["src_ip"], e["dest_ip"], e.get("dest_port", 0)) for e in flows["benign_train"]}
    same_service = {"docker_api_exec", "redis_module", "exfil_post", "dns_tunnel_tool", "generated_names", "log4shell"}
    with open(folder / "labels.tsv", "w", encoding="utf-8") as out:
        out.write("t0\tproto\tsrc\tsport\tdst\tdport\tlabel\n")
        for e in flows["mixed_attack"]:
            if e["event_type"] != "flow" or e["proto"] not in numbers:
                continue
            label = "benign"
            for name, _kind, who, first, last in windows:
                if not first - 0.1 <= begin(e) <= last or ADDRESS[who] != e["src_ip"]:
                    continue
                known = (e["src_ip"], e["dest_ip"], e.get("dest_port", 0)) in usual
                if not known or (name in same_service and who in ("web", "monitor")):
                    label = name
            out.write(f"{begin(e):.6f}\t{numbers[e['proto']]}\t{e['src_ip']}\t{e.get('src_port', 0)}\t{e['dest_ip']}\t"
                      f"{e.get('dest_port', 0)}\t{label}\n")


def attack(lab):
    windows = []
    for name, kind, who, deed, arguments, most in ATTACKS:
        time.sleep(3)
        begin = time.time()
        lab.deed(who, deed, arguments, most=most)
        windows.append((name, kind, who, begin, time.time()))
        print(f"  {name:20} {windows[-1][4] - begin:5.1f} s", flush=True)
    return windows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--train", type=int, default=90, help="seconds of normal traffic to learn from (90)")
    parser.add_argument("--drift", type=int, default=60, help="seconds of normal traffic with changes (60)")
    parser.add_argument("--bulkhead", help="the program, for labels of flows")
    arguments = parser.parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root" if not missing else f"skipped: {', '.join(missing)} not installed")
        return 77
    if os.environ.get("BULKHEAD_LAB_INSIDE") != "1":  # a network and mounts of its own
        return subprocess.run(["unshare", "-n", "-m", sys.executable, __file__, *sys.argv[1:]], check=False,
                              env={**os.environ, "BULKHEAD_LAB_INSIDE": "1"}).returncode
    arguments.folder = arguments.folder.resolve()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    root = tempfile.mkdtemp(prefix="bulkhead-shop-", dir="/var/tmp")
    lab = Lab(root, arguments.folder)
    try:
        lab.start_engine()
        for name in ("web", "db", "dns", "job", "api", "monitor", "node", "outside", "intruder"):
            lab.container(name)
        time.sleep(2)
        lab.usual(["web"])
        print(f"normal traffic, {arguments.train} s", flush=True)
        lab.record("benign_train")
        time.sleep(arguments.train)
        print(f"normal traffic with a replica and a restart, {arguments.drift} s", flush=True)
        lab.record("benign_drift")
        time.sleep(arguments.drift / 3)
        lab.container("web2")
        run("docker", "restart", "-t", "0", "job")
        lab.deed("job", "usual-job", ["web", "db", "dns", "outside"], wait=False)
        lab.deed("monitor", "usual-monitor", [f"{ADDRESS['web']},{ADDRESS['web2']}", GATEWAY, "outside"], wait=False)
        time.sleep(arguments.drift * 2 / 3)
        print(f"{len(ATTACKS)} attacks", flush=True)
        lab.record("mixed_attack")
        time.sleep(3)
        windows = attack(lab)
        lab.stop_recording()
        with open(arguments.folder / "mixed_attack.windows.tsv", "w", encoding="utf-8") as out:
            out.writelines("\t".join((n, k, w, f"{b:.6f}", f"{e:.6f}")) + "\n" for n, k, w, b, e in windows)
        if arguments.bulkhead:
            label_flows(arguments.folder, arguments.bulkhead, windows)
        (arguments.folder / "inside").write_text("10.88.0.0/24\n", encoding="utf-8")
        print(f"captures in {arguments.folder}; bench/detect --lab {arguments.folder}")
    finally:
        lab.stop()
        subprocess.run(["umount", "-R", root], capture_output=True, check=False)
        shutil.rmtree(root, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
