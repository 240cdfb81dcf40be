#!/usr/bin/env python3
"""Which protocol each flow speaks and what it says, beside what tshark reads in the same captures.

    protocol_agreement.py --bulkhead build/dev/bulkhead [--all] [--verbose] [--pcap FILE ...]

Captures: a sample of the data directory's (BULKHEAD_TEST_DATA, default ../shared beside the repository); --all takes every
one up to 4 MB. A flow counts when tshark names a protocol that bulkhead knows, or bulkhead names one that tshark knows.
Compared are the name, and of flows that both call the same

    HTTP   methods, targets, status codes   TLS  server name   DNS   names asked for   SSH  banners
    FTP    commands   SMTP  senders         HTTP/2  methods and paths (as far as headers can be decoded)

Differences whose reason is known are named in EXPLAINED and counted apart. Fails below 98 % of flows that agree. Exit
status 77: no tshark or no captures.
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
SAMPLE, LARGEST, AGREE_PERCENT = 150, 4_000_000, 98.0

# tshark's name of a layer -> ours; the first of a packet's layers, from the innermost, that stands here is what it speaks.
NAMES = {"http": "http", "http2": "http2", "grpc": "http2", "websocket": "websocket", "tls": "tls", "dns": "dns",
         "ssh": "ssh", "smtp": "smtp", "imf": "smtp", "ftp": "ftp", "ftp-data": "ftp-data", "dhcp": "dhcp", "mqtt": "mqtt",
         "pgsql": "pgsql", "resp": "redis", "mysql": "mysql", "mongo": "mongodb", "memcache": "memcached",
         "kafka": "kafka", "amqp": "amqp", "nats": "nats", "ldap": "ldap", "cldap": "ldap", "snmp": "snmp",
         "tftp": "tftp", "ntp": "ntp", "imap": "imap", "pop": "pop3", "quic": "quic"}
OURS = frozenset(NAMES.values())
# tshark knows most protocols by their port; on another it is asked once more, told what to expect there.
DECODE_AS = {"redis": "resp", "mongodb": "mongo", "memcached": "memcache", "pop3": "pop"}
FIELDS = ["ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "udp.srcport", "tcp.dstport", "udp.dstport",
          "frame.protocols", "http.request.method", "http.request.uri", "http.response.code",
          "tls.handshake.extensions_server_name", "dns.qry.name", "dns.flags.response", "ssh.protocol",
          "ftp.request.command", "http2.headers.method", "http2.headers.path"]
MARK = "\x1f"  # between values of a field

# Why the two differ, and in which captures; a name without "capture: " before it is a difference wherever it stands.
EXPLAINED = {
    "this tshark has no NATS": ["nothing is nats to us"],
    "picked up in the middle, or one side only: its first bytes name no protocol, tshark goes by the port":
        ["smtp.pcap: tls", "amqp2.pcap: amqp", "client-keep-alive.pcap: ssh", "l4-source-port-reuse.pcap: tls",
         "mysql-use.pcap: mysql", "syn-1.pcap: tls", "contentline-irc-5k-line.pcap: tls", "raw_packets.pcap: tls",
         "gap-recovery.pcap: tls", "tls13-ech.pcap: tls", "start-with-server.pcapng: redis", "payload-syn.pcap: http",
         "payload-synack.pcap: http", "ipip.pcap: tls", "ntp-no-extensions-mac.pcap: ntp", "telnet-auth-missing-name.pcap: ftp"],
    "the capture cuts the packets: what is there names no protocol": ["tcp.pcap: http", "fragmented-1.pcap: ntp"],
    "cut packets are not decoded (trunc_pkt)": ["ip6-vxlan.pcap: tls", "geneve-vxlan-dns-truncated.pcap: dns"],
    "NTP of the modes 6 and 7 is no clock's message (Suricata says the same)": ["ntpmode67.pcap: ntp", "ntp2.pcap: ntp"],
    "HTTP/0.9, other methods or broken request lines, which tshark does not take for HTTP":
        ["nothing is http to us", "quickstart.pcap: http: []", "http-bad-request-with-version.pcap: http: []",
         "putty-upload.pcap: http: []", "query-method-non-standard-port.pcap: http: []", "query-method.pcap: http: []",
         "tcp-http-with-padding.pcap: http: []", "get-to-ssh-server.pcap: http: []", "http-to-ssh.pcap: http: []",
         "http-11-request-then-cruft.pcap: http: [('GET', '/')]"],
    "smuggled requests: what a lenient server would read is a request here":
        ["variant-03-cl_negative.pcap: http: [('GET', '/smuggled-cl-negative'), ('POST', '/')]",
         "variant-09-te_obs_fold.pcap: http: [('POST', '/')]"],
    "fuzzed bytes: no first line of HTTP": ["http-inner-transfer-encoding-ossfuzz.pcap: http"],
    "one protocol on the port of another: tshark goes by the port":
        ["http-single-conn-22.pcap: ssh", "ssh-on-port-80.pcap: http", "ssl-and-ssh-using-sslh.pcap: tls",
         "almost-resp.pcap: redis", "ssl-to-http-server.pcap: nothing"],
    "MongoDB's messages; tshark takes some for TLS": ["mongo.pcap: tls"],
    "a query over TCP whose length ends with the segment; tshark waits for more": ["mqtt_error.pcap: nothing"],
    "USER is a command of FTP, and of IRC (Suricata says FTP as well)":
        ["irc-basic.pcap: ftp: ['JOIN', 'NICK', 'PRIVMSG', 'QUIT', 'USER']", "contentline-irc-5k-line.pcap: ftp"],
    "data connections of listings are not followed, as in Suricata":
        ["ipv6.pcap: ftp-data", "bigtransfer.pcap: ftp-data", "ipv4.pcap: ftp-data"],
    "commands are cut at their maximum": ["fake-long-commands.pcap: ftp"],
    "malformed DNS: not taken for DNS, or an event of the parser":
        ["dns-edns-ecs-bad.pcap: dns", "dns-invalid-names.pcap: dns", "ipv6-hbh-routing0.pcap: dns", "vector-max-size-crash.pcap: dns"],
    "link types that no container has (FDDI, radio, nflog, SNAP)":
        ["dns-inverse-query.pcap: dns", "radiotap.pcap: dns", "wlanmon.pcap: dns", "nflog-http.pcap: http", "snap-tcp.pcap: http",
         "gre-aruba-amsdu.pcap: tls", "pbb-recursive-frames.pcapng: dns"],
    "tunnels that are not decoded (AYIYA, GTP, GRE in UDP) or proxies that are not followed (SOCKS, RDP over UDP)":
        ["ayiya3.pcap: http", "gre-over-udp-4754.pcap: dns", "gre-over-udp-4754.pcap: http",
         "gtp1_gn_normal_incl_fragmentation.pcap: http", "gtp2_different_udp_port.pcap: http", "gtp6_gtp_0x32.pcap: tls",
         "gtp9_unknown_or_too_short_payload.pcap: http", "socks-with-ssl.pcap: tls", "socks.pcap: http",
         "rdpeudp-handshake-success.pcap: tls", "rdpeudp2-handshake-success.pcap: tls"],
    "XMPP's change to TLS is not followed": ["xmpp-dialback-starttls.pcap: tls", "xmpp-starttls.pcap: tls"],
    "several flows of equal addresses in different VLANs or tunnels; tshark counts them as one here":
        ["vlan-collisions.pcap: http", "vxlan-overlapping-http-get.pcap: http"],
    "QUIC that begins in the middle": ["383379789-decrypt-crash.pcap: quic", "quic-decrypt-fail-google-de-51833.pcap: quic"],
    "broken frames: the port alone says FTP": ["383379789-decrypt-crash.pcap: ftp"],
    "a command of no known name on the client's side, attributes of RESP3 on the server's": ["attr.pcap: redis"],
    "a request after the connection was reset: nobody reads it": ["modbus-and-non-modbus-p502.pcap: http"],
}


def reason_of(file, found):
    for reason, places in EXPLAINED.items():
        for place in places:
            if found == place or f"{file.name}: {found}".startswith(place):
                return reason
    return None


def captures(arguments):
    if arguments.pcap:
        return [pathlib.Path(p) for p in arguments.pcap]
    data = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", REPOSITORY.parent / "shared")) / "captures"
    found = sorted(p for p in data.rglob("*") if p.suffix in SUFFIXES and p.is_file() and p.stat().st_size <= LARGEST)
    step = 1 if arguments.all else max(1, len(found) // SAMPLE)
    return found[::step]


def flow_key(source, source_port, destination, destination_port):
    """IPv6 addresses have several spellings; ours are written out as Suricata writes them."""
    return tuple(sorted([(spelled(source), str(source_port)), (spelled(destination), str(destination_port))]))


def spelled(address):
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def new_flow():
    return {"names": collections.Counter(), "http": [], "status": [], "sni": set(), "dns": set(), "ssh": set(), "ftp": [],
            "http2": set()}


def theirs(pcap, decode_as=()):
    """{flow: what tshark says}; the innermost addresses count, as a tunnel's flow is that of what it carries."""
    command = ["tshark", "-n", "-r", pcap, *decode_as, "-T", "fields", "-E", f"aggregator={MARK}", "-E", "occurrence=a"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=300,
                          check=False)
    flows = collections.defaultdict(new_flow)
    for line in done.stdout.splitlines():
        values = dict(zip(FIELDS, (v.split(MARK) if v else [] for v in line.split("\t"))))
        addresses = [values[f] for f in ("ip.src", "ipv6.src", "ip.dst", "ipv6.dst")]
        source = (addresses[0] or addresses[1] or [""])[-1]
        destination = (addresses[2] or addresses[3] or [""])[-1]
        ports = [values["tcp.srcport"] or values["udp.srcport"], values["tcp.dstport"] or values["udp.dstport"]]
        if not ports[0] or not ports[1]:
            continue
        flow = flows[flow_key(source, ports[0][-1], destination, ports[1][-1])]
        layers = (values["frame.protocols"] or [""])[0].split(":")
        if "icmp" in layers or "icmpv6" in layers:
            continue  # what it quotes is no flow
        for layer in ["quic"] if "quic" in layers else reversed(layers):  # TLS within QUIC is QUIC
            if layer in NAMES:
                flow["names"][NAMES[layer]] += 1
                break
        flow["http"] += list(zip(values["http.request.method"], values["http.request.uri"]))
        flow["status"] += values["http.response.code"]
        flow["sni"] |= set(values["tls.handshake.extensions_server_name"])
        if values["dns.flags.response"] and values["dns.flags.response"][0] in ("0", "False"):
            flow["dns"] |= {name.lower() for name in values["dns.qry.name"]}
        flow["ssh"] |= {banner.split(" ")[0] for banner in values["ssh.protocol"]}  # without the comment
        flow["ftp"] += [command.upper() for command in values["ftp.request.command"]]
        flow["http2"] |= set(zip(values["http2.headers.method"], values["http2.headers.path"]))
    return flows


