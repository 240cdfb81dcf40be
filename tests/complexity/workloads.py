"""Inputs that cost more than they should where something is not linear, each of any size.

A workload is a function of a capture and a size n; its cost must grow as n does. `make(name, n, path)` writes it.
"""
import gzip
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import dns_packets
import tls_messages
from packets import ACK, CLIENT_MAC, PSH, SYN, Capture, TcpTalk, ethernet, ipv4, ipv6, tcp, udp

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
WORKLOADS = {}


def workload(n, rules=""):
    """`n`: the smaller of the two sizes; the larger one is four times it."""
    def keep(play):
        WORKLOADS[play.__name__.replace("_", " ")] = (play, n, rules)
        return play
    return keep


def talk(capture, request=b"", answer=b"", port=80, cut=1400, client_port=40000):
    """One connection; every tenth segment is acknowledged."""
    conversation = TcpTalk(capture, CLIENT, client_port, SERVER, port)
    conversation.open()
    for side, other, data in (("client", "server", request), ("server", "client", answer)):
        for number, at in enumerate(range(0, len(data), cut)):
            conversation.segment(side, PSH | ACK, data[at:at + cut])
            if number % 10 == 9:
                conversation.segment(other, ACK)
        if data:
            conversation.segment(other, ACK)
    conversation.close()


# --- tables -----------------------------------------------------------------------------------------------------

@workload(4000)
def flows_that_nobody_answers(capture, n):
    for i in range(n):
        capture.add(ethernet(ipv4(f"10.{i >> 14 & 255}.{i >> 6 & 255}.{i & 63}", SERVER, 6,
                                  tcp("10.0.0.1", SERVER, 1024 + i % 50000, 80, i, 0, SYN, sum_override=0))))


@workload(4000)
def flows_whose_addresses_cancel_a_constant_of_the_hash(capture, n):
    """The first half of this address was the constant of a factor: every flow fell into few places, whatever the seed."""
    cancelled = struct.pack("<Q", 0x9E3779B97F4A7C15).hex()
    high = ":".join(cancelled[at:at + 4] for at in range(0, 16, 4))
    low_half = struct.pack("<Q", 0xC2B2AE3D27D4EB4F).hex()
    end = ":".join(low_half[at:at + 4] for at in range(0, 16, 4))
    for i in range(n):
        source = f"1000::{i >> 16:x}:{i & 0xFFFF:x}"
        capture.add(ethernet(ipv6(source, f"{high}:{end}", 17, struct.pack("!HHHH", 5000, 6000, 12, 0) + b"data")))


@workload(4000)
def first_fragments_of_datagrams_that_never_end(capture, n):
    for i in range(n):
        capture.add(ethernet(ipv4(f"10.1.{i >> 8 & 255}.{i & 255}", SERVER, 17, b"x" * 64, identification=i & 0xFFFF,
                                  flags=0x2000)))


@workload(1500)
def fragments_of_one_datagram_backwards(capture, n):
    for i in range(n, -1, -1):
        capture.add(ethernet(ipv4(CLIENT, SERVER, 17, b"x" * 8, identification=7, flags=(0x2000 if i < n else 0) | i)))


@workload(1500)
def every_other_fragment_then_the_rest(capture, n):
    for i in [*range(0, n, 2), *range(1, n, 2)]:
        capture.add(ethernet(ipv4(CLIENT, SERVER, 17, b"x" * 8, identification=7, flags=0x2000 | i)))


@workload(1500)
def fragments_that_overlap_all_that_came(capture, n):
    for i in range(n):
        capture.add(ethernet(ipv4(CLIENT, SERVER, 17, bytes([i & 255]) * 24, identification=7, flags=0x2000 | i)))


