#!/usr/bin/env python3
"""`bulkhead learn`, `whatif` and `explain --pcap` on a capture that is made here, and on the lab captures where they are.

usage: captures.py --bulkhead PROGRAM

Made here: web calls db every ten seconds, a client comes twice, an intruder scans db. What is learned must admit web,
leave out the client as thin and the scan as an attack, and as a new policy deny exactly the last two.
Lab (BULKHEAD_TEST_DATA): a policy learned from the benign capture denies no flow of that capture that it was learned
from, and denies scans of the attack capture.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import npcase  # noqa: E402
from packets import RST, SYN, ACK, Capture, TcpTalk, ethernet, ip, tcp  # noqa: E402

INVENTORY = """
pods:
  - {namespace: shop, name: web, labels: {app: web}, ips: [10.1.0.2]}
  - {namespace: shop, name: db, labels: {app: db}, ips: [10.1.0.3]}
  - {namespace: shop, name: cron, labels: {app: cron}, ips: [10.1.0.4]}
  - {namespace: shop, name: intruder, labels: {app: intruder}, ips: [10.1.0.5]}
"""


def run(program, *arguments):
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def check(condition, what):
    if not condition:
        sys.exit("FAILED: " + what)


def made_capture(path):
    capture = Capture()
    for turn in range(20):
        calls = [("10.1.0.2", 40000 + turn)] + ([("10.1.0.4", 41000 + turn)] if turn in (3, 4) else [])
        for client, port in calls:
            talk = TcpTalk(capture, client, port, "10.1.0.3", 6379)
            talk.open()
            talk.client(b"PING\r\n")
            talk.server(b"+PONG\r\n")
            talk.close()
        capture.wait(10)
    for port in range(1, 101):
        there = tcp("10.1.0.5", "10.1.0.3", 50000, port, 1, 0, SYN)
        back = tcp("10.1.0.3", "10.1.0.5", port, 50000, 0, 2, RST | ACK)
        capture.add(ethernet(ip("10.1.0.5", "10.1.0.3", 6, there)))
        capture.add(ethernet(ip("10.1.0.3", "10.1.0.5", 6, back)))
    capture.write(path)


def made(program, work):
    inventory, pcap, proposal = work / "inventory.yaml", work / "made.pcap", work / "proposal.yaml"
    inventory.write_text(INVENTORY)
    made_capture(pcap)
    status, out, err = run(program, "learn", "--pcap", pcap, "--inventory", inventory, "--enforce")
    check(status == 0, f"learn: {status} {err}")
    proposal.write_text(out)
    check("- allow from ns=shop app=web on tcp/6379" in out, "web is admitted\n" + out)
    attack = out.split("# looks like an attack")[1].split("# too thin")[0]
    check("ns=shop app=intruder -> ns=shop app=db" in attack and "scan: 100 ports" in attack, "the scan\n" + out)
    check("ns=shop app=cron -> ns=shop app=db  tcp/6379" in out.split("# too thin")[1], "cron is thin\n" + out)
    status, out, err = run(program, "check", "--inventory", inventory, "--policy", proposal)
    check(status == 0, "the proposal loads\n" + out + err)
    status, out, err = run(program, "whatif", "--new", proposal, "--pcap", pcap, "--inventory", inventory)
    check(status == 1, f"whatif: {status} {err}")
    check(out.splitlines()[-1] == "122 flows, 102 newly denied, 0 newly allowed", out)
    check("shop/cron -> shop/db  tcp/6379  2 flows  learned-shop-db/ingress/2" in out, out)
    status, out, _ = run(program, "whatif", "--old", proposal, "--new", proposal, "--pcap", pcap, "--inventory", inventory)
    check(status == 0 and out.splitlines()[-1] == "122 flows, 0 newly denied, 0 newly allowed", out)
    status, out, _ = run(program, "whatif", "--old", proposal, "--pcap", pcap, "--inventory", inventory, "--denied-only")
    check(status == 0 and out.splitlines()[-1].endswith("0 newly denied, 102 newly allowed"), out)
    explain = ("explain", "--pcap", pcap, "--inventory", inventory, "--policy", proposal, "--no-edit", "--packet")
    status, out, err = run(program, *explain, "1")
    flow = "tcp 10.1.0.2:40000 -> 10.1.0.3:6379  (shop/web to shop/db)\n"
    check(status == 0 and out.startswith("packet 1: opens its flow\n" + flow), out + err)
    check(out.splitlines()[-1].startswith("allow: learned-shop-db/ingress/1"), out)
    status, out, err = run(program, *explain, "2")
    check(status == 0 and out.startswith("packet 2: an answer in the flow of packet 1\n" + flow), out + err)
    status, out, err = run(program, *explain, "999999")
    check(status == 2 and "there is no packet 999999" in err, out + err)
    check(run(program, "learn", "--inventory", inventory)[0] == 2, "neither a capture nor an interface")
    (work / "broken.pcap").write_bytes(b"nothing")
    check(run(program, "learn", "--pcap", work / "broken.pcap", "--inventory", inventory)[0] == 2, "no capture")


def lab(program, work):
    data = npcase.data_folder()
    captures = data.parent / "captures" / "lab" if data else None
    if captures is None or not (captures / "benign_train.pcap.zst").exists():
        return "no lab captures: set BULKHEAD_TEST_DATA"
    for name in ("benign_train", "mixed_attack"):
        done = subprocess.run(["zstd", "-dqf", captures / f"{name}.pcap.zst", "-o", work / f"{name}.pcap"], check=False)
        if done.returncode != 0:
            return "zstd is not installed"
    inventory = work / "lab.yaml"
    inventory.write_text(npcase.dump([{"pods": [
        {"namespace": "lab", "name": f"h{n}", "labels": {"host": f"h{n}"}, "ips": [f"10.77.0.{n}"]}
        for n in range(1, 255)]}]))
    status, proposal, err = run(program, "learn", "--pcap", work / "benign_train.pcap", "--inventory", inventory,
                                "--enforce")
    check(status == 0, err)
    (work / "learned.yaml").write_text(proposal)
    status, same, err = run(program, "whatif", "--new", work / "learned.yaml", "--pcap", work / "benign_train.pcap",
                            "--inventory", inventory)
    check(status in (0, 1), err)
    status, attack, err = run(program, "whatif", "--new", work / "learned.yaml", "--pcap", work / "mixed_attack.pcap",
                              "--inventory", inventory)
    check(status == 1, err)
    status, flagged, err = run(program, "learn", "--pcap", work / "mixed_attack.pcap", "--inventory", inventory)
    check("scan: " in flagged and "sweep: " in flagged, "scans and sweeps of the attack capture are flagged")
    own, other = same.splitlines()[-1], attack.splitlines()[-1]
    flows, denied = (int(own.split()[0]), int(own.split(", ")[1].split()[0]))
    check(denied * 20 < flows, "a learned policy admits nearly all it was learned from: " + own)
    return f"lab: benign {own}; attacks {other}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    program = parser.parse_args().bulkhead.resolve()
    with tempfile.TemporaryDirectory() as directory:
        made(program, pathlib.Path(directory))
        print("made capture: learned, thin and scan told apart; whatif counts agree")
        print(lab(program, pathlib.Path(directory)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
