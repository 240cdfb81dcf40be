"""The same request or answer of HTTP, said otherwise."""
import base64
import gzip
import struct
import zlib

from case import evasion
from scripts import Tcp

PATH, REQUEST, BODY, ANSWER, H2 = ("HTTP: paths", "HTTP: requests and headers", "HTTP: bodies of requests",
                                   "HTTP: bodies of answers", "HTTP/2")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def talk(stage, request, answer=OK, port=80, cut=1400, answer_cut=1400):
    tcp = Tcp(stage, port=port)
    tcp.open()
    tcp.say(request, cut)
    tcp.tell(answer, answer_cut)
    tcp.close()


def get(path, more=b"", host=b"svc.internal"):
    return b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + more + b"\r\n"


def path(name, form):
    def play(stage):
        talk(stage, get(form(stage.evil)))
    evasion(PATH, sid=5, name=name)(play)


def percent(text):
    return b"".join(b"%%%02x" % byte for byte in text)


path("plain", lambda word: b"/etc/" + word + b"/shadow")
path("every byte by its number", lambda word: b"/" + percent(b"etc/" + word + b"/shadow"))
path("numbers in capitals", lambda word: b"/etc/" + percent(word).upper() + b"/shadow")
path("a dot as a folder", lambda word: b"/etc/./" + word + b"/././shadow")
path("up and down again", lambda word: b"/etc/x/../" + word + b"/y/z/../../shadow")
path("two slashes", lambda word: b"//etc///" + word + b"//shadow")
path("up and down by numbers", lambda word: b"/etc/x/%2e%2e/" + word + b"/shadow")
path("slashes by number", lambda word: b"/etc%2f" + word + b"%2fshadow")
path("with the name of a host", lambda word: b"http://svc.internal/etc/" + word + b"/shadow")
path("behind a question mark", lambda word: b"/run?file=/etc/" + word + b"/shadow")
path("behind a question mark by numbers", lambda word: b"/run?file=" + percent(b"/etc/" + word + b"/shadow"))
path("capitals", lambda word: b"/ETC/" + word.upper() + b"/Shadow")
path("behind 4,000 bytes", lambda word: b"/" + b"a" * 4000 + b"/etc/" + word + b"/shadow")
path("up beyond the top", lambda word: b"/../../../etc/" + word + b"/shadow")
path("parameters in a folder", lambda word: b"/x/;a=b/../../etc/" + word + b"/shadow")
path("a back slash", lambda word: b"/etc\\" + word + b"\\shadow")


# --- requests and headers ---------------------------------------------------------------------------------------

def request(name, sid, form, **options):
    def play(stage):
        talk(stage, form(stage.evil), **options)
    evasion(REQUEST, sid=sid, name=name)(play)


AGENT = lambda word: word + b"-scanner"
TARGET = lambda word: b"/etc/" + word + b"/shadow"
request("single bytes", 5, lambda w: get(TARGET(w)), cut=1)
request("an odd port", 5, lambda w: get(TARGET(w)), port=4443)
request("the port of another protocol", 5, lambda w: get(TARGET(w)), port=22)
request("the port of DNS", 5, lambda w: get(TARGET(w)), port=53)
request("empty lines before it", 5, lambda w: b"\r\n\r\n" + get(TARGET(w)))
request("lines end with LF alone", 8, lambda w: get(b"/", b"User-Agent: " + AGENT(w) + b"\n").replace(b"\r\n", b"\n"))
request("HTTP/1.0", 5, lambda w: b"GET " + TARGET(w) + b" HTTP/1.0\r\n\r\n")
request("HTTP/0.9", 5, lambda w: b"GET " + TARGET(w) + b"\r\n", answer=b"root:x")
request("a version that does not exist", 5, lambda w: b"GET " + TARGET(w) + b" HTTP/1.9\r\nHost: a\r\n\r\n")
request("an unknown method", 5, lambda w: b"FROBNICATE " + TARGET(w) + b" HTTP/1.1\r\nHost: a\r\n\r\n")
request("a method in small letters", 5, lambda w: b"get " + TARGET(w) + b" HTTP/1.1\r\nHost: a\r\n\r\n")
request("tabs between the parts", 5, lambda w: b"GET\t" + TARGET(w) + b"\tHTTP/1.1\r\nHost: a\r\n\r\n")
request("many spaces between the parts", 5, lambda w: b"GET    " + TARGET(w) + b"    HTTP/1.1\r\nHost: a\r\n\r\n")
request("the second of two at once", 5, lambda w: get(b"/") + get(TARGET(w)), answer=OK + OK)
request("the two-hundredth of many at once", 5, lambda w: get(b"/") * 199 + get(TARGET(w)), answer=OK * 200)
request("after the answer to one that has not come", 5, lambda w: get(TARGET(w)), answer=OK + OK)
request("behind a hundred headers", 8, lambda w: get(b"/", b"".join(b"X-%d: y\r\n" % i for i in range(100)) +
                                                     b"User-Agent: " + AGENT(w) + b"\r\n"))