@workload(4000, 'alert icmp any any -> any any (msg:"t"; itype:8; threshold:type both,track by_src,count 2,seconds 60; sid:1;)\n')
def a_threshold_by_source_with_new_sources(capture, n):
    body = b"\x08\0\xf7\xff\0\0\0\0"
    for i in range(n):
        capture.add(ethernet(ipv4(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}", SERVER, 1, body)))


# --- TCP --------------------------------------------------------------------------------------------------------

def segments(capture, order, size=4, port=7000, overlap=0):
    conversation = TcpTalk(capture, CLIENT, 40000, SERVER, port)
    conversation.open()
    start = conversation.seq["client"]
    for i in order:
        conversation.segment("client", PSH | ACK, bytes([65 + i % 26]) * (size + overlap), seq=start + i * size)
    conversation.seq["client"] = start + (max(order) + 1) * size
    conversation.segment("server", ACK)
    conversation.close()


@workload(900)
def segments_backwards(capture, n):
    segments(capture, range(n, -1, -1))


@workload(900)
def segments_shuffled_behind_a_hole(capture, n):
    order = list(range(1, n))
    random.Random(1).shuffle(order)
    segments(capture, order)


@workload(900)
def segments_that_overlap_behind_a_hole(capture, n):
    segments(capture, range(1, n), overlap=40)


@workload(900)
def the_same_hole_again_and_again(capture, n):
    segments(capture, [1 + i % 3 * 2 for i in range(n)])


@workload(3000)
def segments_of_one_byte(capture, n):
    segments(capture, range(n), size=1)


@workload(3000, 'alert tcp any any -> any any (msg:"t"; flow:established; content:"needle"; content:"thread"; distance:0; sid:1;)\n')
def a_stream_full_of_half_matches(capture, n):
    talk(capture, b"needle thre" * n, port=7000)


PCRE = 'alert tcp any any -> any any (msg:"t"; flow:established; content:"aaaa"; pcre:"/(a+)+b/"; sid:1;)\n'


@workload(60, PCRE)
def a_regular_expression_that_backtracks(capture, n):
    for i in range(n):  # one flow each: the cost of one is bounded, so many cost as many
        talk(capture, b"a" * 1200, port=7000, client_port=40000 + i)


# --- HTTP -------------------------------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HTTP_RULE = ('alert http any any -> any any (msg:"t"; http.uri; content:"/never"; http.header; content:"never"; sid:1;)\n'
             'alert http any any -> any any (msg:"t"; http.request_body; content:"never"; sid:2;)\n'
             'alert http any any -> any any (msg:"t"; file.data; content:"never"; sid:3;)\n')


@workload(600, HTTP_RULE)
def requests_that_nobody_answers(capture, n):
    talk(capture, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * n)


@workload(600, HTTP_RULE)
def requests_answered_after_all_of_them(capture, n):
    talk(capture, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * n, OK * n)


@workload(300, HTTP_RULE)
def requests_in_single_bytes(capture, n):
    talk(capture, b"GET /a HTTP/1.1\r\n\r\n" * (n // 10), OK * (n // 10), cut=1)


@workload(800, HTTP_RULE)
def headers_of_one_request(capture, n):
    talk(capture, b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(n)) + b"\r\n", OK)


@workload(800, HTTP_RULE)
def headers_of_one_name(capture, n):
    talk(capture, b"GET / HTTP/1.1\r\n" + b"X-Same: y\r\n" * n + b"\r\n", OK)


@workload(800, HTTP_RULE)
def lines_of_one_folded_header(capture, n):
    talk(capture, b"GET / HTTP/1.1\r\nX-Long: a\r\n" + b" and more\r\n" * n + b"\r\n", OK)


@workload(2000, HTTP_RULE)
def one_header_without_end_in_small_segments(capture, n):
    talk(capture, b"GET / HTTP/1.1\r\nX-Long: " + b"z" * n * 8, cut=8)


@workload(4000, HTTP_RULE)
def a_path_that_goes_up_and_down(capture, n):
    talk(capture, b"GET /" + b"a/../" * n + b" HTTP/1.1\r\nHost: a\r\n\r\n", OK)


@workload(4000, HTTP_RULE)
def chunks_of_one_byte(capture, n):
    talk(capture, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * n + b"0\r\n\r\n", OK)


@workload(400, HTTP_RULE)
def parts_of_a_form(capture, n):
    body = b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\ndata\r\n" * n + b"--x--\r\n"
    talk(capture, b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body) +
         body, OK)


@workload(4000, HTTP_RULE)
def dashes_that_are_almost_a_boundary(capture, n):
    body = b"\r\n--" * n
    talk(capture, b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=--------x\r\nContent-Length: %d\r\n\r\n" %
         len(body) + body, OK)


@workload(25, HTTP_RULE)
def answers_that_decompress_a_thousandfold(capture, n):
    bomb = gzip.compress(b"\0" * 4_000_000, 9, mtime=0)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    for i in range(n):
        talk(capture, b"GET / HTTP/1.1\r\n\r\n", answer, client_port=40000 + i)


@workload(3000, HTTP_RULE)
def empty_members_of_a_gzip_file(capture, n):
    bomb = gzip.compress(b"", mtime=0) * n
    talk(capture, b"GET / HTTP/1.1\r\n\r\n",
         b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)


# --- HTTP/2 -----------------------------------------------------------------------------------------------------

DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
REQUEST = b"\x82\x86\x84\x41\x01a"


def frame(kind, flags, stream, content=b""):
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def h2(capture, frames):
    talk(capture, PREFACE + frame(SETTINGS, 0, 0) + frames, frame(SETTINGS, 0, 0), port=8080)


@workload(1500, HTTP_RULE)
def streams_reset_at_once(capture, n):
    h2(capture, b"".join(frame(HEADERS, 5, 1 + 2 * i, REQUEST) + frame(RST_STREAM, 0, 1 + 2 * i, bytes(4)) for i in range(n)))


@workload(6000, HTTP_RULE)
def streams_that_stay_open(capture, n):
    h2(capture, b"".join(frame(HEADERS, 4, 1 + 2 * i, REQUEST) for i in range(n)))


@workload(4000, HTTP_RULE)
def pings_and_settings(capture, n):
    h2(capture, (frame(PING, 0, 0, bytes(8)) + frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 65535))) * n)


