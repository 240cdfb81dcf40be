#!/usr/bin/env python3
"""bulkhead beside a real containerd: its CRI plugin, runc, CNI with a bridge; everything it keeps below one directory
(tests.cmake starts it in a network and a mount namespace).

arguments: the bulkhead program, a working directory. Exit status 77: cannot run here, with a word why.
"""
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

import lab
from lab import comes

BULKHEAD, WORK = sys.argv[1:3]
IMAGE = "localhost/lab/box:1"
CNI_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin")

CONFIG = """\
version = 2
root = "{root}/data"
state = "{root}/state"
[grpc]
  address = "{root}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{root}/cni"
"""


def box_image():
    """A docker archive of one layer: busybox by a few names."""
    def add(tar, name, data, link=None):
        entry = tarfile.TarInfo(name)
        entry.mode = 0o755
        if link:
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            return tar.addfile(entry)
        entry.size = len(data)
        return tar.addfile(entry, io.BytesIO(data))

    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        with open(shutil.which("busybox"), "rb") as program:
            add(tar, "bin/busybox", program.read())
        for name in ("sh", "nc", "sleep", "echo", "cat"):
            add(tar, "bin/" + name, None, "busybox")
    data = layer.getvalue()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    config = json.dumps({"architecture": machine, "os": "linux",
                         "config": {"Entrypoint": ["/bin/sleep"], "Cmd": ["100000"], "Env": ["PATH=/bin"]},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest()]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in (("layer.tar", data), ("config.json", config), ("manifest.json", manifest)):
            add(tar, name, content)
    return out.getvalue()


class Containerd:
    def __init__(self, root, plugins):
        self.root, self.socket, self.process = root, root + "/containerd.sock", None
        os.makedirs(root + "/cni")
        with open(root + "/config.toml", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(root=root, image=IMAGE, plugins=plugins))
        with open(root + "/cni/10-lab.conflist", "w", encoding="utf-8") as file:
            json.dump({"cniVersion": "0.4.0", "name": "lab", "plugins": [
                {"type": "bridge", "bridge": "cni0", "isGateway": True,
                 "ipam": {"type": "host-local", "dataDir": root + "/ipam", "ranges": [[{"subnet": "10.99.0.0/24"}]]}}]}, file)

    def start(self):
        with open(self.root + "/containerd.log", "ab") as log:
            self.process = subprocess.Popen(["containerd", "--config", self.root + "/config.toml"], stdout=log, stderr=log)
        return comes(self.ready, 20)

    def ready(self):
        """CRI answers, and the network is set up."""
        from grpc_wire import first, unpack
        try:
            status = self.call("Status", b"", 2)
        except Exception:  # noqa: BLE001  whatever a server that is starting does
            return False
        conditions = [unpack(c) for c in unpack(first(unpack(status), 1)).get(1, [])]
        return len(conditions) == 2 and all(first(c, 2, 0) for c in conditions)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def end(self):
        """What is left of it: containerd, the shims that it started, and the containers of those."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        parents, shims = {}, set()
        for number in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{number}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as file:
                    parents[int(number)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if b"containerd-shim" in words[0] and self.socket.encode() in words:
                shims.add(int(number))
        for number in shims | {child for child, parent in parents.items() if parent in shims}:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        mounts = [line.split()[1] for line in open("/proc/self/mounts", encoding="utf-8")]
        for path in sorted((m for m in mounts if m.startswith((self.root, "/run/netns"))), reverse=True):
            subprocess.run(["umount", "-l", path], check=False, capture_output=True)

    def call(self, method, request, timeout=30):
        from grpc_wire import call
        return call(self.socket, "RuntimeService/" + method, request, timeout)

    def import_image(self):
        from grpc_wire import call, first, pack, unpack
        command = ["ctr", "-a", self.socket, "-n", "k8s.io", "images", "import", "--snapshotter", "native", "-"]
        subprocess.run(command, input=box_image(), check=True, capture_output=True)
        known = lambda: first(unpack(call(self.socket, "ImageService/ImageStatus", pack((1, ((1, IMAGE),))))), 1)
        return comes(lambda: known() != b"", 10)

    def run_pod(self, name, app, network=0, privileged=False):
        """A pod with one container that serves two ports; ids of both."""
        from grpc_wire import first, mapping, pack, unpack
        spaces = ((1, network), (2, 1))
        sandbox = ((1, ((1, name), (2, "uid-" + name), (3, "shop"))), (3, self.root + "/logs"),
                   *mapping(6, {"app": app, "io.kubernetes.pod.name": name}), (8, ((2, ((1, spaces), (6, privileged))),)))
        pod = first(unpack(self.call("RunPodSandbox", pack((1, sandbox)))), 1).decode()
        serve = "for p in 6379 80; do nc -ll -p $p -e /bin/busybox echo ok & done; while true; do sleep 60; done"
        mounts = [(7, ((1, "/runtime.sock"), (2, self.socket)))] if privileged else []
        config = ((1, ((1, "main"),)), (2, ((1, IMAGE),)), (3, "/bin/sh"), (4, "-c"), (4, serve), *mounts,
                  (11, name + ".log"), (15, ((2, ((2, privileged), (3, spaces))),)))
        container = first(unpack(self.call("CreateContainer", pack((1, pod), (2, config), (3, sandbox)))), 1).decode()
        self.call("StartContainer", pack((1, container)))
        return pod, container

    def address(self, pod):
        from grpc_wire import first, pack, unpack
        status = unpack(first(unpack(self.call("PodSandboxStatus", pack((1, pod)))), 1))
        return first(unpack(first(status, 5)), 1).decode()

    def stop_pod(self, pod):
        from grpc_wire import pack
        self.call("StopPodSandbox", pack((1, pod)))
        self.call("RemovePodSandbox", pack((1, pod)))

    def execute(self, container, *words):
        from grpc_wire import first, pack, unpack
        return first(unpack(self.call("ExecSync", pack((1, container), *[(2, word) for word in words], (3, 5)))), 1)

    def reaches(self, container, address, port):
        return b"ok" in self.execute(container, "/bin/nc", "-w", "1", address, str(port))


def port_of(runtime, container):
    """The interface at the other end of a container's, by its number."""
    number = runtime.execute(container, "/bin/cat", "/sys/class/net/eth0/iflink").decode().strip()
    names = {line.split(":")[0]: line.split(":")[1].split("@")[0].strip() for line in lab.run("ip", "-o", "link").splitlines()}
    return names.get(number)


def steps(report, runtime, daemon, pods):
    def known(name):
        return daemon.workloads().get("shop/" + name, {})

    db, api, other = pods["db"], pods["api"], pods["other"]
    db_address = runtime.address(db[0])
    report.check("pods are known", comes(lambda: all(known(name).get("interface") for name in pods)), daemon.workloads())
    report.check("label", known("db").get("labels") == {"app": "db"}, known("db"))
    report.check("address", db_address in known("db").get("addresses", []), known("db"))
    report.check("interface", port_of(runtime, db[1]) == known("db").get("interface"), f"{port_of(runtime, db[1])} {known('db')}")
    report.check("a policy by label holds for a real connection",
                 comes(lambda: runtime.reaches(api[1], db_address, 6379)) and not runtime.reaches(other[1], db_address, 6379)
                 and not runtime.reaches(api[1], db_address, 80))
    report.check("posture of an ordinary pod", comes(lambda: daemon.posture("shop/db") is not None) and
                 "net-raw" in daemon.posture("shop/db") and "privileged" not in daemon.posture("shop/db"),
                 daemon.posture("shop/db"))

    late = pods["late"] = runtime.run_pod("late", "api", privileged=True)
    report.check("a pod that comes", comes(lambda: known("late").get("interface")), daemon.workloads())
    report.check("is let in by its label", comes(lambda: runtime.reaches(late[1], db_address, 6379)))
    report.check("its posture", comes(lambda: (daemon.posture("shop/late") or [])[:2] == ["privileged", "runtime-socket"]),
                 daemon.posture("shop/late"))
    pods["node"] = runtime.run_pod("node", "agent", network=2)
    report.check("a pod on the node's network", comes(lambda: "shop/node" in daemon.workloads()))
    report.check("has no port", not known("node").get("interface"), known("node"))
    report.check("which is told", comes(lambda: "host-network" in (daemon.posture("shop/node") or [])), daemon.posture("shop/node"))

    before = set(daemon.workloads())
    runtime.stop()
    report.check("containerd is away", comes(lambda: daemon.problem("cannot be read")), daemon.ask("status"))
    report.check("its pods stay", set(daemon.workloads()) == before, daemon.workloads())
    report.check("containerd is back", runtime.start() and comes(lambda: not daemon.problem("cannot be read")))
    report.check("with the same pods", set(daemon.workloads()) == before, daemon.workloads())
    report.check("and the policy holds", comes(lambda: runtime.reaches(api[1], db_address, 6379)) and
                 not runtime.reaches(other[1], db_address, 6379))
    runtime.stop_pod(pods.pop("late")[0])
    report.check("a pod that ends is gone", comes(lambda: "shop/late" not in daemon.workloads(), 10), daemon.workloads())


def main():
    lab.skip_unless("ip", "containerd", "ctr", "runc", "busybox", "containerd-shim-runc-v2")
    plugins = next((folder for folder in CNI_FOLDERS if os.path.exists(folder + "/bridge")), None)
    if plugins is None:
        print("skipped: containernetworking-plugins are not installed")
        sys.exit(77)
    os.makedirs(WORK, exist_ok=True)
    report, pods, daemon = lab.Report(), {}, None
    root = tempfile.mkdtemp(prefix="bulkhead-cri-")
    runtime = Containerd(root, plugins)
    try:
        if not runtime.start():
            with open(root + "/containerd.log", encoding="utf-8") as log:
                print(log.read()[-3000:])
            print("skipped: containerd with CRI does not run here")
            sys.exit(77)
        report.check("image", runtime.import_image())
        begin = time.monotonic()
        try:
            pods["db"] = runtime.run_pod("db", "db")
        except Exception as error:  # noqa: BLE001  cgroups, mounts, rights: whatever a container needs
            print("skipped: containerd cannot run a pod here:", error)
            sys.exit(77)
        for name in ("api", "other"):
            pods[name] = runtime.run_pod(name, name)
        print(f"  three pods in {time.monotonic() - begin:.1f} s", flush=True)
        os.makedirs(root + "/bulkhead")
        daemon = lab.Daemon(BULKHEAD, root + "/bulkhead", runtime.socket, "capture.interfaces=[cni0]")
        steps(report, runtime, daemon, pods)
    finally:
        if daemon is not None:
            report.check("ends well", daemon.stop() == 0)
        if report.failures and daemon is not None:
            print(daemon.log()[-4000:])
        for pod, _ in pods.values():
            try:
                runtime.stop_pod(pod)
            except Exception as error:  # noqa: BLE001  the rest is cleaned up below
                print("  not stopped:", error)
        runtime.end()
        shutil.rmtree(root, ignore_errors=True)
    sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