request("behind a header of 12,000 bytes", 8, lambda w: get(b"/", b"X-Long: " + b"z" * 12000 + b"\r\nUser-Agent: " + AGENT(w) +
                                                            b"\r\n"))
request("a name of a header in odd letters", 8, lambda w: get(b"/", b"uSeR-aGeNt: " + AGENT(w) + b"\r\n"))
request("no space behind the colon", 8, lambda w: get(b"/", b"User-Agent:" + AGENT(w) + b"\r\n"))
request("spaces and tabs around the value", 8, lambda w: get(b"/", b"User-Agent: \t  " + AGENT(w) + b" \t \r\n"))
request("a space before the colon", 8, lambda w: get(b"/", b"User-Agent : " + AGENT(w) + b"\r\n"))
request("a value in two lines", 8, lambda w: get(b"/", b"User-Agent: a\r\n " + AGENT(w) + b"\r\n"))
request("the second header of its name", 8, lambda w: get(b"/", b"User-Agent: curl\r\nUser-Agent: " + AGENT(w) + b"\r\n"))
request("a host in capitals with a port", 13, lambda w: get(b"/", host=b"C2." + w.upper() + b".Example:8080"))
request("a host in the path against another in the header", 13,
        lambda w: get(b"http://c2." + w + b".example/", host=b"svc.internal"))
request("two cookies in two headers", 15, lambda w: get(b"/", b"Cookie: a=b\r\nCookie: session=" + w + b"-token\r\n"))
request("a NUL in another header", 8, lambda w: get(b"/", b"X-Zero: a\0b\r\nUser-Agent: " + AGENT(w) + b"\r\n"))
request("a header without a colon before", 8, lambda w: get(b"/", b"nonsense\r\nUser-Agent: " + AGENT(w) + b"\r\n"))


@evasion(REQUEST, sid=5)
def the_server_speaks_first(stage):
    tcp = Tcp(stage, port=80)
    tcp.open()
    tcp.tell(b"220 not what you think\r\n")
    tcp.say(get(TARGET(stage.evil)))
    tcp.tell(OK)
    tcp.close()


@evasion(REQUEST, sid=5)
def an_answer_that_never_comes(stage):
    tcp = Tcp(stage, port=80)
    tcp.open()
    tcp.say(get(TARGET(stage.evil)))
    tcp.reset()


@evasion(REQUEST, sid=5)
def half_a_request_for_half_an_hour(stage):
    tcp = Tcp(stage, port=80)
    tcp.open()
    whole = get(TARGET(stage.evil))
    for at in range(0, len(whole), 8):
        tcp.say(whole[at:at + 8])
        stage.capture.wait(200)
    tcp.tell(OK)
    tcp.close()


