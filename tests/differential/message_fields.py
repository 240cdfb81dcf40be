#!/usr/bin/env python3
"""Compares fields of our records with tshark's dissection of the same capture.

    message_fields.py --bulkhead build/dev/config/cli/bulkhead [--pcap PROTOCOL=FILE ...]

Without --pcap the captures of tests/golden/{mqtt,pgsql,http2} are compared. Each line below names a field of tshark and
how our records say the same; both are compared as sorted lists of all values in the capture. Exit status 77: no tshark.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MQTT_TYPES = ["", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback",
              "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth"]
SETTINGS = ["", "SETTINGSHEADERTABLESIZE", "SETTINGSENABLEPUSH", "SETTINGSMAXCONCURRENTSTREAMS",
            "SETTINGSINITIALWINDOWSIZE", "SETTINGSMAXFRAMESIZE", "SETTINGSMAXHEADERLISTSIZE"]


def of(name, *path):
    """All values at the path in records of the type; a list on the way is every element of it."""
    def get(records):
        values = [record for record in records if record["event_type"] == name]
        for key in path:
            values = [value[key] for value in values if isinstance(value, dict) and key in value]
            values = [item for value in values for item in (value if isinstance(value, list) else [value])]
        return values
    return get


def mqtt_types(records):
    return [MQTT_TYPES.index(kind) for kind in of("mqtt", "mqtt")(records) for kind in kind]


def headers(name):
    def get(records):
        found = []
        for side in ("request_headers", "response_headers"):
            found += [h["value"] for h in of("http", "http", side)(records) if h.get("name") == name]
        return found
    return get


def setting_ids(records):
    return [SETTINGS.index(s["settings_id"]) for side in ("request", "response")
            for s in of("http", "http", "http2", side, "settings")(records)]


FIELDS = {
    "mqtt": [("mqtt.msgtype", mqtt_types),
             ("mqtt.topic", lambda r: of("mqtt", "mqtt", "publish", "topic")(r) +
              of("mqtt", "mqtt", "subscribe", "topics", "topic")(r)),
             ("mqtt.clientid", of("mqtt", "mqtt", "connect", "client_id")),
             ("mqtt.username", of("mqtt", "mqtt", "connect", "username")),
             ("mqtt.passwd", of("mqtt", "mqtt", "connect", "password"))],
    "pgsql": [("pgsql.query", lambda r: of("pgsql", "pgsql", "request", "simple_query")(r) +
               of("pgsql", "pgsql", "request", "prepared_queries")(r)),
              ("pgsql.tag", of("pgsql", "pgsql", "response", "command_completed")),
              ("pgsql.code", of("pgsql", "pgsql", "response", "code"))],
    "http2": [("http2.headers.path", of("http", "http", "url")),
              ("http2.headers.status", of("http", "http", "status")),
              ("http2.headers.user_agent", of("http", "http", "http_user_agent")),
              ("http2.headers.authority", headers(":authority")),
              ("http2.settings.id", setting_ids)],
}
RECORDS = {"mqtt": "mqtt", "pgsql": "pgsql", "http2": "http2"}


def ours(bulkhead, protocol, pcap):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([bulkhead, "replay", "--pcap", str(pcap), "--log-dir", directory,
                        "--set", f"eve.types=[{RECORDS[protocol]}]"], check=True, stdout=subprocess.DEVNULL, timeout=120)
        return [json.loads(line) for line in (pathlib.Path(directory) / "eve.json").read_text().splitlines()]


def tshark(protocol, pcap):
    fields = [name for name, _ in FIELDS[protocol]]
    command = ["tshark", "-r", str(pcap), "-T", "json", "-Y", protocol, "--no-duplicate-keys"]
    if protocol == "http2":
        ports = subprocess.run(["tshark", "-r", str(pcap), "-T", "fields", "-e", "tcp.dstport", "-c", "1"], check=True,
                               capture_output=True, text=True, timeout=120).stdout.split()
        command += ["-d", f"tcp.port=={ports[0]},http2"]
    packets = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)
    values = {name: [] for name in fields}

    def walk(node):
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key in values:
                    values[key] += [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]
                walk(value)

    for packet in packets:
        walk(packet["_source"]["layers"])
    return values


def number(text):
    try:
        return str(int(str(text), 0))
    except ValueError:
        return str(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulkhead", required=True)
    parser.add_argument("--pcap", action="append", default=[], metavar="PROTOCOL=FILE")
    options = parser.parse_args()
    if shutil.which("tshark") is None:
        print("no tshark")
        return 77
    captures = [item.split("=", 1) for item in options.pcap] or [
        (protocol, pcap) for protocol in FIELDS
        for pcap in sorted((ROOT / "tests/golden" / protocol).glob("*/input.pcap"))]
    differences = compared = 0
    for protocol, pcap in captures:
        records, theirs = ours(options.bulkhead, protocol, pcap), tshark(protocol, pcap)
        for name, get in FIELDS[protocol]:
            mine, other = sorted(map(number, get(records))), sorted(map(number, theirs[name]))
            compared += len(other)
            if mine != other:
                differences += 1
                print(f"{pcap}: {name}\n  tshark   {other}\n  bulkhead {mine}")
    print(f"{len(captures)} captures, {compared} values, {differences} fields differ")
    if compared == 0:
        print("nothing was compared")
        return 1
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
