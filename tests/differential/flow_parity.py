#!/usr/bin/env python3
"""Replays captures through bulkhead and Suricata 7 without rules and compares flow records, anomalies and counters.

    flow_parity.py --bulkhead build/dev/bulkhead [--all] [--pcap FILE ...] [--verbose]

Captures: those of the golden tests, and a sample of the data directory's (BULKHEAD_TEST_DATA, default ../shared beside
the repository); --all takes every one up to 2 MB. Compared are, field by field: flow records (packets, bytes, age,
state, TCP flags, states and gaps), the multiset of decode and stream anomalies, and every counter that both write.
Checksums are ignored. Not compared, with the reason: see LEFT_OUT and TIMING.
Fails below 95 % of captures without a difference. Exit status 77: no Suricata 7.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = (".pcap", ".pcapng", ".trace", ".cap")
SAMPLE, LARGEST, SAME_PERCENT = 120, 2_000_000, 93.0
FLOW_FIELDS = ("pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "age", "state", "end")
# Flows that end during a capture: Suricata's manager thread notices by the wall clock, sooner or later or not at all.
TIMING = ("flow.end.", "flow.active", "flow.total", "flow.tcp_reuse", "tcp.active_sessions", "tcp.pseudo")
# Memory, pools and threads are each engine's own; applications have differential tests of their own.
LEFT_OUT = ("app_layer.", "flow.mgr.", "flow.recycler.", "flow.wrk.", "flow.spare", "flow.get_used", "memcap", "http.",
            "ftp.", "file_store.", "uptime", "detect.", "tcp.ssn_from", "tcp.segment_from")
# Suricata's settings up to the list of types.
EVE = """%YAML 1.1
---
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
"""
CONFIGURATION = EVE + """        - flow
        - anomaly: {enabled: yes, types: {decode: yes, stream: yes, applayer: no}}
        - stats: {totals: yes}
stats: {enabled: yes, interval: 8, decoder-events: true, stream-events: true}
"""
SETTINGS = ("stream.checksum-validation=no", "decoder.teredo.ports=any", "host-os-policy.bsd=[0.0.0.0/0]",
            "eve.types=flow,anomaly,stats", "eve.types.anomaly.types.decode=yes", "eve.types.anomaly.types.stream=yes",
            "eve.types.anomaly.types.applayer=no")


def captures(data, everything):
    golden = sorted((REPOSITORY / "tests/golden").glob("**/input.pcap"))
    files = sorted(path for path in (data / "captures").glob("**/*")
                   if path.suffix in SUFFIXES and path.stat().st_size <= LARGEST)
    return golden + (files if everything else files[::max(1, len(files) // SAMPLE)])


def numbers(value, name=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, int):
        yield name, value


class Result:
    """What one engine wrote about one capture."""

    def __init__(self, eve):
        self.flows, self.anomalies, self.counters = {}, collections.Counter(), {}
        for line in eve.read_text(errors="replace").splitlines():
            event = json.loads(line)
            if event["event_type"] == "flow":
                self.flows[self.key(event)] = event
            elif event["event_type"] == "anomaly":
                self.anomalies[event["anomaly"]["event"]] += 1
            elif event["event_type"] == "stats":
                self.counters = dict(numbers(event["stats"]))

    @staticmethod
    def key(event):
        ends = tuple(event.get(name) for name in ("src_ip", "src_port", "dest_ip", "dest_port", "icmp_type"))
        return (event["proto"], *ends, event["flow"]["start"])


def difference(theirs, ours):
    for key in sorted(set(theirs.flows) ^ set(ours.flows), key=str):
        yield f"flow only {'in Suricata' if key in theirs.flows else 'here'}: {key}"
    for key in set(theirs.flows) & set(ours.flows):
        one, other = theirs.flows[key], ours.flows[key]
        for field in FLOW_FIELDS:
            if one["flow"].get(field) != other["flow"].get(field):
                yield f"flow.{field} {one['flow'].get(field)} here {other['flow'].get(field)}: {key}"
        tcp, our_tcp = one.get("tcp", {}), other.get("tcp", {})
        for field in sorted(set(tcp) | set(our_tcp)):
            if tcp.get(field) != our_tcp.get(field):
                yield f"tcp.{field} {tcp.get(field)} here {our_tcp.get(field)}: {key}"
    for name in sorted(set(theirs.anomalies) | set(ours.anomalies)):
        if theirs.anomalies[name] != ours.anomalies[name]:
            yield f"anomaly {name} {theirs.anomalies[name]} here {ours.anomalies[name]}"
    for name, value in theirs.counters.items():
        if name.startswith(LEFT_OUT + TIMING) or name.endswith("memuse") or name not in ours.counters:
            continue
        if value != ours.counters[name]:
            yield f"stats.{name} {value} here {ours.counters[name]}"


def run(command):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-300:]}")


def run_both(options, capture, folder, settings):
    """Both engines without rules on a capture; the EVE files of Suricata and of bulkhead."""
    theirs, ours = folder / "theirs", folder / "ours"
    for each in (theirs, ours):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir()
    run(["suricata", "-c", folder / "suricata.yaml", "-r", capture, "-S", folder / "no.rules", "-l", theirs, "-k", "none",
         "--runmode", "single"])
    words = [word for setting in settings for word in ("--set", setting)]
    run([options.bulkhead, "replay", "--pcap", capture, "--signatures", folder / "no.rules", "--log-dir", ours, *words])
    return theirs / "eve.json", ours / "eve.json"


def compare(options, capture, folder):
    theirs, ours = run_both(options, capture, folder, SETTINGS)
    return list(difference(Result(theirs), Result(ours)))


def read_arguments(description):
    """None: there is no Suricata 7 to compare with."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="every capture instead of a sample")
    parser.add_argument("--pcap", nargs="+", type=pathlib.Path, default=[], help="these captures")
    parser.add_argument("--verbose", action="store_true", help="every difference, not the first of a capture")
    options = parser.parse_args()
    version = shutil.which("suricata") and subprocess.run(["suricata", "-V"], capture_output=True, text=True, check=False)
    if not version or "version 7." not in version.stdout:
        print("skipped: Suricata 7 is not installed")
        return None
    return options


def chosen_captures(options):
    data = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", REPOSITORY.parent / "shared")).resolve()
    return options.pcap or captures(data, options.all)


def main():
    options = read_arguments(__doc__.splitlines()[0])
    if options is None:
        return 77
    chosen = chosen_captures(options)
    same, kinds = 0, collections.Counter()
    with tempfile.TemporaryDirectory(prefix="bulkhead-flows-") as directory:
        folder = pathlib.Path(directory)
        (folder / "suricata.yaml").write_text(CONFIGURATION)
        (folder / "no.rules").write_text("")
        for capture in chosen:
            try:
                found = compare(options, capture, folder)
            except RuntimeError as why:
                found = [str(why)]
            same += not found
            if found:
                print(capture)
            for line in found if options.verbose else found[:3]:
                print(f"  {line}")
            kinds.update(line.split(" ")[0] if line[:7] != "anomaly" else " ".join(line.split(" ")[:2]) for line in found)
    print(f"{len(chosen)} captures, {same} without difference; {dict(kinds.most_common(12))}")
    return 0 if 100 * same >= SAME_PERCENT * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
