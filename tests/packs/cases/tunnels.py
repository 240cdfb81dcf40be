"""Cases of signatures/packs/tunnels.rules."""
import dns_packets
from case import Case
from talks import again, c, dns, http, icmp_echo, s, several, tcp, tls, udp

UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "eA=="), ("Sec-WebSocket-Version", "13")]
SSH, REPLY = "SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0-dropbear\r\n"
PTUNNEL = bytes.fromhex("d5200880") + bytes([10, 1, 1, 1, 0, 22]) + bytes(20)
NOISE = bytes((i * 37 + 11) % 251 + 1 for i in range(600))
PING = bytes.fromhex("0011223344556677") + bytes(range(16, 56)) * 15


def encoded(count, domain, size=40, **more):
    return several(*(dns(f"{'mfrggzdfmztwq2lk' * 4}"[:size] + f"{i:02d}.{domain}", **more) for i in range(count)))


def missing(names, flags=0x8183, **more):
    """Names that are asked for, and that nobody has."""
    return several(*(udp(c(dns_packets.message(0x0100, [dns_packets.question(name)])),
                         s(dns_packets.message(flags, [dns_packets.question(name)])), **more) for name in names))


GENERATED = [f"{'qzxkvwpt' * 2}"[i % 5:i % 5 + 9] + f"{'mnbrtgf' * 2}"[i % 7:i % 7 + 5] + f"{i}.example" for i in range(25)]
DIGITS = [f"a{i}b{i + 3}c{i * 7}d{i}e5.Example".upper() for i in range(25)]
SEARCHED = [f"orders-service.{place}" for place in ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com",
                                                     "eu-west-1.compute.internal")] * 12


def upgrade(protocol, **more):
    return http(uri=more.pop("uri", "/"), headers=UPGRADE + [(more.pop("name", "Sec-WebSocket-Protocol"), protocol)], status=400, **more)


CASES = {
    6100800: Case(dns("paaqb4dyq.t.example", 10), dns("ZAbc.x" * 3 + ".t.example", 10, v6=True), dns("host10.t.example", 1), "mixed case, IPv6"),
    6100801: Case(dns("dnscat.8f2a01b1c2", 16), dns("DNScat.77aa", 15, over_tcp=True), dns("dns.cat.example", 16), "mixed case, other type, over TCP"),
    6100802: Case(encoded(25, "t.example"), encoded(25, "deep.t.example", 52, type_=16, over_tcp=True), encoded(25, "svc.cluster.local"), "other type, longer, over TCP; the twin stays in the cluster"),
    6100803: Case(icmp_echo(PTUNNEL), icmp_echo(PTUNNEL + b"SSH-2.0", count=3, answered=False), icmp_echo(bytes(4) + PTUNNEL), "other content, no answer"),
    6100804: Case(icmp_echo(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), icmp_echo(bytes(20) + b"POST http://h/x HTTP/1.0\r\n", answered=False), icmp_echo(b"check of HTTP/1. by monitor"),
                  "behind a head, another method, no answer"),
    6100805: Case(icmp_echo(NOISE, count=15), icmp_echo(NOISE[::-1] + NOISE[:300], count=14, answered=False), icmp_echo(PING, count=15), "other sizes, no answer; the twin is a large ping"),
    6100806: Case(upgrade("chisel-v3", port=8080), upgrade("Chisel-v4", name="sec-websocket-protocol", port=443, cut=9), upgrade("chat-v3", port=8080), "another version, other case, port 443"),
    6100807: Case(tcp(c('o\0\0\0\0\0\0\0\x60{"version":"0.52","privilege_key":"ab","timestamp":1,"run_id":"","pool_count":1}'), port=7000),
                  tcp(c('o\0\0\0\0\0\0\0\x60{"run_id":"x1","os":"linux","privilege_key" :"cd"}'), port=443, cut=7, reorder=True), tcp(c('{"run_id":"7","key":"x","privilege":"key"}'), port=7000),
                  "other order of fields, segments out of order"),
    6100808: Case(upgrade("v1, authorization.bearer.eyJ0", uri="/v1/events"), upgrade("V1, authorization.Bearer.x", uri="/abc", port=8443, cut=8), upgrade("v1, base64.bearer", uri="/v1/events"), "other path and case"),
    6100809: Case(dns("tunnel.us.ngrok.com"), dns("Connect.NGROK-agent.com", over_tcp=True), dns("ngrok.com.docs.example"), "newer name, mixed case, over TCP"),
    6100810: Case(tls("tunnel.us.ngrok.com"), tls("abc.Ngrok-Free.App", port=8443, cut=11), tls("ngrok.example.org"), "newer name, mixed case, other port"),
    6100811: Case(dns("region1.v2.argotunnel.com"), dns("CFTunnel.ArgoTunnel.com", over_tcp=True), dns("myargotunnel.com"), "mixed case, over TCP"),
    6100812: Case(tls("dns.google"), tls("Mozilla.Cloudflare-DNS.com", port=853, cut=10), tls("dns.google.example.org"), "mixed case, port 853"),
    6100813: Case(http(uri="/dns-query?dns=AAAB", headers=[("Accept", "application/dns-message")]), http("POST", "/q", [("CONTENT-type", "Application/DNS-message")], b"\0\0", h2=True, port=8053),
                  http(uri="/dns-query", headers=[("Accept", "application/dns+json")]), "HTTP/2, POST, mixed case"),
    6100814: Case(tcp(c(SSH), s(REPLY), port=443), tcp(s("SSH-1.99-x\r\n"), c("SSH-2.0-Go\r\n"), port=53, cut=4), tcp(c(SSH), s(REPLY), port=22), "the server first, port 53"),
    6100815: Case(dns("expyuzz4wqqyqhjn.onion"), dns("WWW.Expyuzz4wqqyqhjn.ONION", over_tcp=True), dns("onion.example.org"), "mixed case, over TCP"),
    6100816: Case(tls("api.telegram.org"), tls("X7.Oast.Fun", port=8443, cut=12), tls("api.telegram.org.example"), "another service, mixed case, other port"),
    6100817: Case(dns("c4ab.oast.fun"), dns("Q.BurpCollaborator.NET", over_tcp=True), dns("oast.fun.example.org"), "another server, mixed case, over TCP"),
    6100818: Case(http("CONNECT", "10.0.0.1:10250", port=3128), http("CONNECT", "node.internal:22", port=8888, cut=5, version="1.0"), http("CONNECT", "example.org:443", port=3128), "a name, other port, HTTP/1.0"),
    6100819: Case(icmp_echo(b"root:x:0:0:root:/root:/bin/bash\n"), icmp_echo(bytes(30) + b"a\nroot:x:0:0:\n", answered=False), icmp_echo(b"owner root:x group wheel"), "behind a head, no answer"),
    6100820: Case(missing(GENERATED), missing(DIGITS, flags=0x8583, v6=True), missing(SEARCHED), "other letters and digits, capitals, authoritative, IPv6"),
}
