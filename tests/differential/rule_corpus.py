#!/usr/bin/env python3
"""Makes small rules by the thousand and asks Suricata 7.0.10 and bulkhead whether they take them.

    rule_corpus.py --bulkhead build/dev/bulkhead [--store FILE] [--seed N] [--random N]

Every rule is one line and stands for itself (names of sets and bits are its own). Suricata judges all in one run of
`suricata -T`, bulkhead in one run of `bulkhead check`. Without --store the differences are listed; with it the rules
and both verdicts are written for Resolve.VerdictsBesideSuricata. Exit status 77: no Suricata 7.
"""
import argparse
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

HEAD = "any any -> any any"
REQUEST = ("http.uri", "http.uri.raw", "http.method", "http.request_line", "http.host", "http.host.raw",
           "http.user_agent", "http.referer", "http.accept", "http.accept_enc", "http.accept_lang",
           "http.request_body", "http.request_header")
RESPONSE = ("http.stat_code", "http.stat_msg", "http.response_line", "http.response_body", "http.server",
            "http.location", "http.response_header")
BOTH = ("http.header", "http.header.raw", "http.header_names", "http.cookie", "http.protocol", "http.start",
        "http.content_len", "http.content_type", "http.connection", "file.data")
MODIFIERS = ("http_uri", "http_raw_uri", "http_method", "http_host", "http_raw_host", "http_user_agent", "http_header",
             "http_raw_header", "http_cookie", "http_client_body", "http_server_body", "http_stat_code", "http_stat_msg")
PACKET = ("ipv4.hdr", "ipv6.hdr", "tcp.hdr", "udp.hdr", "icmpv4.hdr", "icmpv6.hdr", "ip.src", "ip.dst")
TRANSFORMS = ("compress_whitespace", "dotprefix", "header_lowercase", "strip_pseudo_headers", "strip_whitespace",
              "to_lowercase", "to_uppercase", "to_md5", "to_sha1", "to_sha256", "url_decode", 'xor:"0d0a"',
              'pcrexform:"a(.*)"')
SHAPES = ('content:"abc";', 'content:"ABC"; nocase;', 'content:!"abc";', 'content:"ab "; startswith;', 'content:" ab";',
          'content:"a|0d 0a|";', 'content:"abc"; depth:3;', 'content:"abc"; depth:2;', 'content:"abc"; offset:1; depth:3;',
          'content:"abc"; endswith;', 'content:"abc"; startswith; endswith;', 'content:"abc"; fast_pattern;',
          'content:"abc"; bsize:3;', 'content:"abc"; bsize:2;', 'bsize:2;', 'bsize:>2;', 'bsize:2<>2;', 'bsize:2<>9;',
          'content:"abc"; bsize:<3;', 'content:"abc"; content:"d"; distance:0;', 'content:"abc"; content:"d"; within:2;',
          'content:"d"; within:1;', 'pcre:"/a.c/";', 'pcre:"/a.c/R";', 'pcre:"/a.c/i"; content:"x";', 'isdataat:5;',
          'isdataat:!1,relative;', 'byte_test:1,=,1,0;', 'byte_jump:1,0,relative;', 'byte_extract:1,0,v;', '',
          'content:"abc"; urilen:5;', 'content:"abc"; rawbytes;', 'content:"abc"; replace:"xyz";', 'content:"/A/B";',
          'content:"GET|20|";', 'content:"200"; bsize:3;', 'content:"Host|3a 20|a";', 'content:"a"; http_uri;')
PCRE_FLAGS = "UIHDMCPQYVKSWLRBGimsxAEO"
SETS = ("isset,N", "isnotset,N", "set,N", "unset,N", "isset,N,type string", "isset,N,type md5", "isset,N,type sha256",
        "isset,N,type ip", "isset,N,type ipv4", "isset,N,type foo", "isset,N,type string,load nowhere.lst",
        "isset,N,type string,state missing.lst", "set,N,type string,save out.lst", "set,N,type string,load x,save y",
        "set,N,type string,memcap 1mb", "set,N,type string,memcap x", "set,N,type string,hashsize 10",
        "set,N,type string,hashsize 0", "set,N,type string,memcap 1mb,hashsize 1024", "set,", "set", "", "foo,N",
        "set,N,type string,foo bar", "set,N,type string,state s.lst,save t.lst", "set, N , type string",
        "isset,N,type string, load", "set,a b,type string", "set,N;type string",
        "set,this-name-is-longer-than-the-sixty-three-characters-that-are-allowed-in-names,type string")
REPUTATIONS = ("N,>,200,type string", "N,>,200", "N,>,200,load nowhere.rep,type string", "N, >, 200, type md5", "N,!=,1,type string",
               "N,=,70000,type string", "N,<,-1,type string", "N,foo,1,type string", "N,>", "N", "", "N,>=,1,type string")
