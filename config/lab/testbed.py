"""Containers as network namespaces on one bridge, real servers in them, and a bulkhead daemon beside them.

Everything lives in namespaces of its own (network, processes, mounts), which the kernel takes down with the
process that made them: enter_own_world() runs the calling script again inside. The host's interfaces, rules and
processes are never touched.

        bridge lab0   10.77.0.1  fd77::1          (the node: daemon, nftables)
        |         |            |
    veth-web   veth-db   veth-intruder            host side, named in the inventory
        |         |            |
      eth0      eth0         eth0                 10.77.0.N  fd77::N
"""
import dataclasses
import ipaddress
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

BRIDGE = "lab0"
PREFIX4, PREFIX6 = "10.77.0.", "fd77::"
INSIDE = "BULKHEAD_LAB_INSIDE"


class LabError(Exception):
    """Something the lab needs did not happen; the message is for the person at the terminal."""


@dataclasses.dataclass
class Container:
    name: str
    number: int  # last part of its addresses
    labels: dict
    keeper: subprocess.Popen = None  # holds the namespace open

    @property
    def ip4(self):
        return PREFIX4 + str(self.number)

    @property
    def ip6(self):
        return PREFIX6 + f"{self.number:x}"

    @property
    def mac(self):
        return f"02:00:00:00:00:{self.number:02x}"

    @property
    def veth(self):
        return "veth-" + self.name

    def address(self, family):
        return self.ip4 if family == 4 else self.ip6

    def command(self, *arguments):
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", *map(str, arguments)]


def enter_own_world():
    """Runs this script again in namespaces of its own and ends with its status; returns in the inner one."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0:
        raise LabError("network namespaces need root (CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_RAW)")
    os.environ[INSIDE] = "1"
    try:
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                              sys.executable, *sys.argv])
    except OSError as error:
        raise LabError(f"cannot run unshare (package util-linux): {error}") from error


def run(*command, check=True, timeout=20):
    """Runs a command to its end; its output as text."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done


def need(*programs):
    missing = [program for program in programs if not shutil.which(program, path=search_path())]
    if missing:
        raise LabError(f"not installed: {', '.join(missing)} (./dev run installs what the lab needs)")


