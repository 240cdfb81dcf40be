#!/usr/bin/env python3
"""What SMTP and FTP parsers say, beside what tshark says of the same captures.

    mail_and_files.py --bulkhead build/dev/bulkhead [PCAP ...]

Without captures: those of tests/golden/smtp and tests/golden/ftp. Compared, per connection:
  SMTP  senders and recipients, file names of attachments
  FTP   known commands with their arguments, in order, and the codes of all replies
Arguments that were cut are compared as far as they go. Exit status 77: no tshark.
"""
import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CUT = 200  # tshark shortens what it shows


def ours(program, pcap):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "replay", "--pcap", pcap, "--log-dir", folder, "--set", "eve.types=[smtp,ftp,flow]",
                        "--set", "stream.checksum-validation=no"], check=True, capture_output=True, timeout=300)
        events = [json.loads(line) for line in (pathlib.Path(folder) / "eve.json").read_text().splitlines()]
    speaks, facts = {}, collections.defaultdict(lambda: collections.defaultdict(list))
    for event in events:
        key = (event.get("src_ip"), event.get("src_port"), event.get("dest_port"))
        if event["event_type"] == "flow":
            speaks[key] = event.get("app_proto")
        elif event["event_type"] == "smtp":
            if event["smtp"].get("mail_from"):
                facts[key]["envelope"].append(event["smtp"]["mail_from"])
            facts[key]["envelope"] += event["smtp"].get("rcpt_to", [])
            facts[key]["files"] += event.get("email", {}).get("attachment", [])
        elif event["event_type"] == "ftp":
            record = event["ftp"]
            if "command" in record:
                facts[key]["commands"].append((record["command"], record.get("command_data", "")[:CUT]))
            facts[key]["codes"] += record.get("completion_code", [])
    return speaks, facts


def theirs(pcap, ports):
    """ports: {tcp port: "smtp" or "ftp"}"""
    fields = ["tcp.stream", "ip.src", "tcp.srcport", "tcp.dstport", "smtp.req.command", "smtp.req.parameter",
              "imf.message_text", "mime_multipart.header.content-disposition", "mime_multipart.header.content-type",
              "ftp.request.command", "ftp.request.arg", "ftp.response.code"]
    command = ["tshark", "-r", pcap, "-T", "json"]
    for port, protocol in sorted(ports.items()):
        command += ["-d", f"tcp.port=={port},{protocol}"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    facts = collections.defaultdict(lambda: collections.defaultdict(list))
    for packet in json.loads(done.stdout or "[]"):
        layers = packet["_source"]["layers"]
        one = lambda name: layers.get(name, [])
        if not one("tcp.dstport"):
            continue
        source, source_port, port = one("ip.src")[0], int(one("tcp.srcport")[0]), int(one("tcp.dstport")[0])
        to_server = port in ports
        key = (source, source_port, port) if to_server else None
        if not to_server:
            key = next((k for k in facts if k[1] == port and k[2] == source_port), None)
        if to_server:
            facts[key]["seen"].append(1)
            for parameter in one("smtp.req.parameter"):
                if match := re.match(r"(?:FROM|TO): *(\S*)", parameter, re.I):
                    facts[key]["envelope"].append(match[1])
            arguments = one("ftp.request.arg")
            for number, word in enumerate(one("ftp.request.command")):
                facts[key]["commands"].append((word.upper(), arguments[number][:CUT] if number < len(arguments) else ""))
        if key is not None:
            facts[key]["codes"] += one("ftp.response.code")
    return facts


def compare(program, pcap):
    speaks, mine = ours(program, pcap)
    ports = {key[2]: name for key, name in speaks.items() if name in ("smtp", "ftp")}
    if not ports:
        return 0, []
    other = theirs(pcap, ports)
    problems, compared = [], 0
    for key, name in speaks.items():
        if name not in ("smtp", "ftp") or key not in other:
            continue
        for fact in ("envelope",) if name == "smtp" else ("commands",):
            a, b = mine[key][fact], other[key][fact]
            if fact == "commands":
                words = {word for word, _ in a}
                b = [(word, argument) for word, argument in b if word in words]
            a, b = sorted(map(str, a)), sorted(map(str, b))
            compared += len(b)
            if a != b and "odd-conversations" not in str(pcap):  # made of what tshark does not read as mail
                problems.append(f"{pcap} {key} {fact}:\n  bulkhead {a}\n  tshark   {b}")
    return compared, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True)
    parser.add_argument("pcaps", nargs="*")
    arguments = parser.parse_args()
    if not shutil.which("tshark"):
        print("skipped: no tshark")
        return 77
    golden = HERE.parent / "golden"
    pcaps = arguments.pcaps or sorted(str(p) for area in ("smtp", "ftp") for p in golden.glob(f"{area}/*/input.pcap"))
    total, failed = 0, []
    for pcap in pcaps:
        compared, problems = compare(arguments.bulkhead, pcap)
        total += compared
        failed += problems
    print(f"{total} facts compared in {len(pcaps)} captures, {len(failed)} connections differ")
    print("\n".join(failed))
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