FILES = ('filename:"a";', 'filename:!"a";', 'filename:a;', 'filename:"";', 'fileext:"exe";', 'fileext:!"exe";', 'fileext:exe;',
         'filesize:5;', 'filesize:>5;', 'filesize:5<>9;', 'filesize:9<>5;', 'filesize:5MB;', 'filesize:>5kb;', 'filesize:x;',
         'filesize:<0;', 'filesize:!5;', 'filemd5:nowhere.lst;', 'filesha1:nowhere.lst;', 'filesha256:nowhere.lst;',
         'filemd5:!nowhere.lst;', 'file.name; content:"a";', 'file.name; content:"a"; endswith;',
         'file_data; filename:"a";')
EVENTS = ("http.request_auth_unrecognized", "http.unknown_error", "http.foo", "http", "http.", "foo.bar", "HTTP.UNKNOWN_ERROR",
          "http.invalid_request_chunk_len", "applayer_mismatch_protocol_both_directions", "applayer_foo",
          "http.request_field_missing_colon", "http.multipart_generic_error", "http.compression_bomb", "")
STATE = ("flowbits:set,N;", "flowbits:isset,N;", "flowbits:isset,N|M;", "flowbits:toggle,N;", "flowbits:noalert;",
         "hostbits:set,N;", "hostbits:isset,N,dst;", "xbits:set,N,track ip_src;", "xbits:isset,N,track ip_pair;",
         "xbits:set,N,track ip_dst,expire 5;", "flowint:NN,+,1;", "flowint:NN,>,3;", "tag:session;", "noalert;",
         "threshold:type limit,track by_src,count 1,seconds 5;", "detection_filter:track by_dst,count 3,seconds 5;",
         "target:src_ip;", "priority:2;", "prefilter;", "bypass;")
PLACES = ("dsize:5;", "dsize:>100;", "flags:S;", "flow:established;", "flow:to_server;", "flow:to_client,established;",
          "flow:only_stream;", "flow:no_stream;", "flow:stateless;", "ttl:64;", "urilen:5;", "urilen:5<>10,raw;",
          "urilen:5,norm;", "stream_size:both,>,5;", "itype:8;", "ip_proto:6;", "app-layer-protocol:http;",
          "app-layer-protocol:!http;", "app-layer-protocol:dns;", "decode-event:ipv4.trunc_pkt;",
          "stream-event:pkt_invalid_ack;", "sameip;", "geoip:src,DE;", "flow.age:>5;", "tcp.mss:>500;", "rpc:1,*,*;")
PROTOCOLS = ("http", "http1", "tcp", "tcp-pkt", "tcp-stream", "ip", "udp", "icmp", "pkthdr", "ip6", "sctp")
FLOWS = ("", "flow:to_server;", "flow:to_client;", "flow:established,to_server;")
HEADERS = ("alert tcp 10.0.0.0/8 any -> !10.0.0.0/8 any", "alert tcp any 80 -> any [1:1024,!80]", "alert icmp any 1 -> any any",
           "alert tcp any any <> any any", "pass http any any -> any any", "drop http any any -> any any",
           "reject tcp any any -> any any", "rejectsrc tcp any any -> any any", "rejectdst tcp any any -> any any",
           "rejectboth udp any any -> any any", "reject icmp any any -> any any", "alert ip any 80 -> any any",
           "alert http [::1,10.0.0.1] any -> ::/0 any", "config http any any -> any any",
           "alert http any $NOT_THERE -> any any", "alert http $NOT_THERE any -> any any", "alert http any 0 -> any any",
           "alert http any 65536 -> any any", "alert tcp any [80 -> any any", "alert HTTP any any -> any any")


