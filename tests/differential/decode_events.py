#!/usr/bin/env python3
"""Compares the decode events of our decoder with Suricata's, packet by packet.

    decode_events.py --dump build/dev/tests/decode_dump [--pcap FILE ...]

Without --pcap the frames of tests/unit/datapath/decode/event_cases.h are compared. Differences that are meant are
listed below with their reason; any other is a failure. Exit status 77: Suricata 7 is not installed.
"""
import argparse
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

# event -> reason: reported by one side only, on purpose.
MEANT = {
    "ipv6.pkt_too_small": "Suricata drops such a packet without an event",
    "pppoe.malformed_tags": "also raised for a tag that is longer than the tags",
    "erspan.header_too_small": "Suricata discards an inner packet that does not decode, and its events with it",
    "erspan.unsupported_version": "the same",
    "too_many_layers": "the same",
}

CONFIG = """%YAML 1.1
---
vars:
  address-groups: {HOME_NET: "any", EXTERNAL_NET: "any"}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - anomaly: {enabled: yes, types: {decode: yes, stream: no, applayer: no}}
        - stats: {totals: yes, threads: no}
stats: {enabled: yes, interval: 3600, decoder-events: true}
decoder:
  teredo: {enabled: true, ports: "3544"}
  vxlan: {enabled: true, ports: "4789"}
  geneve: {enabled: true, ports: "6081"}
host-os-policy: {windows: [0.0.0.0/0, "::/0"]}
"""


def suricata_events(pcap, directory):
    out = pathlib.Path(directory) / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    config = pathlib.Path(directory) / "suricata.yaml"
    config.write_text(CONFIG)
    empty = pathlib.Path(directory) / "empty.rules"
    empty.write_text("")
    subprocess.run(["suricata", "-c", str(config), "-r", str(pcap), "-l", str(out), "-k", "none", "-S", str(empty),
                    "--runmode", "single"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    events, stats = collections.defaultdict(collections.Counter), {}
    for line in (out / "eve.json").read_text().splitlines():
        event = json.loads(line)
        if event["event_type"] == "anomaly" and "pcap_cnt" in event:
            events[event["pcap_cnt"]][event["anomaly"]["event"].removeprefix("decoder.")] += 1
        elif event["event_type"] == "stats":
            stats = event["stats"]
    return events, stats


def our_events(dump, pcap):
    text = subprocess.run([dump, str(pcap)], check=True, capture_output=True, text=True, timeout=120).stdout
    events = collections.defaultdict(collections.Counter)
    for line in text.splitlines():
        number, name = line.split()
        events[int(number)][name] += 1
    return events


def compare_counters(dump, pcap, theirs):
    text = subprocess.run([dump, "--counters", str(pcap)], check=True, capture_output=True, text=True, timeout=120).stdout
    ours = {name: int(value) for name, value in (line.split() for line in text.splitlines())}
    for name in sorted(ours.keys() | theirs.keys()):
        if isinstance(theirs.get(name, 0), int) and name not in ("pkts", "bytes", "avg_pkt_size", "max_pkt_size"):
            if ours.get(name, 0) != theirs.get(name, 0):
                print(f"{pcap.name}: {name} is {ours.get(name, 0)} here, {theirs.get(name, 0)} in Suricata")


def compare(dump, pcap, directory, verbose):
    try:
        theirs, stats = suricata_events(pcap, directory)
    except subprocess.CalledProcessError:
        print(f"{pcap.name}: Suricata cannot read it")
        return 0
    ours = our_events(dump, pcap)
    if verbose:
        compare_counters(dump, pcap, stats.get("decoder", {}))
    failures = 0
    for number in sorted(set(ours) | set(theirs)):
        mine = {name for name in ours[number] if name not in MEANT}
        other = {name for name in theirs[number] if name not in MEANT}
        if mine != other:
            failures += 1
            print(f"{pcap.name} packet {number}: only here {sorted(mine - other)}, only Suricata {sorted(other - mine)}")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", required=True)
    parser.add_argument("--pcap", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    version = subprocess.run(["suricata", "-V"], capture_output=True, text=True).stdout if shutil.which("suricata") else ""
    if "version 7." not in version:
        print("Suricata 7 is not installed")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        pcaps = args.pcap
        if not pcaps:
            subprocess.run([args.dump, "--cases", directory], check=True)
            pcaps = sorted(pathlib.Path(directory).glob("link*.pcap"))
        failures = sum(compare(args.dump, pcap, directory, args.verbose) for pcap in pcaps)
    print(f"{len(pcaps)} captures, {failures} packets differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