@evasion(REQUEST, sid=5)
def the_request_after_an_upgrade_that_was_refused(stage):
    tcp = Tcp(stage, port=80)
    tcp.open()
    tcp.say(get(b"/", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    tcp.tell(OK)
    tcp.say(get(TARGET(stage.evil)))
    tcp.tell(OK)
    tcp.close()


@evasion(REQUEST, sid=5)
def a_request_through_a_proxy(stage):
    tcp = Tcp(stage, port=3128)
    tcp.open()
    tcp.say(b"CONNECT svc.internal:80 HTTP/1.1\r\nHost: svc.internal:80\r\n\r\n")
    tcp.tell(b"HTTP/1.1 200 Connection established\r\n\r\n")
    tcp.say(get(TARGET(stage.evil)))
    tcp.tell(OK)
    tcp.close()


# --- bodies -----------------------------------------------------------------------------------------------------

def chunks(data, size, form=b"%x", extension=b""):
    pieces = [data[at:at + size] for at in range(0, len(data), size)]
    return b"".join(form % len(piece) + extension + b"\r\n" + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


def post(headers, body, version=b"1.1"):
    return b"POST /run HTTP/" + version + b"\r\nHost: svc.internal\r\n" + headers + b"\r\n" + body


def sized(body, more=b""):
    return post(more + b"Content-Length: %d\r\n" % len(body), body)


def body(name, form, sid=6, **options):
    def play(stage):
        talk(stage, form(stage.evil), **options)
    evasion(BODY, sid=sid, name=name)(play)


FORM = lambda word: b"a=1&cmd=" + word + b"-command&b=2"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
body("plain", lambda w: sized(FORM(w)))
body("single bytes", lambda w: sized(FORM(w)), cut=1)
body("chunks of a byte", lambda w: post(CHUNKED, chunks(FORM(w), 1)))
body("chunks with extensions", lambda w: post(CHUNKED, chunks(FORM(w), 3, extension=b";name=\"a;b\"")))
body("lengths of chunks with zeros before", lambda w: post(CHUNKED, chunks(FORM(w), 3, form=b"00000000%x")))
body("lengths of chunks with a space behind", lambda w: post(CHUNKED, chunks(FORM(w), 3, extension=b"  ")))
body("chunks and a length", lambda w: post(CHUNKED + b"Content-Length: 3\r\n", chunks(FORM(w), 3)))
body("the coding in capitals", lambda w: post(b"transfer-ENCODING: CHUNKED\r\n", chunks(FORM(w), 3)))
body("behind 30,000 bytes", lambda w: sized(b"x=" + b"y" * 30000 + b"&" + FORM(w)))
body("asked whether to go on", lambda w: sized(FORM(w), b"Expect: 100-continue\r\n"),
     answer=b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
body("a GET with a body", lambda w: b"GET /run HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(FORM(w)) + FORM(w))
body("two equal lengths", lambda w: post((b"Content-Length: %d\r\n" % len(FORM(w))) * 2, FORM(w)))
body("a length with a plus and zeros", lambda w: post(b"Content-Length: 000%d\r\n" % len(FORM(w)), FORM(w)))

MULTIPART = b"Content-Type: multipart/form-data; boundary=%s\r\n"


def upload(word, boundary=b"cut-here", disposition=b'form-data; name="f"; filename="a.bin"', more=b"", quoted=None):
    content = b"--" + boundary + b"\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + word + \
        b"-download-body\r\n--" + boundary + b"--\r\n"
    return sized(content, MULTIPART % (quoted or boundary))


body("a file of a form", lambda w: upload(w), sid=12)
body("a file of a form, in single bytes", lambda w: upload(w), sid=12, cut=1)
body("a boundary in quotes", lambda w: upload(w, quoted=b'"cut-here"'), sid=12)
body("a boundary of dashes", lambda w: upload(w, boundary=b"-----------------------------7"), sid=12)
body("a file without quotes around its name", lambda w: upload(w, disposition=b"form-data; name=f; filename=a.bin"), sid=12)
body("a file in chunks", lambda w: post(CHUNKED + MULTIPART % b"cut-here", chunks(upload(w).split(b"\r\n\r\n", 1)[1], 5)), sid=12)
body("a file by PUT", lambda w: b"PUT /a.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\n" + w + b"-download-body", sid=12)


def answer(name, form, request_form=lambda word: get(b"/tool"), **options):
    def play(stage):
        talk(stage, request_form(stage.evil), form(stage.evil), **options)
    evasion(ANSWER, sid=7, name=name)(play)


def reply(data, more=b"", status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(data) + data


FILE = lambda word: b"<p>" + b"lorem ipsum " * 20 + word + b"-download-body" + b" dolor" * 20 + b"</p>"
coded = lambda kind: b"Content-Encoding: " + kind + b"\r\n"
raw_deflate = lambda data: zlib.compressobj(9, zlib.DEFLATED, -15)
answer("plain", lambda w: reply(FILE(w)))
answer("single bytes", lambda w: reply(FILE(w)), answer_cut=1)
answer("until the connection ends", lambda w: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + FILE(w))
answer("chunks of a byte", lambda w: b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n" + chunks(FILE(w), 1))
answer("gzip", lambda w: reply(gzip.compress(FILE(w), mtime=0), coded(b"gzip")))
answer("gzip, called x-gzip", lambda w: reply(gzip.compress(FILE(w), mtime=0), coded(b"x-gzip")))
answer("gzip in single bytes", lambda w: reply(gzip.compress(FILE(w), mtime=0), coded(b"gzip")), answer_cut=1)
answer("gzip in chunks of three", lambda w: b"HTTP/1.1 200 OK\r\n" + CHUNKED + coded(b"gzip") + b"\r\n" +
       chunks(gzip.compress(FILE(w), mtime=0), 3))
answer("gzip that is only stored", lambda w: reply(gzip.compress(FILE(w), 0, mtime=0), coded(b"gzip")))
answer("deflate with a zlib header", lambda w: reply(zlib.compress(FILE(w)), coded(b"deflate")))


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def gzip_with(data, flags, extra):
    """A gzip member whose header has optional parts."""
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(4) + b"\0\xff" + extra + deflated(data) + struct.pack(
        "<II", zlib.crc32(data), len(data))


answer("deflate without one", lambda w: reply(deflated(FILE(w)), coded(b"deflate")))
answer("gzip with name and comment", lambda w: reply(gzip_with(FILE(w), 0x18, b"a-name\0a comment\0"), coded(b"gzip")))
answer("gzip with an extra field", lambda w: reply(gzip_with(FILE(w), 0x04, b"\x05\0hello"), coded(b"gzip")))
answer("gzip twice", lambda w: reply(gzip.compress(gzip.compress(FILE(w), mtime=0), mtime=0), coded(b"gzip, gzip")))
answer("gzip, then deflate", lambda w: reply(zlib.compress(gzip.compress(FILE(w), mtime=0)), coded(b"gzip, deflate")))
answer("two headers for two codings", lambda w: reply(zlib.compress(gzip.compress(FILE(w), mtime=0)),
                                                    coded(b"gzip") + coded(b"deflate")))
answer("gzip in two members", lambda w: reply(gzip.compress(b"first", mtime=0) + gzip.compress(FILE(w), mtime=0), coded(b"gzip")))
answer("announced as gzip and plain", lambda w: reply(FILE(w), coded(b"gzip")))
answer("gzip in capitals", lambda w: reply(gzip.compress(FILE(w), mtime=0), b"CONTENT-ENCODING: GZIP\r\n"))
answer("behind an answer 100", lambda w: b"HTTP/1.1 100 Continue\r\n\r\n" + reply(FILE(w)))
answer("an error page", lambda w: reply(FILE(w), status=b"404 Not Found"))
answer("behind 60,000 bytes", lambda w: reply(b"." * 60000 + FILE(w)))
answer("behind 60,000 bytes in gzip", lambda w: reply(gzip.compress(b"." * 60000 + FILE(w), mtime=0), coded(b"gzip")))
answer("a part of it (206)", lambda w: reply(FILE(w), b"Content-Range: bytes 0-%d/%d\r\n" % (len(FILE(w)) - 1, len(FILE(w))),
                                           status=b"206 Partial Content"))
answer("a status line without a reason", lambda w: reply(FILE(w), status=b"200"))
answer("lines of the head end with LF alone", lambda w: b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % len(FILE(w)) + FILE(w))
answer("chunks with a length too", lambda w: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + CHUNKED + b"\r\n" + chunks(FILE(w), 7))
answer("the second of two", lambda w: reply(b"one") + reply(FILE(w)), request_form=lambda w: get(b"/a") + get(b"/b"))


# --- HTTP/2 -----------------------------------------------------------------------------------------------------

DATA, HEADERS, PRIORITY, SETTINGS, PING, CONTINUATION = 0, 1, 2, 4, 6, 9
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, content=b""):
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def literal(name, value, kind=0):
    assert len(name) < 127 and len(value) < 127
    return bytes([kind, len(name)]) + name + bytes([len(value)]) + value


def fields(target, more=b""):
    return b"\x82\x86" + b"\x04" + bytes([len(target)]) + target + literal(b":authority", b"svc.internal") + more


def h2(name, form, sid=5, reply_form=None, cut=1400):
    def play(stage):
        replied = frame(SETTINGS, 0, 0) + (reply_form(stage.evil) if reply_form else
                                           frame(HEADERS, 4, 1, b"\x88") + frame(DATA, 1, 1, b"ok"))
        talk(stage, PREFACE + frame(SETTINGS, 0, 0) + form(stage.evil), replied, port=8080, cut=cut)
    evasion(H2, sid=sid, name=name)(play)


# RFC 7541, appendix B, for the letters that are needed.
HUFFMAN = {"/": "011000", "e": "00101", "t": "01001", "c": "00100", "v": "1110111", "i": "00110", "l": "101000", "s": "01000",
           "h": "100111", "a": "00011", "d": "100100", "o": "00111", "w": "1111000", "f": "100101", "n": "101010"}


def huffman(text):
    bits = "".join(HUFFMAN[letter] for letter in text.decode())
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def huffman_path(word):
    packed = huffman(TARGET(word))
    return b"\x82\x86\x04" + bytes([0x80 | len(packed)]) + packed + literal(b":authority", b"svc.internal")


h2("plain", lambda w: frame(HEADERS, 5, 1, fields(TARGET(w))))
h2("single bytes", lambda w: frame(HEADERS, 5, 1, fields(TARGET(w))), cut=1)
h2("continued in single bytes", lambda w: frame(HEADERS, 1, 1, fields(TARGET(w))[:1]) + b"".join(
    frame(CONTINUATION, 4 if at == len(fields(TARGET(w))) - 1 else 0, 1, fields(TARGET(w))[at:at + 1])
    for at in range(1, len(fields(TARGET(w))))))
h2("padded", lambda w: frame(HEADERS, 0x0D, 1, b"\x20" + fields(TARGET(w)) + bytes(32)))
h2("with a priority", lambda w: frame(HEADERS, 0x25, 1, bytes([0, 0, 0, 0, 16]) + fields(TARGET(w))))
h2("in Huffman's code", lambda w: frame(HEADERS, 5, 1, huffman_path(w)))
h2("a user agent whose name stands in the dynamic table", lambda w: frame(HEADERS, 5, 1, b"\x82\x86\x84" + literal(
    b"user-agent", b"curl", 0x40)) + frame(HEADERS, 5, 3, b"\x82\x86\x84\x7e" + bytes([len(AGENT(w))]) + AGENT(w)), sid=8)
h2("the path is told once and then by its place", lambda w:
   frame(HEADERS, 5, 1, b"\x82\x86\x44" + bytes([len(TARGET(w))]) + TARGET(w)) + frame(HEADERS, 5, 3, b"\x82\x86\xbe"))
h2("the fifth of many streams", lambda w: b"".join(frame(HEADERS, 5, 1 + 2 * n, fields(b"/")) for n in range(4)) +
   frame(HEADERS, 5, 9, fields(TARGET(w))))
h2("frames of no known kind around it", lambda w: frame(0xEE, 0, 0, b"grease") + frame(HEADERS, 5, 1, fields(TARGET(w))) +
   frame(0xEF, 0, 1, b"grease"))
h2("pings before it", lambda w: frame(PING, 0, 0, bytes(8)) * 50 + frame(HEADERS, 5, 1, fields(TARGET(w))))
h2("a user agent never to be indexed", lambda w: frame(HEADERS, 5, 1, fields(b"/", literal(b"user-agent", AGENT(w), 0x10))), sid=8)
h2("the answer in padded frames", lambda w: frame(HEADERS, 5, 1, fields(b"/")), sid=7, reply_form=lambda w:
   frame(HEADERS, 4, 1, b"\x88") + b"".join(frame(DATA, 8, 1, b"\x03" + FILE(w)[at:at + 5] + bytes(3))
                                             for at in range(0, len(FILE(w)), 5)) + frame(DATA, 1, 1))
h2("the answer in gzip", lambda w: frame(HEADERS, 5, 1, fields(b"/")), sid=7, reply_form=lambda w:
   frame(HEADERS, 4, 1, b"\x88" + literal(b"content-encoding", b"gzip")) + frame(DATA, 1, 1, gzip.compress(FILE(w), mtime=0)))


@evasion(H2, sid=5)
def by_an_upgrade_from_http_1(stage):
    tcp = Tcp(stage, port=8080)
    tcp.open()
    tcp.say(get(b"/", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: " +
                base64.urlsafe_b64encode(struct.pack("!HI", 3, 100)).rstrip(b"=") + b"\r\n"))
    tcp.tell(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + frame(SETTINGS, 0, 0) +
             frame(HEADERS, 5, 1, b"\x88"))
    tcp.say(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, 5, 3, fields(TARGET(stage.evil))))
    tcp.tell(frame(HEADERS, 5, 3, b"\x88"))
    tcp.close()
