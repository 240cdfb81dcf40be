#!/usr/bin/env python3
"""Compares what our TLS and SSH records say with what tshark reads out of the same captures.

    tls_fields.py --bulkhead PROGRAM [--captures DIR | PCAP ...]

Fields: server name, JA3 and JA3S, version of the server, serial of the server's certificate; SSH banners. Compared
are flows for which we write a record. Without arguments the golden captures of tls and ssh are compared. A
difference that is meant is listed below with its reason. Exit status 77: tshark is not installed.
"""
import argparse
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
FIELDS = ["tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tls.handshake.type",
          "tls.handshake.extensions_server_name", "tls.handshake.ja3", "tls.handshake.ja3s", "tls.handshake.version",
          "tls.handshake.extensions.supported_version", "x509af.serialNumber", "ssh.protocol"]
NAMES = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}

# (name of the capture, field) -> reason: both sides are right in their own way.
MEANT = {}


def reason_of(capture, field):
    return MEANT.get((capture, field)) or MEANT.get((capture, "*"))


def first(text):
    return text.split(",")[0] if text else ""


def tshark_flows(pcap):
    """(client, port, server, port) -> field -> value, the first one of each flow."""
    command = ["tshark", "-n", "-r", str(pcap), "-Y", "tls.handshake || ssh.protocol", "-T", "fields", "-E", "separator=|",
               "-E", "occurrence=a", "-o", "tcp.desegment_tcp_streams:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    flows, clients = collections.defaultdict(dict), {}
    for line in run.stdout.splitlines():
        values = dict(zip(FIELDS, line.split("|")))
        source = (values["ip.src"] or values["ipv6.src"], values["tcp.srcport"])
        target = (values["ip.dst"] or values["ipv6.dst"], values["tcp.dstport"])
        stream, kinds = values["tcp.stream"], values["tls.handshake.type"].split(",")
        if "1" in kinds:
            clients.setdefault(stream, (*source, *target))
        flow = flows[stream]
        flow.setdefault("ends", {source, target})

        def put(field, value):
            if value:
                flow.setdefault(field, value)

        if "1" in kinds:
            put("sni", first(values["tls.handshake.extensions_server_name"]))
            put("ja3", first(values["tls.handshake.ja3"]))
        if "2" in kinds and "1" not in kinds:
            put("ja3s", first(values["tls.handshake.ja3s"]))
            chosen = first(values["tls.handshake.extensions.supported_version"]) or first(values["tls.handshake.version"])
            put("version", NAMES.get(int(chosen, 16), "") if chosen else "")
        if "11" in kinds and source != clients.get(stream, (None, None))[:2]:
            put("serial", first(values["x509af.serialNumber"]))
        if values["ssh.protocol"]:
            flow.setdefault("ssh", {})[source] = first(values["ssh.protocol"])
    return flows


def our_records(program, pcap, directory):
    out = pathlib.Path(directory) / "out"
    shutil.rmtree(out, ignore_errors=True)
    rules = pathlib.Path(directory) / "empty.rules"
    rules.write_text("")
    subprocess.run([program, "replay", "--pcap", str(pcap), "--signatures", str(rules), "--log-dir", str(out),
                    "--set", "stream.checksum-validation=no", "--set", "app-layer.protocols.tls.ja3-fingerprints=yes",
                    "--set", "eve.types=tls,ssh", "--set", "eve.types.tls.extended=yes"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    return [json.loads(line) for line in (out / "eve.json").read_text().splitlines()]


def plain_address(text):
    import ipaddress
    return str(ipaddress.ip_address(text))


def compare(program, pcap, directory, counts):
    """Yields (field, ours, theirs) of what differs."""
    theirs = {}
    for flow in tshark_flows(pcap).values():
        key = frozenset((plain_address(a), int(p)) for a, p in flow["ends"] if a and p)
        theirs.setdefault(key, flow)
    seen = set()
    for event in our_records(program, pcap, directory):
        client = (plain_address(event["src_ip"]), event["src_port"])
        server = (plain_address(event["dest_ip"]), event["dest_port"])
        key = frozenset((client, server))
        if key not in theirs or key in seen:  # ports that are used again: the first conversation is compared
            continue
        seen.add(key)
        flow = theirs[key]
        if event["event_type"] == "ssh":
            for side, end in (("client", client), ("server", server)):
                banner = next((b for (a, p), b in flow.get("ssh", {}).items() if (plain_address(a), int(p)) == end), "")
                ours = event["ssh"].get(side, {})
                text = "SSH-" + ours["proto_version"] + "-" + ours["software_version"] if ours else ""
                counts["ssh." + side] += 1
                if text != banner.split(" ")[0]:
                    yield "ssh." + side, text, banner
            continue
        tls = event["tls"]
        ours = {"sni": tls.get("sni", ""), "ja3": tls.get("ja3", {}).get("hash", ""),
                "ja3s": tls.get("ja3s", {}).get("hash", ""), "version": tls.get("version", ""),
                "serial": tls.get("serial", "").replace(":", "").lower()}
        for field, value in ours.items():
            if field not in flow and field != "sni":
                continue
            counts[field] += 1
            other = flow.get(field, "").removeprefix("0x").replace(":", "").lower() if field == "serial" else flow.get(
                field, "")
            if value != other:
                yield field, value, other


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulkhead", required=True)
    parser.add_argument("--captures", type=pathlib.Path, help="every capture below this folder")
    parser.add_argument("pcaps", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    if shutil.which("tshark") is None:
        print("tshark is not installed")
        return 77
    pcaps = list(options.pcaps)
    if options.captures is not None:
        pcaps += [p for p in sorted(options.captures.rglob("*")) if p.suffix in (".pcap", ".pcapng")]
    if not pcaps:
        pcaps = sorted(GOLDEN.glob("tls/*/input.pcap")) + sorted(GOLDEN.glob("ssh/*/input.pcap"))
    counts, wrong = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as directory:
        for pcap in pcaps:
            try:
                differences = list(compare(options.bulkhead, pcap, directory, counts))
            except (subprocess.SubprocessError, OSError, ValueError) as error:
                print(f"{pcap}: not compared: {error}")
                continue
            for field, ours, theirs in differences:
                reason = reason_of(pcap.name, field)
                wrong += reason is None
                print(f"{pcap}: {field}: ours {ours!r}, tshark {theirs!r}" + (f" ({reason})" if reason else ""))
    print("compared:", ", ".join(f"{field} {number}" for field, number in sorted(counts.items())) or "nothing")
    return 1 if wrong or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