def ours(program, pcap):
    flows = collections.defaultdict(new_flow)
    types = "flow,http,http2,tls,dns,ssh,ftp"
    with tempfile.TemporaryDirectory(prefix="bulkhead-agreement-") as folder:
        subprocess.run([program, "replay", "--pcap", pcap, "--log-dir", folder, "--set", f"eve.types=[{types}]", "--set",
                        "pcap-file.checksum-checks=no", "--set", "stream.midstream=yes", "--set", "stream.async-oneside=yes", "--set", "eve.types.http.extended=yes",
                        "--set", "eve.types.tls.extended=yes"], stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=300, check=False)
        eve = pathlib.Path(folder) / "eve.json"
        for line in eve.read_text(errors="replace").splitlines() if eve.exists() else []:
            e = json.loads(line)
            if "src_port" not in e:
                continue
            flow = flows[flow_key(e["src_ip"], e["src_port"], e["dest_ip"], e["dest_port"])]
            kind = e["event_type"]
            if kind == "flow":
                flow["server"] = (e["proto"].lower(), e["dest_port"])
                for name in (e.get("app_proto"), e.get("app_proto_orig"), e.get("app_proto_ts"), e.get("app_proto_tc")):
                    if name and name != "failed":
                        flow["names"][name] += 1
            elif kind == "http" and e["http"].get("version") == "2":
                if "url" in e["http"]:
                    flow["http2"].add((e["http"].get("http_method", ""), e["http"]["url"]))
            elif kind == "http":
                if "http_method" in e["http"]:
                    flow["http"].append((e["http"]["http_method"], e["http"].get("url", "")))
                if "status" in e["http"]:
                    flow["status"].append(str(e["http"]["status"]))
            elif kind == "tls" and "sni" in e["tls"]:
                flow["sni"].add(e["tls"]["sni"])
            elif kind == "dns" and e["dns"].get("type") == "query":
                flow["dns"].add(e["dns"].get("rrname", "").lower())
            elif kind == "ssh":
                for side in ("client", "server"):
                    part = e["ssh"].get(side)
                    if part:
                        flow["ssh"].add(f"SSH-{part.get('proto_version', '')}-{part.get('software_version', '')}")
            elif kind == "ftp" and "command" in e["ftp"]:
                flow["ftp"].append(e["ftp"]["command"].upper().split(" ")[0])
    return flows