def fixed_rules():
    buffers = REQUEST + RESPONSE + BOTH
    for buffer in buffers:
        for shape in SHAPES:
            yield f"alert http {HEAD} ({buffer}; {shape}"
    for number, buffer in enumerate(buffers):
        for flow in FLOWS[1:]:
            yield f'alert http {HEAD} ({flow} {buffer}; content:"a";'
        for protocol in PROTOCOLS:
            yield f'alert {protocol} {HEAD} ({buffer}; content:"a";'
        for transform in TRANSFORMS:
            yield f'alert http {HEAD} ({buffer}; {transform}; content:"a";'
        other = buffers[(number * 7 + 3) % len(buffers)]
        yield f'alert http {HEAD} ({buffer}; content:"a"; {other}; content:"b";'
        yield f'alert http {HEAD} ({buffer}; content:"a"; {other};'
        yield f'alert http {HEAD} ({buffer}; {other}; content:"b";'
        yield f'alert http {HEAD} (content:"a"; {buffer}; content:"b"; distance:0;'
        yield f'alert http {HEAD} ({buffer}:1; content:"a";'
    for modifier in MODIFIERS:
        for shape in ('content:"a"; @', 'content:"A"; nocase; @', 'content:!"a"; @', '@', 'content:"a"; @ depth:5;',
                      'content:"a"; depth:5; @', 'content:"a"; rawbytes; @', 'content:"a"; @ @', 'pcre:"/a/"; @',
                      'content:"a"; @ content:"b"; distance:0; @', 'content:"a"; content:"b"; distance:0; @',
                      'content:"a"; @ fast_pattern;', 'content:"a"; fast_pattern:only; @', 'content:"a b"; fast_pattern:0,1; @',
                      'http.uri; content:"a"; @', 'content:"a "; @', 'content:" a"; @', 'content:"A"; @',
                      'content:"a"; @ pkt_data; content:"b";', 'flow:to_server; content:"a"; @',
                      'flow:to_client; content:"a"; @'):
            yield f"alert http {HEAD} ({shape.replace('@', modifier + ';')}"
        yield f'alert tcp {HEAD} (content:"a"; {modifier};'
        yield f'alert udp {HEAD} (content:"a"; {modifier};'
    for buffer in PACKET:
        for protocol in PROTOCOLS:
            yield f'alert {protocol} {HEAD} ({buffer}; content:"a";'
        for more in ('content:"a"; depth:4;', "bsize:20;", 'byte_test:1,=,1,0;', 'content:"a"; endswith;', 'pcre:"/a/";', "",
                     'to_md5; content:"a";', 'content:"a"; fast_pattern;', 'content:"a"; nocase;'):
            yield f"alert ip {HEAD} ({buffer}; {more}"
    for flag in PCRE_FLAGS:
        yield f'alert http {HEAD} (pcre:"/abc/{flag}";'
        yield f'alert http {HEAD} (pcre:"/abc/{flag}R";'
        yield f'alert http {HEAD} (content:"x"; pcre:"/abc/{flag}";'
        yield f'alert http {HEAD} (http.uri; content:"x"; pcre:"/abc/{flag}";'
        yield f'alert tcp {HEAD} (pcre:"/abc/{flag}";'
        yield f'alert udp {HEAD} (pcre:"/abc/{flag}";'
    for text in SETS:
        for buffer in ("http.uri", "ip.src", ""):
            start = f"{buffer}; " if buffer else ""
            yield f"alert http {HEAD} ({start}dataset:{text};"
    for text in REPUTATIONS:
        for buffer in ("http.uri", "ip.src", ""):
            start = f"{buffer}; " if buffer else ""
            yield f"alert http {HEAD} ({start}datarep:{text};"
    for text in FILES:
        for protocol in ("http", "tcp", "udp", "ip", "icmp"):
            yield f"alert {protocol} {HEAD} ({text}"
        yield f"alert http {HEAD} (flow:to_server; {text}"
        yield f"alert http {HEAD} (flow:to_client; {text}"
    for text in EVENTS:
        for protocol in ("http", "tcp", "udp", "ip"):
            yield f"alert {protocol} {HEAD} (app-layer-event:{text};"
    for text in TRANSFORMS:
        for more in ("", 'pkt_data; content:"a";', 'base64_data; content:"a";'):
            yield f"alert http {HEAD} (http.uri; content:\"x\"; {text}; {more}"
        yield f"alert http {HEAD} ({text}; content:\"x\";"
        yield f"alert http {HEAD} (http.uri; {text}:x; content:\"x\";"
    for text in ("base64_decode;", "base64_decode:relative;", "base64_decode:bytes 4;", "base64_decode:bytes 4, offset 2, relative;",
                 "base64_decode:bytes 0;", "base64_decode:offset 70000;", "base64_decode:foo;", "base64_decode:relative, bytes 4;",
                 "base64_decode:bytes 4,;", ""):
        for more in ('base64_data; content:"a";', "base64_data;", "", 'base64_data; content:"a"; nocase; content:"b"; distance:1;',
                     'base64_data; pcre:"/a/";', 'base64_data; bsize:4;', 'base64_data; content:"a"; fast_pattern;'):
            yield f"alert http {HEAD} (http.uri; content:\"x\"; {text} {more}"
            yield f"alert tcp {HEAD} (content:\"x\"; {text} {more}"
    for head in HEADERS:
        for body in ("", 'content:"a";', 'http.uri; content:"a";', "flow:established;"):
            yield f"{head} ({body}"
    for place in PLACES:
        for other in PLACES:
            yield f'alert tcp {HEAD} ({place} {other}'
        for protocol in PROTOCOLS:
            yield f'alert {protocol} {HEAD} ({place}'
        yield f'alert http {HEAD} ({place} http.uri; content:"a";'
        yield f'alert tcp {HEAD} ({place} content:"a"; depth:7;'
    for state in STATE:
        for protocol in ("http", "tcp", "udp", "ip", "pkthdr"):
            yield f'alert {protocol} {HEAD} ({state}'
            yield f'pass {protocol} {HEAD} ({state} content:"a";'


