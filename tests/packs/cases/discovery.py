"""Cases of signatures/packs/discovery.rules."""
import struct

from case import Case
from talks import c, dns, refused, s, several, tcp


def many(count, name, type_=1, **more):
    return several(*(dns(name.format(i), type_, **more) for i in range(count)))


def rpc(program, procedure, xid=7):
    call = struct.pack("!6I", xid, 0, 2, program, 3, procedure) + bytes(16)
    return struct.pack("!I", 0x80000000 | len(call)) + call


CASES = {
    6101000: Case(dns("cluster.local", 252, over_tcp=True), dns("Corp.EXAMPLE", 252, over_tcp=True, v6=True), dns("cluster.local", 6, over_tcp=True), "another zone, IPv6"),
    6101001: Case(dns("any.any.svc.cluster.local", 33), dns("ANY.any.any.svc.Cluster.Local", 33, over_tcp=True), dns("any.web.default.svc.cluster.local"), "mixed case, deeper, over TCP"),
    6101002: Case(many(50, "{}.0.96.10.in-addr.arpa", 12), many(60, "{}.7.244.10.IN-addr.ARPA", 12, v6=True), many(10, "{}.0.96.10.in-addr.arpa", 12), "capitals, IPv6; the twin asks ten times"),
    6101003: Case(refused([2375, 2379, 10250, 10255, 6443]), refused([44134, 4194, 2376, 8001, 2380, 10249], v6=True), refused([10250, 8080, 9090, 443, 6443]), "other ports, IPv6; the twin meets two of them"),
    6101004: Case(many(30, "_http._tcp.svc{}.default.svc.cluster.local", 33), many(40, "_HTTPS._Tcp.app{}.Prod.svc.x", 33, v6=True), many(5, "_http._tcp.svc{}.default.svc.cluster.local", 33), "mixed case, IPv6; the twin asks five times"),
    6101005: Case(tcp(c(bytes(48) + b"SendTargets=All\0"), port=3260), tcp(c(bytes(48) + b"sendtargets=ALL\0"), port=3260, cut=5, v6=True), tcp(c(bytes(48) + b"TargetName=iqn.2026\0"), port=3260), "mixed case, five bytes a segment, IPv6"),
    6101006: Case(tcp(c(rpc(100005, 5)), port=20048), tcp(c(rpc(100005, 5, 0xABCDEF01)), port=635, cut=6, v6=True), tcp(c(rpc(100005, 0)), port=20048), "other port, six bytes a segment, IPv6; the twin is an empty call"),
}
