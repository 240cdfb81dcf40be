#!/usr/bin/env python3
"""Replays captures through bulkhead and Suricata 7 and compares the records of protocols and files, field by field.

    record_parity.py --bulkhead build/dev/bulkhead [--all] [--pcap FILE ...] [--verbose]

Captures as in flow_parity.py. Records: http, dns, tls, ssh, smtp, ftp, ftp_data, dhcp, mqtt, pgsql, fileinfo; they are
paired by type, ends and transaction, and every field counts, the number of the packet that completed them included.
Flows of protocols that the reference does not read are left out, and fields that it does not write: see OWN, LEFT_OUT.
What remains, mostly: smuggled requests and broken conversations are read on here; records that are complete a packet
sooner or later. What is kept otherwise by decision (KEPT) is told and does not count.
Fails below SAME_PERCENT of records without a difference. Exit status 77: no Suricata 7.
"""
import collections
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import flow_parity

SAME_PERCENT = 86.0
TYPES = ("http", "dns", "tls", "ssh", "smtp", "ftp", "ftp_data", "dhcp", "mqtt", "pgsql", "fileinfo")
# Read here alone: what their flows carry is no record there, or one of another protocol.
OWN = {"nats", "redis", "mysql", "mongodb", "kafka", "amqp", "ldap", "memcached", "stratum", "websocket", "pop3", "imap",
       "finger", "xmpp", "irc"}
# A lone answer of DNS is read here, and the flow turned round; malformed messages have ids of transactions here.
KEPT = {"dns only here", "dns.tx_id"}
# Fields of each engine's own run; of later versions of the reference; of the mail's header, which 7.0.10 leaves out.
LEFT_OUT = ("flow_id", "timestamp", "pkt_src", "parent_id", "tls.client_alpns", "tls.server_alpns", "http.grpc", "email.subject",
            "email.message_id", "email.x_mailer", "email.user_agent", "http.http_port", "http.api")
CONFIGURATION = flow_parity.EVE + """        - http: {extended: yes}
        - dns: {version: 2}
        - tls: {extended: yes}
        - files: {force-magic: no, force-hash: [md5, sha1, sha256]}
        - smtp
        - ftp
        - ssh
        - dhcp: {enabled: yes, extended: yes}
        - mqtt: {passwords: yes}
        - pgsql: {enabled: yes, passwords: yes}
        - http2
        - flow
app-layer:
  protocols:
    http: {enabled: yes, libhtp: {default-config: {personality: IDS, request-body-limit: 100kb, response-body-limit: 100kb}}}
    http2: {enabled: yes}
    dns:
      tcp: {enabled: yes, detection-ports: {dp: 53}}
      udp: {enabled: yes, detection-ports: {dp: 53}}
    tls: {enabled: yes, ja3-fingerprints: yes, detection-ports: {dp: 443}}
    smtp: {enabled: yes, mime: {decode-mime: yes, decode-base64: yes, decode-quoted-printable: yes, header-value-depth: 2000, extract-urls: yes, body-md5: no}}
    ssh: {enabled: yes, hassh: yes}
    ftp: {enabled: yes}
    mqtt: {enabled: yes}
    pgsql: {enabled: yes}
    dhcp: {enabled: yes}
"""
SETTINGS = ("stream.checksum-validation=no", "decoder.teredo.ports=any", "host-os-policy.bsd=[0.0.0.0/0]",
            "eve.types=http,dns,tls,files,smtp,ftp,ssh,dhcp,mqtt,pgsql,http2,flow", "eve.types.http.extended=yes",
            "eve.types.tls.extended=yes", "eve.types.files.force-hash=[md5, sha1, sha256]", "eve.types.dhcp.extended=yes",
            "eve.types.mqtt.passwords=yes", "eve.types.pgsql.passwords=yes", "app-layer.protocols.tls.ja3-fingerprints=yes",
            "app-layer.protocols.ssh.hassh=yes", "app-layer.protocols.mqtt.enabled=yes", "app-layer.protocols.pgsql.enabled=yes")


def fields(value, name=""):
    """Each leaf with its place; places in lists are not told apart."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, name)
    else:
        yield name, str(value)


def records(path):
    """What an engine wrote: {(type, ends, transaction): [fields]} and the ends of flows that only one of them reads."""
    out, own = collections.defaultdict(list), set()
    for line in path.read_text(errors="replace").splitlines():
        event = json.loads(line)
        ends = frozenset(((event.get("src_ip"), event.get("src_port")), (event.get("dest_ip"), event.get("dest_port"))))
        if event["event_type"] == "flow" and OWN & {event.get("app_proto"), event.get("app_proto_orig")}:
            own.add(ends)
        if event["event_type"] not in TYPES:
            continue
        found = collections.defaultdict(list)
        for name, value in fields(event):
            if not name.startswith(LEFT_OUT):
                found[name].append(value)
        transaction = event.get("tx_id", event.get("fileinfo", {}).get("tx_id", event.get("dns", {}).get("id")))
        out[event["event_type"], ends, transaction].append(dict(found))
    return out, own


def difference(theirs, ours):
    """(kind, text) of each record that differs, and how many there are."""
    (their_records, _), (our_records, own) = theirs, ours
    found, count = [], 0
    for key in set(their_records) | set(our_records):
        if key[1] in own:
            continue
        one, other = their_records.get(key, []), our_records.get(key, [])
        count += max(len(one), len(other))
        for _ in range(len(one) - len(other)):
            found.append((f"{key[0]} only in Suricata", str(key)))
        for _ in range(len(other) - len(one)):
            found.append((f"{key[0]} only here", str(key)))
        for a, b in zip(one, other):
            differing = sorted(name for name in set(a) | set(b) if a.get(name) != b.get(name))
            if differing:
                name = differing[0]
                found.append((name, f"{key}: {name} {a.get(name)} here {b.get(name)}"))
    return found, count


def compare(options, capture, folder):
    theirs, ours = flow_parity.run_both(options, capture, folder, SETTINGS)
    return difference(records(theirs), records(ours))


def main():
    options = flow_parity.read_arguments(__doc__.splitlines()[0])
    if options is None:
        return 77
    chosen = flow_parity.chosen_captures(options)
    count, bad, kinds = 0, 0, collections.Counter()
    with tempfile.TemporaryDirectory(prefix="bulkhead-records-") as directory:
        folder = pathlib.Path(directory)
        (folder / "suricata.yaml").write_text(CONFIGURATION)
        (folder / "no.rules").write_text("")
        for capture in chosen:
            try:
                found, here = compare(options, capture, folder)
            except RuntimeError as why:
                found, here = [("run", str(why))], 1
            count += here
            bad += sum(kind not in KEPT for kind, _ in found)
            kinds.update(kind for kind, _ in found)
            if found:
                print(capture)
            for _, text in found if options.verbose else found[:2]:
                print(f"  {text}"[:300])
    same = 100 * (count - bad) / max(count, 1)
    print(f"{len(chosen)} captures, {count} records, {same:.1f} % without difference that counts; {dict(kinds.most_common(12))}")
    return 0 if same >= SAME_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