@workload(1500, HTTP_RULE)
def a_header_continued_without_end(capture, n):
    h2(capture, frame(HEADERS, 0, 1, REQUEST) + frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b") * n)


@workload(60, HTTP_RULE)
def references_to_a_large_field(capture, n):
    """HPACK bomb: a value of 3,900 bytes in the table, named by one byte each time."""
    large = b"\x40\x01x\x7f" + bytes([0x80 | (3900 - 127) % 128, (3900 - 127) // 128]) + b"v" * 3900
    h2(capture, frame(HEADERS, 5, 1, REQUEST + large) + b"".join(
        frame(HEADERS, 5, 3 + 2 * i, REQUEST + b"\xbe" * 1000) for i in range(n)))


@workload(6000, HTTP_RULE)
def changes_of_the_size_of_the_table(capture, n):
    h2(capture, b"".join(frame(HEADERS, 5, 1 + 2 * i, b"\x20\x3f\xe1\x1f" + REQUEST) for i in range(n)))


# --- other protocols --------------------------------------------------------------------------------------------

DNS_RULE = 'alert dns any any -> any any (msg:"t"; dns.query; content:"never"; sid:1;)\n'


@workload(1200, DNS_RULE)
def answers_whose_names_point_to_a_long_name(capture, n):
    long_name = b"".join(b"\x3f" + b"a" * 63 for _ in range(3)) + b"\0"
    records = struct.pack("!HHHIH", 0xC00C, 16, 1, 60, 1) + b"\0"
    for i in range(max(1, n // 400)):
        message = struct.pack("!HHHHHH", i, 0x8180, 1, 400, 0, 0) + long_name + struct.pack("!HH", 16, 1) + records * 400
        talk(capture, b"", dns_packets.framed(message), port=53, client_port=40000 + i)


@workload(60, DNS_RULE)
def names_that_point_to_the_name_before(capture, n):
    """A chain of pointers that grows by one with each record."""
    for i in range(n):
        records, at = b"", 12 + 3 + 4
        previous = 12
        for _ in range(60):
            records += b"\x01a" + struct.pack("!H", 0xC000 | previous) + struct.pack("!HHIH", 16, 1, 60, 1) + b"\0"
            previous, at = at, at + 15
        message = struct.pack("!HHHHHH", i, 0x8180, 1, 60, 0, 0) + b"\x01q\0" + struct.pack("!HH", 16, 1) + records
        capture.add(ethernet(ipv4(SERVER, CLIENT, 17, udp(SERVER, CLIENT, 53, 40000, message))))


@workload(2000, DNS_RULE)
def questions_that_nobody_answers(capture, n):
    for i in range(n):
        message = dns_packets.message(0x0100, [dns_packets.question("a.b")], identification=i & 0xFFFF)
        capture.add(ethernet(ipv4(CLIENT, SERVER, 17, udp(CLIENT, SERVER, 40000, 53, message))))


@workload(2000, DNS_RULE)
def questions_over_tcp_that_nobody_answers(capture, n):
    talk(capture, b"".join(dns_packets.framed(dns_packets.message(0x0100, [dns_packets.question("a.b")],
                                                                  identification=i & 0xFFFF)) for i in range(n)), port=53)


TLS_RULE = 'alert tls any any -> any any (msg:"t"; tls.sni; content:"never"; sid:1;)\n'


@workload(2000, TLS_RULE)
def a_hello_in_records_of_one_byte(capture, n):
    hello = tls_messages.client_hello(tls_messages.server_name("a.b") + struct.pack("!HH", 21, n) + bytes(n))
    talk(capture, b"".join(tls_messages.record(22, hello[at:at + 1], 0x0301) for at in range(len(hello))), port=443)


@workload(1000, TLS_RULE)
def extensions_of_a_hello(capture, n):
    extensions = b"".join(struct.pack("!HHH", 0x1000 + i, 2, 0) for i in range(min(n, 10000)))
    hello = tls_messages.client_hello(tls_messages.server_name("a.b") + extensions)
    talk(capture, b"".join(tls_messages.record(22, hello[at:at + 16000], 0x0301) for at in range(0, len(hello), 16000)),
         port=443)


@workload(2000, TLS_RULE)
def warnings(capture, n):
    talk(capture, tls_messages.record(22, tls_messages.client_hello(tls_messages.server_name("a.b")), 0x0301) +
         tls_messages.record(21, b"\1\x5a") * n, port=443)


MAIL_RULE = 'alert smtp any any -> any any (msg:"t"; file.data; content:"never"; sid:1;)\n'


def mail(capture, content, recipients=1):
    conversation = TcpTalk(capture, CLIENT, 40000, SERVER, 25)
    conversation.open()
    conversation.server(b"220 a\r\n")
    conversation.client(b"HELO a\r\n")
    conversation.server(b"250 a\r\n")
    conversation.client(b"MAIL FROM:<a@b>\r\n")
    conversation.server(b"250 ok\r\n")
    for i in range(recipients):
        conversation.client(b"RCPT TO:<a%d@b>\r\n" % i)
        conversation.server(b"250 ok\r\n")
    conversation.client(b"DATA\r\n")
    conversation.server(b"354 go\r\n")
    for at in range(0, len(content), 1400):
        conversation.client(content[at:at + 1400])
    conversation.client(b"\r\n.\r\n")
    conversation.server(b"250 ok\r\n")
    conversation.close()


@workload(600, MAIL_RULE)
def parts_of_a_mail(capture, n):
    mail(capture, b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
         b"--x\r\nContent-Disposition: attachment; filename=a\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n" * n + b"--x--\r\n")


@workload(300, MAIL_RULE)
def parts_within_parts(capture, n):
    mail(capture, b"MIME-Version: 1.0\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=x%d\r\n\r\n--x%d\r\n" % (i, i) for i in range(n)) + b"\r\ntext\r\n")


@workload(600, MAIL_RULE)
def headers_of_a_mail(capture, n):
    mail(capture, b"".join(b"X-%d: y\r\n" % i for i in range(n)) + b"\r\ntext\r\n")


@workload(300, MAIL_RULE)
def recipients_of_a_mail(capture, n):
    mail(capture, b"Subject: a\r\n\r\ntext\r\n", recipients=n)


@workload(600, MAIL_RULE)
def addresses_in_a_mail(capture, n):
    mail(capture, b"Subject: a\r\n\r\n" + b"http://host.example/path?query " * n + b"\r\n")


@workload(3000, 'alert tcp any any -> any any (msg:"t"; app-layer-protocol:redis; content:"never"; sid:1;)\n')
def commands_of_redis_that_nobody_answers(capture, n):
    talk(capture, b"*1\r\n$4\r\nPING\r\n" * n, port=6379)


@workload(3000)
def arrays_within_arrays_of_redis(capture, n):
    talk(capture, b"*1\r\n$4\r\nPING\r\n", b"*1\r\n" * n, port=6379)


@workload(1500)
def braces_within_braces_to_the_docker_api(capture, n):
    body = b'{"a":' * n + b"1" + b"}" * n
    talk(capture, b"POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: "
         b"%d\r\n\r\n" % len(body) + body, OK, port=2375)


@workload(1500)
def keys_of_one_object_to_the_docker_api(capture, n):
    body = b"{" + b",".join(b'"k%d":1' % i for i in range(n)) + b"}"
    talk(capture, b"POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: "
         b"%d\r\n\r\n" % len(body) + body, OK, port=2375)


@workload(3000)
def pings_of_mqtt(capture, n):
    talk(capture, b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a" + b"\xc0\0" * n, b"\x20\x02\0\0", port=1883)


@workload(1500)
def commands_of_ftp_that_nobody_answers(capture, n):
    talk(capture, b"USER a\r\n" * n, b"220 a\r\n", port=21)


@workload(1500)
def queries_of_postgresql_that_nobody_answers(capture, n):
    start = struct.pack("!II", 16, 196608) + b"user\0a\0\0"
    start = struct.pack("!I", len(start)) + start[4:]
    query = b"Q" + struct.pack("!I", 4 + 9) + b"SELECT 1\0"
    talk(capture, start + query * n, port=5432)


def make(name, n, path):
    play, _, _ = WORKLOADS[name]
    capture = Capture(step=0.00001)
    play(capture, n)
    capture.write(path)
