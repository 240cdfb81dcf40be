#!/usr/bin/env python3
"""What the signature packs say about captures that they were not written for.

    pack_findings.py --bulkhead build/dev/bulkhead [--all] [--lab FOLDER] [--beside RULES ...] [--verbose]

Captures: those of the data directory (BULKHEAD_TEST_DATA, default ../shared beside the repository).
  lab/       Honest traffic of a lab, and a capture with labelled attacks: an alert on a flow that is labelled benign is a
             false one. Prints which of the attacks the packs find; with --beside also what those rules find.
  others     Captures of protocols (--all: every one, else a sample). What is found there is printed; several hold attacks
             and are in EXPECTED.
--lab: honest traffic of another lab, too (./dev lab --attacks FOLDER). How much was looked at stands in the last line.
Fails on an alert on honest traffic, on one that is not in EXPECTED, and when no labelled attack is found at all.
Exit status 77: no data.
"""
import argparse
import collections
import concurrent.futures
import gzip
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PACKS = REPOSITORY / "signatures" / "packs"
SKIPPED = 77
SAMPLE = 12  # without --all each twelfth of the other captures
# Captures of the other sets that do hold what the rule is about: (part of the path, sid).
EXPECTED = (("te_cl_desync", 6100380), ("tcp-fast-open", 6100385), ("ssh-on-port-80", 6100814), ("using-sslh", 6100814),
            ("wstunnel-", 6100808))  # what they show
# The lab of ./dev lab --attacks: its monitor asks the node's engine without TLS, which the node should not offer.
OF_OTHER_LAB = {6100012}


def volume(capture):
    """Packets and bytes of them; a pcap file with microseconds or nanoseconds of this machine's order."""
    packed = capture.suffix == ".zst"
    data = subprocess.run(["zstd", "-q", "-d", "-c", capture], check=True, capture_output=True).stdout if packed else capture.read_bytes()
    at, packets, total = 24, 0, 0
    while at + 16 <= len(data):
        size = int.from_bytes(data[at + 8:at + 12], sys.byteorder)
        at, packets, total = at + 16 + size, packets + 1, total + size
    return packets, total


def replay(program, capture, rules, settings=()):
    """The alerts, as events."""
    with tempfile.TemporaryDirectory() as directory:
        if capture.suffix == ".zst":
            plain = pathlib.Path(directory) / capture.stem
            subprocess.run(["zstd", "-q", "-d", capture, "-o", plain], check=True)
            capture = plain
        command = [program, "replay", "--pcap", capture, "--log-dir", directory, "--quiet"]
        for rule in rules:
            command += ["--signatures", rule]
        for setting in ("eve.types=[alert]", *settings):
            command += ["--set", setting]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=3000, check=False)
        if done.returncode not in (0, 2):
            raise RuntimeError(f"{capture}: status {done.returncode}\n{done.stderr[-2000:]}")
        eve = pathlib.Path(directory) / "eve.json"
        events = [json.loads(line) for line in eve.read_text().splitlines()] if eve.exists() else []
    return [event for event in events if event["event_type"] == "alert"]


def flow_key(proto, *ends):
    return proto, frozenset((str(ipaddress.ip_address(address)), int(port or 0)) for address, port in ends)


PROTOCOLS = {"TCP": 6, "UDP": 17, "ICMP": 1, "IPv6-ICMP": 58}


def key_of(event):
    return flow_key(PROTOCOLS.get(event["proto"], 0), (event["src_ip"], event.get("src_port")),
                    (event["dest_ip"], event.get("dest_port")))


def labels_of(path):
    """flow -> [(start, label)]"""
    out = collections.defaultdict(list)
    with gzip.open(path, "rt") as file:
        next(file)
        for line in file:
            start, proto, source, source_port, target, target_port, label = line.rstrip("\n").split("\t")
            key = flow_key(int(proto), (source, source_port), (target, target_port))
            if int(proto) not in (6, 17):
                key = flow_key(int(proto), (source, 0), (target, 0))
            out[key].append((float(start), label))
    return out


def windows_of(path):
    for line in path.read_text().splitlines():
        name, kind, node, start, end = line.split("\t")
        yield name, kind, node, float(start), float(end)


def seconds(event):
    import datetime  # pylint: disable=import-outside-toplevel
    text = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", event["timestamp"])
    return datetime.datetime.fromisoformat(text).timestamp()


def label_of(event, labels):
    """The label of the flow that began last before the alert; none for traffic without a label."""
    begun = [(start, label) for start, label in labels.get(key_of(event), ()) if start <= seconds(event) + 0.5]
    return max(begun)[1] if begun else None


def say(event):
    alert = event["alert"]
    return (f"{alert['signature_id']} {event['src_ip']}:{event.get('src_port', '')} -> "
            f"{event['dest_ip']}:{event.get('dest_port', '')} {alert['signature']}")