def difference(mine, other):
    """None where they agree; "-" where neither says a name that both know."""
    my_names = {n for n in mine["names"] if n in OURS}
    names = set(other["names"])
    if not my_names and not names:
        return "-"
    if not my_names & names:
        return f"{'/'.join(sorted(names)) or 'nothing'} is {'/'.join(sorted(mine['names'])) or 'nothing'} to us"
    # Both may have lost the beginning or the end of a conversation; what is compared is what both saw whole.
    pairs = [("http", sorted(mine["http"]), sorted(other["http"])),
             ("dns", mine["dns"], other["dns"])]
    if "tls" in my_names:  # QUIC is recognised, not decrypted
        pairs.append(("sni", mine["sni"], other["sni"]))
    if "ssh" in my_names:
        pairs.append(("ssh", {b.strip() for b in mine["ssh"]}, {b.strip() for b in other["ssh"]}))
    if "http2" in my_names:
        pairs.append(("http2", mine["http2"], other["http2"]))
    if "ftp" in my_names:
        pairs.append(("ftp", sorted(mine["ftp"]), sorted(other["ftp"])))
    for field, my_value, value in pairs:
        if my_value != value:
            return f"{field}: {str(value)[:90]} is {str(my_value)[:90]} to us"
    return None


def asked_again(pcap, mine, other):
    """{flow: what tshark says once told the protocol of the port}, of flows that we alone recognise."""
    expected = {}
    for key, flow in mine.items():
        names = sorted(flow["names"].keys() & OURS)
        if names and "server" in flow and (key not in other or not other[key]["names"]):
            expected[flow["server"]] = names[0]
    if not expected:
        return {}
    words = []
    for (transport, port), name in expected.items():
        words += ["-d", f"{transport}.port=={port},{DECODE_AS.get(name, name)}"]
    told = theirs(pcap, words)
    return {key: told[key] for key, flow in mine.items() if flow.get("server") in expected and key in told}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulkhead", required=True)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--pcap", nargs="*")
    arguments = parser.parse_args()
    files = captures(arguments)
    if not shutil.which("tshark") or not files:
        print("skipped: no tshark, or no captures")
        return 77
    agreed, differ, reasoned = collections.Counter(), [], collections.Counter()
    for file in files:
        mine, other = ours(arguments.bulkhead, file), theirs(file)
        told = asked_again(file, mine, other)
        for key in set(mine) | set(other):
            if key in told:
                other[key] = told[key]
            found = difference(mine.get(key, new_flow()), other.get(key, new_flow()))
            if found is None:
                agreed[max(mine[key]["names"].items(), key=lambda item: item[1])[0]] += 1
            elif found != "-":
                reason = reason_of(file, found)
                if reason:
                    reasoned[reason] += 1
                else:
                    differ.append((file.name, key, found))
    total = sum(agreed.values()) + len(differ)
    percent = 100 * sum(agreed.values()) / max(total, 1)
    print(f"{len(files)} captures, {total} flows: {percent:.2f} % agree ({sum(agreed.values())}); "
          f"{sum(reasoned.values())} more differ for a known reason")
    print("  agree:", ", ".join(f"{name} {count}" for name, count in agreed.most_common()))
    for reason, count in reasoned.most_common():
        print(f"  {count:4} {reason}")
    kinds = collections.Counter((name, what) for name, _, what in differ)
    for (name, what), count in kinds.most_common(None if arguments.verbose else 25):
        print(f"  {count:4} {name}: {what}")
    return 0 if total >= 100 and percent >= AGREE_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
