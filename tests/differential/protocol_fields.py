#!/usr/bin/env python3
"""Compares what our records say of DNS and DHCP messages with what tshark reads in the same captures.

    protocol_fields.py --bulkhead build/dev/bulkhead [--verbose] [--pcap FILE ...]

Captures: those of the data directory (BULKHEAD_TEST_DATA, default ../shared beside the repository) whose names speak of
DNS or DHCP. Compared is per capture the multiset of
    DNS    (id, query or answer, response code, first name and type, addresses and CNAMEs of the answer)
    DHCP   (frame, id, hardware address, message type, assigned address, lease time, host name, requested address)
Captures in which the two differ on purpose are listed with their reason. Fails on any other difference, and when
fewer than MESSAGES of a protocol were compared. Exit status 77: no tshark or no captures.
"""
import argparse
import collections
import ipaddress
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = (".pcap", ".pcapng", ".trace", ".cap")
SKIP = 77
MESSAGES = {"dns": 200, "dhcp": 15}
LONGEST = 4 << 20  # bytes of a capture

DNS_FIELDS = ["frame.number", "dns.id", "dns.flags.response", "dns.flags.rcode", "dns.qry.name", "dns.qry.type", "dns.a",
              "dns.aaaa", "dns.cname", "dns.count.queries", "dns.count.answers", "dns.resp.type", "_ws.malformed"]
DHCP_FIELDS = ["frame.number", "dhcp.id", "dhcp.hw.mac_addr", "dhcp.option.dhcp", "dhcp.ip.your",
               "dhcp.option.ip_address_lease_time", "dhcp.option.hostname", "dhcp.option.requested_ip_address"]
MESSAGE_TYPES = ("", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform")
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
          "NOTZONE")
# Part of a capture's name -> why the two may differ there.
MEANT = {
    "dns-edns-bad-length": "the additional section, which tshark finds malformed, is not read by us",
    "dhcp_bad_cookie": "options behind another cookie are read by us",
    "dynamic-update": "tshark gives the zone of an update other field names",
    "loc-invalid-length": "what a LOC record holds is not read by us",
    "ecs-weirds": "an option whose address is too long makes the whole message malformed for tshark",
    "truncated": "packets that the capture has cut are not parsed, as in the reference",
    "svcb-": "what an SVCB record holds is not read by us",
}


def run(command):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=120, check=False)


def tshark(pcap, protocol, fields):
    words = [word for field in fields for word in ("-e", field)]
    done = run(["tshark", "-n", "-r", pcap, "-o", "tcp.check_checksum:FALSE", "-Y", FILTERS[protocol], "-T", "json", *words])
    if done.returncode != 0 and not done.stdout:
        raise RuntimeError(f"tshark: {done.stderr.strip()}")
    for packet in json.loads(done.stdout or "[]"):
        yield {name: values for name, values in packet["_source"]["layers"].items()}


# A frame that holds several messages (TCP) cannot be told apart in flat fields and is left to the golden cases.
FILTERS = {"dns": "dns && udp && !mdns && !llmnr && !nbns && !icmp && !icmpv6", "dhcp": "dhcp"}


def plain(name):
    return "" if name == "<Root>" else name


def dns_of_tshark(pcap):
    for fields in tshark(pcap, "dns", DNS_FIELDS):
        if "_ws.malformed" in fields or len(fields.get("dns.id", [])) != 1 or "dns.count.answers" not in fields \
                or "dns.qry.name" not in fields:
            continue
        if any(name.startswith("<Name contains") for name in fields["dns.qry.name"]):
            continue
        answer = fields["dns.flags.response"][0] in ("1", "True")
        names = [plain(name) for name in fields["dns.qry.name"]]
        types = [int(type_) for type_ in fields["dns.qry.type"]]
        identification = int(fields["dns.id"][0], 0)
        if not answer:
            for name, type_ in zip(names, types):
                yield (identification, "query", "", name, type_, ())
            continue
        rcode = int(fields["dns.flags.rcode"][0])
        data = sorted(answer_data(fields))
        yield (identification, "answer", RCODES[rcode] if rcode < len(RCODES) else str(rcode), names[0], types[0], tuple(data))


def answer_data(fields):
    """Of all sections tshark gives the values together; those of the answers come first."""
    answers = fields.get("dns.resp.type", [])[:int(fields["dns.count.answers"][0])]
    for type_, name in (("1", "dns.a"), ("28", "dns.aaaa"), ("5", "dns.cname")):
        for value in fields.get(name, [])[:answers.count(type_)]:
            yield value if name == "dns.cname" else ipaddress.ip_address(value).exploded


