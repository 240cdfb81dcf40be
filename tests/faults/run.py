#!/usr/bin/env python3
"""Breaks a guarded node in every way that is listed, and holds bulkhead to what it promises of each.

    run.py --bulkhead PROGRAM [--all] [--only WORD] [--write-table] [--verbose]                                    root
    run.py --check-table                                  without root: README.md names every fault and tests that exist

Without --all the quick faults (netns.faults). A fault that this machine cannot make (no memory cgroup, no Docker) is said and skipped.
Faults that tests elsewhere make are not repeated here; their names stand in the table.
"""
import argparse
import ctypes
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import typing

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from node import Broken, Node, hold, table_there, testbed, until
from fake_docker import FakeDocker

README = HERE / "README.md"
BEGIN, END = "<!-- table: run.py --all --write-table -->\n", "<!-- end of table -->\n"


class Skipped(Exception):
    pass


class Fault(typing.NamedTuple):
    name: str
    promise: str
    proof: tuple      # tests elsewhere that make it too
    slow: bool
    play: typing.Callable


FAULTS = []


def fault(name, promise, proof=(), slow=False):
    def keep(play):
        FAULTS.append(Fault(name, promise, proof, slow, play))
        return play
    return keep


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Broken(f"{' '.join(map(str, command))}: {done.stderr.strip()[-300:]}")
    return done.stdout