def search_path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def wait_until(condition, seconds, what):
    """Polls until the condition gives a true value, and returns it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise LabError(f"{what}: not within {seconds} s")


class Testbed:
    """Use as a context: with Testbed(directory) as bed. Leaving ends every process that it started."""

    def __init__(self, directory, containers):
        self.directory = pathlib.Path(directory)
        self.containers = {each.name: each for each in containers}
        self.processes = []
        os.environ["PATH"] = search_path()

    def __enter__(self):
        try:
            self.make_network()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __getattr__(self, name):
        try:
            return self.__dict__["containers"][name]
        except KeyError:
            raise AttributeError(name) from None

    def start(self, command, log, **options):
        """Starts a process that lives as long as the testbed, with its output in a file."""
        with open(self.directory / log, "ab") as output:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                       stdout=options.pop("stdout", output), stderr=output, **options)
        self.processes.append(process)
        return process

    def log_tail(self, log, lines=12):
        text = (self.directory / log).read_text(errors="replace")
        return "\n".join("    " + line for line in text.splitlines()[-lines:])

    # --- network ---

    def make_network(self):
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", BRIDGE, "type", "bridge", "mcast_snooping", "0")
        run("ip", "address", "add", PREFIX4 + "1/24", "dev", BRIDGE)
        run("ip", "address", "add", PREFIX6 + "1/64", "dev", BRIDGE, "nodad")
        run("ip", "link", "set", BRIDGE, "up")
        for each in self.containers.values():
            self.plug_in(each)

    def plug_in(self, each):
        each.keeper = self.start(["unshare", "--net", "sleep", "infinity"], "keepers.log")
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{each.keeper.pid}/ns/net") != own, 5, f"namespace of {each.name}")
        # The kernel takes the ports of a lab that has ended down a little later.
        wait_until(lambda: run("ip", "link", "show", each.veth, check=False).returncode != 0, 5, f"no {each.veth} of before")
        run("ip", "link", "add", each.veth, "type", "veth", "peer", "name", "eth0", "address", each.mac,
            "netns", each.keeper.pid)
        run("ip", "link", "set", each.veth, "master", BRIDGE, "up")
        for step in (["ip", "link", "set", "lo", "up"],
                     ["ip", "address", "add", each.ip4 + "/24", "dev", "eth0"],
                     ["ip", "address", "add", each.ip6 + "/64", "dev", "eth0", "nodad"],
                     ["ip", "link", "set", "eth0", "up"],
                     ["ip", "route", "add", "default", "via", PREFIX4 + "1"]):
            run(*each.command(*step))

    def inside(self, name, *command, check=False, timeout=20):
        return run(*self.containers[name].command(*command), check=check, timeout=timeout)

    # --- servers ---

    def start_nginx(self, name):
        need("nginx")
        root = self.directory / "nginx"
        (root / "html").mkdir(parents=True)
        (root / "html" / "index.html").write_text("<h1>shop</h1>\n")
        (root / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {root}/pid; error_log {root}/error.log;\n"
            "events { worker_connections 512; }\n"
            "http {\n  access_log off; keepalive_requests 100000;\n"
            + "".join(f"  {kind}_temp_path {root}/{kind};\n"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            + f"  server {{ listen 80; listen [::]:80; root {root}/html; }}\n}}\n")
        os.chmod(self.directory, 0o755)
        self.start(self.containers[name].command("nginx", "-p", root, "-e", root / "error.log",
                                                 "-c", root / "nginx.conf"), "nginx.log")
        self.wait_for_port(name, 80, "nginx.log")

    def start_redis(self, name):
        need("redis-server", "redis-cli")
        self.start(self.containers[name].command(
            "redis-server", "--bind", "0.0.0.0", "::", "--port", "6379", "--protected-mode", "no", "--save", "",
            "--dir", self.directory), "redis.log")
        self.wait_for_port(name, 6379, "redis.log")

    def wait_for_port(self, name, port, log):
        def listening():
            return f":{port} " in self.inside(name, "ss", "-Hltn").stdout
        try:
            wait_until(listening, 10, f"server on port {port} of {name}")
        except LabError as error:
            raise LabError(f"{error}\n{self.log_tail(log)}") from None

    # --- bulkhead ---

    def write_inventory(self):
        pods = []
        for each in self.containers.values():
            labels = ", ".join(f"{key}: {value}" for key, value in each.labels.items())
            pods.append(f"  - {{namespace: lab, name: {each.name}, labels: {{{labels}}}, ips: [{each.ip4}, "
                        f"'{each.ip6}'], interface: {each.veth}, mac: '{each.mac}'}}\n")
        path = self.directory / "inventory.yaml"
        path.write_text("# The containers of the lab: who they are and where they are plugged in.\n"
                        f"nodes:\n  - {{name: node, ips: [{PREFIX4}1, '{PREFIX6}1']}}\n"
                        "workloads:\n" + "".join(pods))
        return path

    def start_daemon(self, binary, settings, log="bulkhead.log", patience=20):
        """Writes the settings file, starts the daemon, and returns when it says that it is ready."""
        path = self.directory / "bulkhead.yaml"
        path.write_text(settings)
        return self.start_daemon_with([binary, "run", "-c", path], log, patience)

    def start_daemon_with(self, command, log="bulkhead.log", patience=20):
        """Starts the daemon with these words, and returns when it says that it is ready."""
        daemon = self.start(command, log, cwd=self.directory)
        ready = re.compile(r"\bready\b")

        def is_ready():
            if daemon.poll() is not None:
                raise LabError(f"bulkhead ended with status {daemon.returncode}\n{self.log_tail(log)}")
            return ready.search((self.directory / log).read_text(errors="replace"))
        try:
            wait_until(is_ready, patience, "bulkhead ready")
        except LabError as error:
            if daemon.poll() is None:
                raise LabError(f"{error}\n{self.log_tail(log)}") from None
            raise
        return daemon

    def stop(self, process, seconds=10):
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise LabError(f"process {process.args[0]} did not end on SIGTERM within {seconds} s") from None

    def start_watch(self, binary, log="watch.jsonl"):
        """Subscribes to alerts and blocks over netlink; returns the file that they are written to."""
        path = self.directory / log
        with open(path, "wb") as output:
            self.start([binary, "watch", "--json"], "watch.log", stdout=output)
        return path


def read_events(path):
    """Complete lines of a JSON-lines file; the last one may still be on its way."""
    try:
        text = pathlib.Path(path).read_text(errors="replace")
    except FileNotFoundError:
        return []
    events = []
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise LabError(f"{path}: not JSON: {line.strip()[:120]} ({error})") from None
    return events


def same_address(a, b):
    try:
        return ipaddress.ip_address(a) == ipaddress.ip_address(b)
    except ValueError:
        return False


def url_host(address):
    return f"[{address}]" if ":" in address else address


class HttpConversation:
    """One keep-alive connection from inside a container, so that a cut in the middle of it can be seen.

    The socket is made in the container's namespace by a short-lived child and handed over, so the clock and
    the reading stay in this process.
    """

    def __init__(self, container, address, port=80, timeout=2.0):
        self.socket = socket_inside(container, address, port, timeout)
        self.socket.settimeout(timeout)
        self.host = url_host(address)
        self.local_port = self.socket.getsockname()[1]

    def request(self, path="/", headers=""):
        """Sends one request; returns its status code, or what ended the connection."""
        text = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n{headers}\r\n"
        try:
            self.socket.sendall(text.encode())
            return self.read_status()
        except socket.timeout:
            return "no answer"
        except ConnectionError as error:
            return os.strerror(error.errno).lower()

    def read_status(self):
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.socket.recv(65536)
            if not part:
                return "closed"
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        missing = int(length.group(1)) - len(body) if length else 0
        while missing > 0:
            part = self.socket.recv(65536)
            if not part:
                return "closed"
            missing -= len(part)
        return int(head.split()[1])

    def close(self):
        self.socket.close()


SOCKET_CHILD = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
try:
    made = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=float(sys.argv[4]))
except OSError as error:
    sys.exit(str(error))
made.setblocking(True)
socket.send_fds(channel, [b"s"], [made.fileno()])
"""


def socket_inside(container, address, port, timeout):
    """A connected TCP socket of the container's namespace."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = container.command(sys.executable, "-c", SOCKET_CHILD, theirs.fileno(), address, port, timeout)
        done = subprocess.run(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout + 10, check=False)
        if done.returncode != 0:
            raise LabError(f"{container.name} -> {address}:{port}: {done.stderr.strip()}")
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=descriptors[0])