def dns_of_ours(events, types):
    for event in events:
        dns = event.get("dns")
        if event["event_type"] != "dns" or event["proto"] != "UDP":
            continue
        type_ = int(types.get(dns["rrtype"], dns["rrtype"]))
        if dns["type"] == "query":
            yield (dns["id"], "query", "", dns["rrname"], type_, ())
            continue
        data = sorted(record["rdata"] for record in dns.get("answers", [])
                      if record["rrtype"] in ("A", "AAAA", "CNAME") and record.get("rdata"))
        yield (dns["id"], "answer", dns["rcode"], dns["rrname"], type_, tuple(data))


def type_numbers():
    """The numbers of our names, from the table itself."""
    table = (REPOSITORY / "datapath/app/dns/dns_rrtypes.def").read_text()
    rows = [line[2:line.index(")")].split(",") for line in table.splitlines() if line.startswith("X(")]
    return {name.strip().strip('"'): int(number) for number, name in rows}


def dhcp_of_tshark(pcap):
    for fields in tshark(pcap, "dhcp", DHCP_FIELDS):
        def first(name, default=""):
            return fields.get(name, [default])[0]
        type_ = int(first("dhcp.option.dhcp", "0"))
        yield (int(first("frame.number")), int(first("dhcp.id"), 0), first("dhcp.hw.mac_addr"),
               MESSAGE_TYPES[type_] if type_ < len(MESSAGE_TYPES) else "unknown", first("dhcp.ip.your"),
               first("dhcp.option.ip_address_lease_time"), first("dhcp.option.hostname"),
               first("dhcp.option.requested_ip_address"))


def dhcp_of_ours(events):
    for event in events:
        if event["event_type"] == "dhcp":
            dhcp = event["dhcp"]
            yield (event["pcap_cnt"], dhcp["id"], dhcp["client_mac"], dhcp.get("dhcp_type", ""), dhcp["assigned_ip"],
                   str(dhcp.get("lease_time", "")), dhcp.get("hostname", ""), dhcp.get("requested_ip", ""))


def replay(bulkhead, pcap, folder):
    done = run([bulkhead, "replay", "--pcap", pcap, "--log-dir", folder, "--set", "eve.types=dns,dhcp", "--set",
                "eve.types.dhcp.extended=yes", "--set", "stream.checksum-validation=no"])
    if done.returncode != 0:
        raise RuntimeError(f"bulkhead: {done.stderr.strip()}")
    path = pathlib.Path(folder) / "eve.json"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def captures():
    data = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", REPOSITORY.parent / "shared")) / "captures"
    found = [path for path in sorted(data.glob("**/*"))
             if path.suffix in SUFFIXES and path.stat().st_size <= LONGEST
             and any(word in str(path.relative_to(data)).lower() for word in ("dns", "dhcp"))]
    return found


def compare(bulkhead, pcap, types, verbose):
    with tempfile.TemporaryDirectory() as folder:
        events = replay(bulkhead, pcap, folder)
    totals = {}
    for protocol, ours, theirs in (("dns", dns_of_ours(events, types), dns_of_tshark(pcap)),
                                   ("dhcp", dhcp_of_ours(events), dhcp_of_tshark(pcap))):
        ours, theirs = collections.Counter(ours), collections.Counter(theirs)
        missing, extra = theirs - ours, ours - theirs
        reason = next((why for part, why in MEANT.items() if part in str(pcap)), None)
        totals[protocol] = (sum((ours & theirs).values()), bool(missing or extra) and reason is None)
        if missing or extra:
            print(f"{pcap}: {protocol}: {sum(missing.values())} missing, {sum(extra.values())} extra"
                  + (f" (meant: {reason})" if reason else ""))
            if verbose or reason is None:
                for sign, rows in (("-", missing), ("+", extra)):
                    for row in list(rows)[:5]:
                        print(f"  {sign} {row}")
    return totals


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--pcap", action="append", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    chosen = options.pcap or captures()
    if shutil.which("tshark") is None or not chosen:
        print("needs tshark, and captures (BULKHEAD_TEST_DATA)")
        return SKIP
    types, same, failed = type_numbers(), collections.Counter(), False
    for pcap in chosen:
        for protocol, (count, differs) in compare(options.bulkhead.resolve(), pcap, types, options.verbose).items():
            same[protocol] += count
            failed |= differs
    print(f"{len(chosen)} captures: " + ", ".join(f"{count} {protocol} messages read alike" for protocol, count in same.items()))
    few = [protocol for protocol, least in MESSAGES.items() if same[protocol] < least and not options.pcap]
    if few:
        print(f"too few messages of {', '.join(few)}")
    return 1 if failed or few else 0


if __name__ == "__main__":
    sys.exit(main())