def check_honest(program, folders):
    problems, packets, size, captures = [], 0, 0, 0
    for path in sorted(path for folder in folders for path in folder.glob("benign_*.pcap*")):
        alerts = replay(program, path, [PACKS / "*.rules"])
        if path.parent != folders[0]:
            alerts = [event for event in alerts if event["alert"]["signature_id"] not in OF_OTHER_LAB]
        some = volume(path)
        print(f"{path.name}: {some[0]:,} packets, {some[1] / 1e6:.1f} MB, {len(alerts)} alerts")
        problems += [f"{path.name}: {say(event)}" for event in alerts]
        captures, packets, size = captures + 1, packets + some[0], size + some[1]
    print(f"honest traffic: {captures} captures, {packets:,} packets, {size / 1e6:.1f} MB: {len(problems)} alerts")
    return problems


def check_lab(program, folder, beside, verbose):
    problems = []
    rules = [PACKS / "*.rules"]
    mixed = next(iter(sorted(folder.glob("mixed_attack.pcap*"))), None)
    if mixed is None:
        return problems
    labels, windows = labels_of(folder / "mixed_attack.labels.tsv.gz"), list(windows_of(folder / "mixed_attack.windows.tsv"))
    found = {"packs": collections.defaultdict(collections.Counter), "beside": collections.defaultdict(collections.Counter)}
    sets = [("packs", rules)] + ([("beside", beside)] if beside else [])
    for column, files in sets:
        unlabelled, honest, attacks = collections.Counter(), [], []
        for event in replay(program, mixed, files):
            label, sid, at = label_of(event, labels), event["alert"]["signature_id"], seconds(event)
            if label == "benign":
                honest.append((sid, at, say(event)))
            elif label is None:
                unlabelled[sid] += 1
            else:
                attacks.append((sid, at))
                name = label if any(label == window[0] for window in windows) else next(
                    (window[0] for window in windows if window[3] - 1 <= at <= window[4] + 1), label)
                found[column][name][sid] += 1
        # A proxy passes an attack on in a flow of its own, labelled by its sender: the same alert within a second.
        false = [text for sid, at, text in honest if not any(sid == s and abs(at - t) < 1 for s, t in attacks)]
        passed_on = len(honest) - len(false)
        print(f"{mixed.name}, {column}: {len(false)} false alerts, "
              f"{passed_on} on attacks that a proxy passed on, without a label: {dict(unlabelled)}")
        if column == "packs":
            problems += [f"{mixed.name}: {text}" for text in false]
        elif verbose:
            print("\n".join(false))
    print("\n| attack | class | packs | other rules |\n| --- | --- | --- | --- |")
    for name, kind, _, _, _ in windows:
        cells = [" ".join(map(str, sorted(found[column][name]))) for column in ("packs", "beside")]
        print(f"| {name} | {kind} | {cells[0]} | {cells[1]} |")
    print(f"\nof {len(windows)} attacks: packs {sum(1 for w in windows if found['packs'][w[0]])}"
          + (f", other rules {sum(1 for w in windows if found['beside'][w[0]])}, together "
             f"{sum(1 for w in windows if found['packs'][w[0]] or found['beside'][w[0]])}" if beside else ""))
    if not found["packs"]:
        problems.append("no labelled attack is found")
    return problems


def check_others(program, captures, folder):
    problems = []

    def one(path):
        try:
            return path, replay(program, path, [PACKS / "*.rules"]), None
        except (RuntimeError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            return path, [], str(error)

    size = sum(path.stat().st_size for path in captures)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, alerts, error in pool.map(one, captures):
            name = path.relative_to(folder).as_posix()
            if error and "pcap" not in error:
                problems.append(error)
            for sid, count in collections.Counter(event["alert"]["signature_id"] for event in alerts).items():
                text = f"{name}: {sid} x{count} {next(e['alert']['signature'] for e in alerts if e['alert']['signature_id'] == sid)}"
                expected = any(part in name and sid == known for part, known in EXPECTED)
                print(("as expected  " if expected else "UNEXPECTED  ") + text)
                if not expected:
                    problems.append(text)
    print(f"{len(captures)} other captures, {size / 1e6:.1f} MB")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="every capture")
    parser.add_argument("--lab", type=pathlib.Path, help="another lab's captures, of which the honest ones are looked at, too")
    parser.add_argument("--beside", nargs="*", default=[], help="rule files to compare with on the labelled attacks")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    data = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", REPOSITORY.parent / "shared")).resolve()
    captures = data / "captures"
    if not captures.is_dir():
        print("needs captures (BULKHEAD_TEST_DATA)")
        return SKIPPED
    others = sorted(path for path in captures.rglob("*") if path.suffix in (".pcap", ".pcapng", ".cap", ".trace")
                    and path.parent.name != "lab")
    problems = check_others(arguments.bulkhead, others if arguments.all else others[::SAMPLE], captures)
    if (captures / "lab").is_dir():
        problems += check_lab(arguments.bulkhead, captures / "lab", arguments.beside, arguments.verbose)
    problems += check_honest(arguments.bulkhead, [captures / "lab", *([arguments.lab] if arguments.lab else [])])
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
