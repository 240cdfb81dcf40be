#!/usr/bin/env python3
"""Plays the cases whose receiver is Linux to this machine's Linux, and compares what an application reads with what they say.

    truth.py [--verbose]                                                                                       root

Packets go into the kernel through a TUN device in a network namespace of its own; a server reads. A case that says that
the attack arrives is wrong when the application does not read it, a decoy when it does. Left out: what the server would
have to send in another way than Linux does, and what is not delivered to an application (tunnels, tags).
Exit status 77: not root, or no TUN device.
"""
import argparse
import ctypes
import fcntl
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import case
import run
from packets import ACK, RST, SYN, Capture

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 1, 0x1000
OLDER_LINUX = "IPv4: overlapping fragments"  # today's has a row of its own
NOT_PLAYED = {
    "the same ports again after a reset", "the same ports again after the end",  # two connections, one script
    "fast open takes data in the syn",                                          # Linux wants a cookie that it gave before
    "twenty seconds between fragments", "noise that the receiver has forgotten",  # wait in real time
    "an hour between two segments of an established connection",
    "bytes behind the window that come again",                                  # Linux has a larger one
}
TCP_PORT, UDP_PORT = 7000, 7001


def open_tun():
    """A network of our own with one interface, whose other end is the file that is returned."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    for words in ("link set lo up", f"address add {case.SERVER}/32 dev tun0", "link set tun0 up",
                  "route add 10.100.0.0/16 dev tun0", f"-6 address add {case.SERVER_V6}/128 dev tun0 nodad",
                  "-6 route add fd00:100::/64 dev tun0"):
        subprocess.run(["ip", *words.split()], check=True)
    # A TUN device gives no checksums up: what is wrong is dropped, as from a wire.
    return tun


class Server:
    """Accepts on one port for both families, keeps what each client said."""

    def __init__(self):
        self.read, self.lock = {}, threading.Lock()
        self.listener = socket.create_server(("::", TCP_PORT), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
        self.datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.datagrams.bind(("::", UDP_PORT))
        threading.Thread(target=self.accept, daemon=True).start()
        threading.Thread(target=self.receive, daemon=True).start()

    def keep(self, peer, data):
        address = peer[0].removeprefix("::ffff:")
        with self.lock:
            self.read[address] = self.read.get(address, b"") + data

    def accept(self):
        while True:
            talk, peer = self.listener.accept()
            threading.Thread(target=self.serve, args=(talk, peer), daemon=True).start()

    def serve(self, talk, peer):
        try:
            while data := talk.recv(65536):
                self.keep(peer, data)
        except OSError:
            pass

    def receive(self):
        while True:
            data, peer = self.datagrams.recvfrom(65536)
            self.keep(peer, data)

    def heard(self, address):
        with self.lock:
            return self.read.get(address, b"")


def answers(tun, seconds):
    """What the kernel sends within the time."""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([tun], [], [], left)[0]:
            return
        yield os.read(tun, 70000)


def syn_ack_of(packet, client_port):
    """(sequence number, timestamp) of the server."""
    header = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    protocol = packet[9] if packet[0] >> 4 == 4 else packet[6]
    if protocol != 6 or len(packet) < header + 20:
        return None
    _, port, seq = struct.unpack("!HHI", packet[header:header + 8])
    if port != client_port or packet[header + 13] & (SYN | ACK) != SYN | ACK:
        return None
    stamp = packet.find(b"\x08\x0a", header + 20)
    return seq, struct.unpack("!I", packet[stamp + 2:stamp + 6])[0] if stamp > 0 else 0


def playable(script):
    """The server's part is what Linux itself does."""
    first = next((step for step in script.steps if step.side == "s"), None)
    if first is None or first.flags & ~0xC0 != SYN | ACK or first.offset != -1:
        return False
    rest = [step for step in script.steps if step.side == "s"][1:]
    return all(not step.data and (not step.flags & (SYN | RST) or step.lost()) and step.offset >= 0 for step in rest)


def play_script(tun, script, stage):
    server_isn, clock = None, 0
    for step in script.steps:
        if step.side == "s":
            if server_isn is None:
                found = next((said for packet in answers(tun, 2) if (said := syn_ack_of(packet, script.own_port))), None)
                if found is None:
                    return "no SYN/ACK"
                server_isn, clock = found
            for _ in answers(tun, 0.001):  # the application reads on
                pass
            continue
        if "timestamp" in step.opts and server_isn is not None:
            step.opts["timestamp"] = (step.opts["timestamp"][0], clock)
        if not step.lost():
            packet = script.packed(step, script.isn["c"], server_isn or 0)
            for piece in script.wrap(packet) if script.wrap else [packet]:
                os.write(tun, piece)
    return None


def play_frames(tun, stage):
    for _, frame, _ in stage.capture.frames:
        os.write(tun, frame[14:])


def judge(tun, server, number, each):
    """None, or what is wrong with the case; the word "skipped" when it cannot be played."""
    stage = case.Stage(Capture(), number)
    each.play(stage)
    if each.sid == 3:
        play_frames(tun, stage)
    elif each.sid == 1 and each.row != "Tunnels and tags" and len(stage.scripts) == 1 and stage.scripts[0].port == TCP_PORT and playable(stage.scripts[0]):
        problem = play_script(tun, stage.scripts[0], stage)
        if problem:
            return problem
    else:
        return "skipped"
    end = time.monotonic() + (1.5 if each.arrives else 0.1)
    addresses = (stage.client, stage.client_v6)
    while time.monotonic() < end:
        for _ in answers(tun, 0.01):
            pass
        heard = b"".join(server.heard(address) for address in addresses)
        if stage.command in heard:
            break
    arrived = stage.command in heard
    return None if arrived == each.arrives else f"the application reads {heard!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        print("skipped: needs root and /dev/net/tun")
        return 77
    cases = run.load_techniques()
    tun = open_tun()
    server = Server()
    played, problems = 0, []
    for number, each in enumerate(cases):
        if each.target != "linux" or each.name in NOT_PLAYED or each.row == OLDER_LINUX:
            continue
        verdict = judge(tun, server, number, each)
        if verdict == "skipped":
            if options.verbose:
                print(f"not played: {each.row}: {each.name}")
            continue
        played += 1
        if verdict:
            problems.append(f"{each.row}: {each.name} (arrives: {each.arrives}): {verdict}")
    print("\n".join(problems + [f"{played} cases played to Linux {os.uname().release}, {len(problems)} differ"]))
    return 1 if problems or not played else 0


if __name__ == "__main__":
    sys.exit(main())