def random_rules(seed, count):
    draw = random.Random(seed)
    pieces = [f"{b}; {s}" for b in REQUEST + RESPONSE + BOTH for s in SHAPES if s] + list(PLACES) * 6 + list(STATE) * 6
    pieces += [f'content:"ab"; {m};' for m in MODIFIERS] * 6 + [s for s in SHAPES if s] * 6 + list(FILES) * 3
    pieces += [f"{b}; {t}; {s}" for b in ("http.uri", "file.data", "http.header") for t in TRANSFORMS for s in SHAPES[:8]]
    for _ in range(count):
        protocol = draw.choice(PROTOCOLS[:6] + ("http",) * 6)
        action = draw.choice(("alert",) * 8 + ("drop", "pass", "reject"))
        yield f"{action} {protocol} {HEAD} ({' '.join(draw.choice(pieces) for _ in range(draw.randint(2, 4)))}"


def corpus(seed, count):
    """All rules, each once, each with its own sid and its own names."""
    seen = {}
    for text in [*fixed_rules(), *random_rules(seed, count)]:
        seen.setdefault(text.rstrip(), len(seen) + 1)
    for text, number in seen.items():
        if "dataset:" in text or "datarep:" in text or "bits:" in text or "flowint:" in text:
            text = re.sub(r"\bN\b", f"n{number}", text)
            text = re.sub(r"\bM\b", f"m{number}", text)
            text = re.sub(r"\bNN\b", f"nn{number}", text)
        yield f"{text} sid:{number};)"


def suricata_refuses(rules, folder):
    path = folder / "corpus.rules"
    path.write_text("\n".join(rules) + "\n")
    done = subprocess.run(["suricata", "-T", "-l", folder, "-S", path, "--set", f"default-rule-path={folder}", "--data-dir", folder],
                          cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=600,
                          check=False)
    text = done.stdout + done.stderr
    lines = {int(n) for n in re.findall(r"from file \S+ at line (\d+)", text)}
    if not lines or len(lines) == len(rules):
        sys.exit(f"suricata -T says nothing of use:\n{text[-2000:]}")
    return lines


def ours(bulkhead, rules, folder):
    """{line: code@column+length of the first error}"""
    path = folder / "corpus.rules"
    done = subprocess.run([bulkhead, "check", "--all", "--signatures", path, "--set", f"default-data-dir={folder}"], cwd=folder,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=600, check=False)
    found = {}
    for line, first, last, code in re.findall(r"corpus\.rules:(\d+):(\d+)(?:-(\d+))?: error\[([\w.]+)\]", done.stdout + done.stderr):
        length = int(last) - int(first) + 1 if last else 1
        found.setdefault(int(line), f"{code}@{first}+{length}")
    if not found and len(rules) > 100:
        sys.exit(f"bulkhead check says nothing of use:\n{(done.stdout + done.stderr)[-2000:]}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--store", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--every", type=int, default=1, help="store every N-th rule, and all that differ")
    parser.add_argument("--random", type=int, default=1500)
    arguments = parser.parse_args()
    if not shutil.which("suricata"):
        print("no suricata")
        return 77
    rules = list(corpus(arguments.seed, arguments.random))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        refused = suricata_refuses(rules, folder)
        errors = ours(arguments.bulkhead.resolve(), rules, folder)
    wrong = 0
    for number, rule in enumerate(rules, 1):
        if (number in refused) != (number in errors):
            wrong += 1
            print(f"{'refused ' if number in refused else 'accepted'} there, {errors.get(number, 'accepted'):45} here: {rule}")
    print(f"{len(rules)} rules, {len(refused)} refused by Suricata, {len(errors)} here, {wrong} differ")
    if arguments.store:
        with arguments.store.open("w", encoding="utf-8") as out:
            out.write("# Rules made by tests/differential/rule_corpus.py: what Suricata 7.0.10 -T says, what is said here, the rule.\n"
                      "# Places are column+length of the first error. Read by Resolve.VerdictsBesideSuricata.\n")
            for number, rule in enumerate(rules, 1):
                differs = (number in refused) != (number in errors)
                if number % arguments.every and not differs:
                    continue
                out.write(f"{'refused' if number in refused else 'accepted'}\t{errors.get(number, 'ok')}\t{rule}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