def storm(node, seconds):
    """Alerts as fast as a client makes them, from a thread of its own."""
    code = ("import socket,sys,time\nend=time.monotonic()+float(sys.argv[2])\nn=0\n"
            "while time.monotonic()<end:\n s=socket.create_connection((sys.argv[1],80),timeout=2)\n"
            " for _ in range(50):\n"
            "  s.sendall(b'GET /probe-storm-%d HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'%n); n+=1; s.recv(65536)\n s.close()\nprint(n)")
    return subprocess.Popen(node.bed.client.command(sys.executable, "-c", code, node.bed.shop.ip4, seconds), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


# --- the process ------------------------------------------------------------------------------------------------

@fault("kill -9 in a storm of alerts",
       "the policy stays in force without the daemon; every line that was written is whole; the next start repairs the last "
       "line, goes on in the audit chain and keeps blocks that run",
       ("DaemonNetns.KilledTheClosedSegmentCarriesNothingAndTheOpenOneGoesOn", "WireDaemonNetns.KilledTheKernelCarriesOpenWires",
        "BlockNetns.SurvivesItsMakerAndAReloadAndIsAdopted"))
def killed(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        node.detects("before")
        traffic = storm(node, 2)
        time.sleep(1)
        node.daemon.kill()
        node.daemon.wait()
        traffic.wait()
        node.enforces("after kill -9")
        written = len(node.alerts())
        node.start()
        node.enforces("after the next start")
        node.detects("after the next start")
        run(binary, "verify-log", node.log / "audit.log")
        return f"{written} alerts of the storm whole; audit chain verified over both runs"


@fault("SIGSTOP for longer than the lease",
       "counts as dead while it lasts (fail-closed segments carry nothing, others go on under the policy); goes on by itself",
       ("DaemonNetns.StoppedItIsAsGoodAsDeadUntilItContinues",), slow=True)
def stopped(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        node.daemon.send_signal(signal.SIGSTOP)
        time.sleep(4)
        node.enforces("while it is stopped")
        node.daemon.send_signal(signal.SIGCONT)
        node.enforces("after SIGCONT")
        node.detects("after SIGCONT")
        return "stopped for 4 s with a lease of 3 s; enforced and detects again"


def memory_group():
    """(file of the processes, directory) of a new group with a limit."""
    for base, limit in ((pathlib.Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (pathlib.Path("/sys/fs/cgroup"), "memory.max")):
        group = base / f"bulkhead-fault-{os.getpid()}"
        try:
            group.mkdir()
            if (group / limit).exists():
                return group, group / limit
            group.rmdir()
        except OSError:
            continue
    raise Skipped("no memory cgroup can be made here")


@fault("out of memory (cgroup)",
       "the kernel ends the daemon, never the policy; no half-written table; the next start is whole", slow=True)
def out_of_memory(binary, directory):
    group, limit = memory_group()
    try:
        with Node(binary, directory) as node:
            node.start()
            (group / "cgroup.procs").write_text(str(node.daemon.pid))
            # What it has stays charged where it was: what it asks for from now on is charged here.
            limit.write_text(str(1 << 20))
            rules = node.directory / "faults.rules"
            rules.write_text(rules.read_text() + "".join(
                f'alert tcp any any -> any any (msg:"r"; content:"word-{i}-{i * 7919}"; sid:{9200000 + i};)\n' for i in range(20000)))
            node.ask("reload")
            until(lambda: node.daemon.poll() is not None, 60, "the limit ends the daemon")
            how = node.daemon.returncode
            hold(how == -signal.SIGKILL, f"the daemon was killed by the kernel, not ended by {how}: {node.said()[-300:]}")
            node.enforces("after it was killed for memory")
            node.start()
            node.enforces("after the next start")
            node.detects("after the next start")
            return "killed by the kernel during a reload of 20,000 rules; policy held; started again with them"
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.1)


# --- files ------------------------------------------------------------------------------------------------------

def small_volume(directory, size):
    volume = pathlib.Path(directory) / "volume"
    volume.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", volume)
    return volume


@fault("disk full",
       "enforcement and detection go on; each record that finds no room is counted (output.eve.lost); no torn line; records are "
       "written again once there is room")
def disk_full(binary, directory):
    volume = small_volume(directory, "1m")
    try:
        with Node(binary, directory, log=volume) as node:
            node.start()
            node.detects("before")
            filler = volume / "filler"
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(65536))
                except OSError:
                    pass
                try:
                    while True:
                        file.write(bytes(64))
                except OSError:
                    pass
            before = len(node.alerts())
            for _ in range(8):
                node.probe()
            storm(node, 1).wait()
            time.sleep(1.5)
            hold(node.daemon.poll() is None, f"the daemon lives on: {node.said()[-300:]}")
            node.enforces("while the disk is full")
            during = len(node.alerts())
            counters = node.ask("counters").stdout
            filler.unlink()
            node.detects("after there is room again", 15)
            until(lambda: node.stats().get("output"), 10, "counters are written again")
            output = node.stats()["output"]
            hold(output["eve"]["lost"] > 0, f"what was lost is counted: {output} {counters[:200]}")
            balance = output["published"] - output["dropped"] - output["written"]
            return (f"{output['eve']['lost']} records lost and counted, none torn ({during - before} fitted in); written again after room "
                    f"was made; published - dropped - handled = {balance}")
    finally:
        run("umount", "-l", volume)


@fault("log volume becomes read-only",
       "as a full disk: the daemon lives, enforces, counts what it cannot write, writes again when it can")
def read_only(binary, directory):
    volume = small_volume(directory, "16m")
    try:
        with Node(binary, directory, log=volume) as node:
            node.start()
            node.detects("before")
            # A file that is open for writing keeps a file system from becoming read-only: a read-only view is put over it,
            # and the file is taken away, as an operator's rotation does.
            (volume / "eve.json").rename(volume / "eve.json.old")
            run("mount", "--bind", volume, volume)
            run("mount", "-o", "remount,bind,ro", volume)
            node.daemon.send_signal(signal.SIGHUP)  # reopens the file: refused
            time.sleep(1.5)
            for _ in range(5):
                node.probe()
            hold(node.daemon.poll() is None, f"the daemon lives on: {node.said()[-300:]}")
            node.enforces("while the volume is read-only")
            run("umount", "-l", volume)
            node.daemon.send_signal(signal.SIGHUP)
            node.detects("after it is writable again", 15)
            return "lived, enforced, and wrote again after the volume was writable and the file reopened (SIGHUP)"
    finally:
        subprocess.run(["umount", "-l", volume], capture_output=True, check=False)


def start_with(node, path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    node.start()
    node.enforces(f"with a broken {path.name}")
    node.detects(f"with a broken {path.name}")
    text = node.said()
    node.stop()
    return text


@fault("corrupted cache of pattern databases",
       "is not believed: what does not check is compiled again", slow=True)
def corrupt_cache(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        node.stop()
        cache = [path for path in (node.directory / "cache").rglob("*") if path.is_file()]
        hold(cache, "there is a cache to break")
        broken = 0
        for how in (lambda data: b"", lambda data: data[:len(data) // 2], lambda data: bytes([data[0] ^ 255]) + data[1:],
                    lambda data: data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:],
                    lambda data: os.urandom(len(data))):
            for path in cache:
                path.write_bytes(how(path.read_bytes() or b"x"))
                broken += 1
            node.start()
            node.detects("with a broken cache")
            node.stop()
        return f"{broken} files broken in five ways (emptied, cut, a bit at the start and in the middle, noise): every start detects"


@fault("corrupted state of the behaviour engine",
       "is said and put aside or begun anew; never a crash, never believed in part", slow=True)
def corrupt_state(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        node.detects("before")
        node.stop()
        state = node.log / "behaviour.state"
        hold(state.exists(), "there is a state to break")
        good = state.read_bytes()
        for bad in (b"", good[:len(good) // 2], os.urandom(4096), good + b"tail", good.replace(b"0", b"9")):
            start_with(node, state, bad)
        return "emptied, cut, noise, a tail, other numbers: every start enforces and detects"


@fault("corrupted or missing audit log",
       "a changed record is named by verify-log; a file that is no chain is put aside and the chain goes on from its head; never "
       "keeps the node from being guarded")
def corrupt_audit(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        node.stop()
        log = node.log / "audit.log"
        good = log.read_bytes()
        hold(subprocess.run([binary, "verify-log", log], capture_output=True, check=False).returncode == 0, "the log verifies")
        at = good.index(b'"') + 5
        log.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        done = subprocess.run([binary, "verify-log", log], capture_output=True, text=True, check=False)
        hold(done.returncode != 0, "verify-log finds the changed record")
        named = (done.stdout + done.stderr).strip().splitlines()[0][:100]
        for content in (log.read_bytes(), good[:-20], b"", os.urandom(2000)):
            start_with(node, log, content)
        log.unlink()
        node.start()
        node.enforces("without its audit log")
        return f"verify-log: \"{named}\"; four broken logs and a missing one: every start enforces and detects"


# --- the kernel and others on the node --------------------------------------------------------------------------

@fault("nft flush ruleset by somebody else",
       "is noticed and repaired at once, blocks that run included; said in the log",
       ("DaemonNetns.WhatOthersChangeInTheTablesIsRepairedAtOnce", "PolicyNetns.VerifyFindsWhatOthersChangedAndLoadMendsIt",
        "L2GuardNetns.VerifyFindsWhatOthersChangedAndLoadMendsIt"))
def flushed(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        times = []
        for _ in range(10):
            run("nft", "flush", "ruleset")
            began = time.monotonic()
            until(table_there, 10, "the tables are back")
            times.append(time.monotonic() - began)
            node.enforces("after the flush")
        return f"ten flushes; tables back after {1000 * statistics.median(times):.0f} ms (median), {1000 * max(times):.0f} ms at most"


@fault("netlink ENOBUFS: more foreign changes than a socket holds",
       "nothing is built on what was missed: everything is read again; tables, guards and ports are right afterwards", slow=True)
def overflow(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        node.daemon.send_signal(signal.SIGSTOP)
        script = node.directory / "burst.nft"
        script.write_text("".join(f"add table ip foreign{i}\nadd chain ip foreign{i} c\ndelete table ip foreign{i}\n" for i in range(300)))
        for _ in range(40):
            run("nft", "-f", script)
        for i in range(200):
            subprocess.run(["ip", "link", "add", f"burst{i}", "type", "dummy"], check=False, capture_output=True)
            subprocess.run(["ip", "link", "del", f"burst{i}"], check=False, capture_output=True)
        run("nft", "flush", "ruleset")
        hold(not table_there(), "the tables are gone")
        node.daemon.send_signal(signal.SIGCONT)
        until(table_there, 10, "the tables are back")
        node.enforces("after the burst")
        node.detects("after the burst")
        return "12,000 foreign tables and 400 changes of links while it was stopped, then a flush: repaired"


@fault("netlink EPERM: started without CAP_NET_ADMIN",
       "says which right is missing and ends; what an earlier run left in force stays")
def no_rights(binary, directory):
    if not shutil.which("setpriv"):
        raise Skipped("setpriv is not installed")
    with Node(binary, directory) as node:
        node.start()
        node.daemon.kill()
        node.daemon.wait()
        refused = None
        try:
            node.start(wrapper=("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"))
        except Broken:
            refused = node.daemon.poll()
        hold(refused not in (None, 0), f"it does not run without the right ({refused})")
        said = node.said()
        hold("NET_ADMIN" in said or "not permitted" in said.lower(), f"it says what is missing: {said[-300:]}")
        node.enforces("by what the earlier run left")
        line = next((line for line in said.splitlines() if "NET_ADMIN" in line or "ermitted" in line), "").strip()
        return f"exit status {refused}: \"{line[-140:]}\"; the policy of the run before held"


@fault("interfaces flap",
       "traffic of a port that comes back is enforced, guarded and inspected as before",
       ("TapSourceTest.AnInterfaceThatGoesDownComesBack", "TapSourceTest.AnInterfaceMadeAnewIsFoundAgain",
        "WireNetns.FollowsPortsThatComeAndGo", "L2GuardNetns.AnInterfaceThatComesBackInheritsNothing"), slow=True)
def flaps(binary, directory):
    with Node(binary, directory) as node:
        node.start()
        for interface in (node.bed.shop.veth, node.bed.client.veth, testbed.BRIDGE):
            for _ in range(20):
                run("ip", "link", "set", interface, "down")
                run("ip", "link", "set", interface, "up")
        until(node.allowed, 15, "traffic passes again")
        node.enforces("after the flaps")
        node.detects("after the flaps")
        return "60 times down and up of two ports and the bridge"


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
/* The wall clock of one process, moved by the seconds in a file. */
static long offset(void) {
  FILE *file = fopen(getenv("FAULT_CLOCK"), "r");
  long value = 0;
  if (file) { if (fscanf(file, "%ld", &value) != 1) value = 0; fclose(file); }
  return value;
}
int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int status = real(id, now);
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += offset();
  return status;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


@fault("the wall clock steps",
       "the lease, blocks and policies hang on the kernel's monotonic clock and hold; detection goes on", slow=True)
def clock_steps(binary, directory):
    if not shutil.which("gcc"):
        raise Skipped("gcc is not installed: no library to move the clock of one process")
    library, offset = pathlib.Path(directory) / "clock.so", pathlib.Path(directory) / "offset"
    (pathlib.Path(directory) / "clock.c").write_text(CLOCK)
    run("gcc", "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(directory) / "clock.c", "-ldl")
    offset.write_text("0")
    with Node(binary, directory) as node:
        node.start(wrapper=("env", f"LD_PRELOAD={library}", f"FAULT_CLOCK={offset}"))
        node.detects("before")
        node.fetch("client", "/attack-1", timeout=0.5)
        until(lambda: "10.77.0.10" in subprocess.run([binary, "blocks"], capture_output=True, text=True, check=False).stdout, 5,
              "the attack is blocked")
        for step in (3600, -7200, 86400 * 400, -86400 * 400, 1):
            offset.write_text(str(step))
            time.sleep(1.2)
            node.enforces(f"after a step to {step:+} s")
            node.detects(f"after a step to {step:+} s")
        hold("10.77.0.10" in subprocess.run([binary, "blocks"], capture_output=True, text=True, check=False).stdout,
             "the block of 60 s has not ended early")
        time.sleep(4)
        node.enforces("longer than the lease after the last step")
        return "one hour on, two back, 400 days on and back: enforced, detects, block of 60 s still there"


# --- containers -------------------------------------------------------------------------------------------------

DOCKER = "discovery: {{docker: yes, docker-socket: {path}}}\n"


def make_container(node, docker, number, name, app, address):
    """A network namespace with a port of the bridge, and a start told by the engine's API; returns the process that holds it."""
    keeper = node.bed.start(["unshare", "--net", "sleep", "infinity"], "keepers.log")
    own, space = os.readlink("/proc/self/ns/net"), f"/proc/{keeper.pid}/ns/net"
    until(lambda: os.readlink(space) != own, 5, "a namespace is made")
    mac = f"02:01:00:00:{number >> 8:02x}:{number & 255:02x}"
    done = subprocess.run(["ip", "-batch", "-"], text=True, capture_output=True, check=False, input=(
        f"link add made{number} type veth peer name eth0 address {mac} netns {keeper.pid}\n"
        f"link set made{number} master {testbed.BRIDGE} up\n"))
    hold(done.returncode == 0, f"a port is made: {done.stderr}")
    docker.add(number, name, {"app": app}, address, mac, keeper.pid)
    return keeper


def known(node, name):
    return name in node.ask("workloads", "--json").stdout


@fault("the container engine restarts",
       "containers stay known and guarded while it is away; what changed meanwhile is known after it is back",
       ("docker.labels_decide_through_every_change",))
def engine_restarts(binary, directory):
    with Node(binary, directory) as node:
        path = node.directory / "docker.sock"
        docker = FakeDocker(path, testbed.BRIDGE)
        docker.open()
        node.more = DOCKER.format(path=path)
        make_container(node, docker, 1, "late", "client", "10.77.0.99")
        node.start()
        until(lambda: known(node, "late"), 10, "a container of the engine is known")
        docker.close()
        time.sleep(1)
        hold(known(node, "late"), "it is still known while the engine is away")
        node.enforces("while the engine is away")
        make_container(node, docker, 2, "later", "client", "10.77.0.98")
        docker.open()
        began = time.monotonic()
        until(lambda: known(node, "later"), 40, "what changed meanwhile is known")
        took = time.monotonic() - began
        node.enforces("after the engine is back")
        docker.close()
        return f"known through it; what changed meanwhile was known {took:.1f} s after the engine was back"


def starts_in(binary, directory, count, seconds):
    with Node(binary, directory) as node:
        path = node.directory / "docker.sock"
        docker = FakeDocker(path, testbed.BRIDGE)
        docker.open()
        node.more = DOCKER.format(path=path)
        node.start()
        status = lambda: pathlib.Path(f"/proc/{node.daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu_before = sum(map(int, status()[11:13]))
        began, told, delays, ended = time.monotonic(), {}, [], threading.Event()

        def watch():
            """How long it takes until the control socket tells of some of them, asked beside the starts."""
            while not ended.wait(0.1):
                text = node.ask("workloads", "--json").stdout if told else ""
                for name in [name for name in told if f'{name}"' in text]:
                    delays.append(time.monotonic() - told.pop(name))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        for i in range(count):
            time.sleep(max(0, began + i * seconds / count - time.monotonic()))
            make_container(node, docker, 100 + i, f"made{i}", "client" if i % 2 else "shop", f"10.78.{i // 250}.{i % 250 + 1}")
            if i % (count // 20) == 0:
                told[f"made{i}"] = time.monotonic()
        made_in = time.monotonic() - began
        until(lambda: all(f'made{i}"' in (text := node.ask("workloads", "--json").stdout) for i in (0, count // 2, count - 1)) and
              text.count('made') >= count, 60, "every container is known")
        ended.set()
        watcher.join()
        hold(delays, "some were asked for")
        cpu = (sum(map(int, status()[11:13])) - cpu_before) / os.sysconf("SC_CLK_TCK")
        node.enforces("after the starts")
        node.detects("after the starts")
        docker.close()
        return (f"{count} starts in {made_in:.1f} s ({60 * count / made_in:.0f} a minute): network namespaces with ports of a bridge, told by a made engine API; known "
                f"after {1000 * statistics.median(delays):.0f} ms (median of {len(delays)}, asked through the control socket), "
                f"{1000 * max(delays):.0f} ms at most; {1000 * cpu / count:.0f} ms of CPU each")


@fault("100 container starts in 6 seconds", "every one is known, the policy is in force throughout", slow=True)
def many_starts(binary, directory):
    return starts_in(binary, directory, 100, 6)


@fault("1,000 container starts in a minute", "every one is known, the policy is in force throughout", slow=True)
def thousand_starts(binary, directory):
    return starts_in(binary, directory, 1000, 60)


# --- all of them ------------------------------------------------------------------------------------------------

def known_tests():
    names = set()
    for path in HERE.parent.rglob("*_test.cpp"):
        names |= {f"{suite}.{name}" for suite, name in
                  re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(errors="replace"), re.M)}
    for path in HERE.parent.rglob("*.py"):
        names |= {f"docker.{name}" for name in re.findall(r"def test_(\w+)\(", path.read_text(errors="replace"))}
    return names


def check_table():
    text, tests = README.read_text(), known_tests()
    problems = [f"README.md has no row for {each.name}" for each in FAULTS if f"| {each.name} |" not in text]
    problems += [f"{each.name}: no test is called {name}" for each in FAULTS for name in each.proof if name not in tests]
    print("\n".join(problems + [f"{len(FAULTS)} faults, {len(problems)} problems"]))
    return 1 if problems else 0


def table(results):
    lines = ["| fault | promise | measured | also proved by |", "| --- | --- | --- | --- |"]
    for each in FAULTS:
        proof = " ".join(f"`{name}`" for name in each.proof)
        lines.append(f"| {each.name} | {each.promise} | {results.get(each.name, 'not run')} | {proof} |")
    return "\n".join(lines) + "\n"


def play(each, binary):
    with tempfile.TemporaryDirectory(prefix="bulkhead-fault-") as directory:
        os.chmod(directory, 0o755)
        try:
            return each.play(binary, pathlib.Path(directory)), None
        except Skipped as why:
            return f"skipped: {why}", None
        except (Broken, testbed.LabError, subprocess.TimeoutExpired, KeyError) as problem:
            logs = sorted(pathlib.Path(directory).glob("bulkhead-*.log"))
            tail = logs[-1].read_text(errors="replace")[-1200:] if logs else ""
            return None, f"{each.name}: {type(problem).__name__}: {problem}\n{tail}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="the slow ones too")
    parser.add_argument("--only", help="faults with this in their name")
    parser.add_argument("--write-table", action="store_true")
    parser.add_argument("--check-table", action="store_true")
    options = parser.parse_args()
    if options.check_table:
        return check_table()
    if os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("nginx"):
        print("skipped: needs root, nft and nginx")
        return 77
    binary = options.bulkhead.resolve()
    testbed.enter_own_world()
    run("mount", "--make-rprivate", "/")
    results, problems = {}, []
    for each in FAULTS:
        if (each.slow and not options.all) or (options.only and options.only not in each.name):
            continue
        began = time.monotonic()
        results[each.name], problem = play(each, binary)
        print(f"{'FAILED' if problem else 'ok'}  {each.name} ({time.monotonic() - began:.1f} s): {problem or results[each.name]}",
              flush=True)
        if problem:
            problems.append(problem)
    if options.write_table and not problems:
        text = README.read_text()
        start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        README.write_text(text[:start] + table(results) + text[end:])
    print(f"{len(results)} faults, {len(problems)} promises broken")
    return 1 if problems or not results else 0


if __name__ == "__main__":
    sys.exit(main())
