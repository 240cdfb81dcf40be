"""Names, mails and files, told in the ways that DNS, TLS, SMTP, FTP and SSH allow."""
import base64
import struct

import dns_packets
import tls_messages
from case import evasion
from scripts import Tcp

DNS, TLS, SMTP, OTHER = "DNS: names", "TLS: server names", "SMTP: attachments", "FTP and SSH"


# --- DNS --------------------------------------------------------------------------------------------------------

def name(word):
    return b"c2." + word + b".example"


def labels(text):
    return b"".join(bytes([len(part)]) + part for part in text.split(b".")) + b"\0"


def question(encoded, type_=1):
    return encoded + struct.pack("!HH", type_, 1)


def query(encoded_questions, flags=0x0100, more=b"", additional=0, identification=1):
    return struct.pack("!HHHHHH", identification, flags, len(encoded_questions), 0, 0, additional) + \
        b"".join(encoded_questions) + more


def over_udp(stage, message, port=53, v6=False):
    dns_packets.UdpTalk(stage.capture, stage.ends(v6)[0], 31000, stage.ends(v6)[1], port).client(message)


def asked(title, form, port=53, v6=False):
    def play(stage):
        over_udp(stage, form(stage.evil), port, v6)
    evasion(DNS, sid=9, name=title)(play)


asked("plain", lambda w: query([question(labels(name(w)))]))
asked("capitals here and there", lambda w: query([question(labels(b"C2." + w.title() + b".eXaMpLe"))]))
asked("for any type", lambda w: query([question(labels(name(w)), 255)]))
asked("for TXT", lambda w: query([question(labels(name(w)), 16)]))
asked("with EDNS and padding", lambda w: query([question(labels(name(w)))], additional=1,
                                              more=b"\0\0\x29\x10\0\0\0\0\0\0\x44" + struct.pack("!HH", 12, 64) + bytes(64)))
asked("the second of two questions", lambda w: query([question(labels(b"www.internal")), question(labels(name(w)))]))
asked("by a pointer to the end of another name", lambda w: query(
    [question(labels(b"www." + w + b".example")), question(b"\x02c2\xc0\x10")]))
asked("on an odd port", lambda w: query([question(labels(name(w)))]), port=5353)
asked("over IPv6", lambda w: query([question(labels(name(w)))]), v6=True)
asked("below sixty labels", lambda w: query([question(labels(b"a." * 60 + name(w)))]))
asked("an opcode that nobody uses", lambda w: query([question(labels(name(w)))], flags=0x0900))


def over_tcp(title, form, cut=1400, port=53):
    def play(stage):
        tcp = Tcp(stage, port=port)
        tcp.open()
        tcp.say(form(stage.evil), cut)
        tcp.close()
    evasion(DNS, sid=9, name=title)(play)


framed = dns_packets.framed
over_tcp("over TCP", lambda w: framed(query([question(labels(name(w)))])))
over_tcp("over TCP in single bytes", lambda w: framed(query([question(labels(name(w)))])), cut=1)
over_tcp("over TCP, the second of two", lambda w: framed(query([question(labels(b"www.internal"))])) +
         framed(query([question(labels(name(w)))], identification=2)))
over_tcp("over TCP, the thirtieth of many", lambda w: b"".join(
    framed(query([question(labels(b"www.internal"))], identification=n)) for n in range(29)) +
    framed(query([question(labels(name(w)))], identification=99)))


# --- TLS --------------------------------------------------------------------------------------------------------

def hello(word, before=b"", after=b""):
    return tls_messages.client_hello(before + tls_messages.server_name(name(word).decode()) + after)


def greeting(title, form, cut=1400, port=443):
    def play(stage):
        tcp = Tcp(stage, port=port)
        tcp.open()
        tcp.say(form(stage.evil), cut)
        tcp.tell(tls_messages.record(22, tls_messages.server_hello()) + tls_messages.record(
            22, tls_messages.certificates(tls_messages.SERVER_CERTIFICATE)))
        tcp.close()
    evasion(TLS, sid=10, name=title)(play)


def records(message, size):
    return b"".join(tls_messages.record(22, message[at:at + size], 0x0301) for at in range(0, len(message), size))


def extension(kind, content):
    return struct.pack("!HH", kind, len(content)) + content


greeting("plain", lambda w: records(hello(w), 16000))
greeting("single bytes", lambda w: records(hello(w), 16000), cut=1)
greeting("an odd port", lambda w: records(hello(w), 16000), port=7443)
greeting("the port of HTTP", lambda w: records(hello(w), 16000), port=80)
greeting("records of ten bytes", lambda w: records(hello(w), 10))
greeting("records of a byte", lambda w: records(hello(w), 1))
greeting("the type of the message alone in a record", lambda w: records(hello(w)[:1], 1) + records(hello(w)[1:], 16000))
greeting("behind 1,200 bytes of padding", lambda w: records(hello(w, before=extension(21, bytes(1200))), 16000))
greeting("behind a key share of 3,000 bytes", lambda w: records(hello(w, before=extension(51, bytes(3000))), 16000))
greeting("behind a hello of 20,000 bytes in two records", lambda w: records(hello(w, before=extension(51, bytes(20000))), 16000))
greeting("an unknown version in the record", lambda w: tls_messages.record(22, hello(w), 0x0304))
greeting("capitals", lambda w: records(tls_messages.client_hello(tls_messages.server_name(name(w).decode().upper())), 16000))
greeting("a warning before it", lambda w: tls_messages.record(21, b"\1\x5a", 0x0301) + records(hello(w), 16000))
greeting("an unknown extension first", lambda w: records(hello(w, before=extension(0x0A0A, b"grease")), 16000))


# --- SMTP -------------------------------------------------------------------------------------------------------

def file_text(word):
    return b"The quick brown fox " * 5 + word + b"-download-body" + b" jumps over the dog" * 5


def mail(title, form, cut=1400, chunked=False, port=25):
    def play(stage):
        tcp = Tcp(stage, port=port)
        tcp.open()
        tcp.tell(b"220 mail.internal ESMTP\r\n")
        for line, reply in ((b"EHLO pod\r\n", b"250-mail.internal\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
                            (b"MAIL FROM:<a@internal>\r\n", b"250 ok\r\n"), (b"RCPT TO:<b@internal>\r\n", b"250 ok\r\n")):
            tcp.say(line)
            tcp.tell(reply)
        if chunked:
            data = form(stage.evil)
            half = len(data) // 2
            for piece, last in ((data[:half], b""), (data[half:], b" LAST")):
                tcp.say(b"BDAT %d%s\r\n" % (len(piece), last) + piece, cut)
                tcp.tell(b"250 ok\r\n")
        else:
            tcp.say(b"DATA\r\n")
            tcp.tell(b"354 go on\r\n")
            tcp.say(form(stage.evil) + b".\r\n", cut)
            tcp.tell(b"250 ok\r\n")
        tcp.say(b"QUIT\r\n")
        tcp.tell(b"221 bye\r\n")
        tcp.close()
    evasion(SMTP, sid=11, name=title)(play)


def lines(data, size=76):
    return b"".join(data[at:at + size] + b"\r\n" for at in range(0, len(data), size))


def quoted_printable(data):
    text, line = b"", b""
    for byte in data:
        line += b"=%02X" % byte
        if len(line) > 70:
            text, line = text + line + b"=\r\n", b""
    return text + line + b"\r\n"


def attachment(content, coding, boundary=b"cut", more=b"", disposition=b'attachment; filename="a.bin"'):
    return (b"From: a@internal\r\nTo: b@internal\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + boundary +
            b"\"\r\n\r\npreamble\r\n--" + boundary + b"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--" + boundary +
            b"\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: " + coding +
            b"\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + content + b"\r\n--" + boundary + b"--\r\n")


encoded = lambda word: base64.b64encode(file_text(word))
mail("plain", lambda w: attachment(file_text(w), b"7bit"))
mail("base64", lambda w: attachment(lines(encoded(w)), b"base64"))
mail("base64 in single bytes", lambda w: attachment(lines(encoded(w)), b"base64"), cut=1)
mail("base64 in lines of five", lambda w: attachment(lines(encoded(w), 5), b"base64"))
mail("base64 with spaces between", lambda w: attachment(lines(b" ".join(encoded(w)[at:at + 6] for at in range(0, len(encoded(w)), 6)),
                                                              70), b"base64"))
mail("base64 in capitals", lambda w: attachment(lines(encoded(w)), b"BASE64"))
mail("quoted-printable, every byte", lambda w: attachment(quoted_printable(file_text(w)), b"quoted-printable"))
mail("quoted-printable in small letters", lambda w: attachment(quoted_printable(file_text(w)).lower(), b"Quoted-Printable"))
mail("a boundary with odd signs", lambda w: attachment(lines(encoded(w)), b"base64", boundary=b"=_(x)+':?"))
mail("a name of the file in two lines", lambda w: attachment(lines(encoded(w)), b"base64",
                                                            disposition=b"attachment;\r\n filename=\"a.bin\""))
mail("twenty headers before the content", lambda w: attachment(lines(encoded(w)), b"base64",
                                                              more=b"".join(b"X-%d: y\r\n" % n for n in range(20))))
mail("base64 in chunks (BDAT)", lambda w: attachment(lines(encoded(w)), b"base64"), chunked=True)
mail("a part within a part", lambda w: (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n" +
    attachment(lines(encoded(w)), b"base64", boundary=b"inner").split(b"MIME-Version: 1.0\r\n")[1] + b"--outer--\r\n"))
mail("on the port of submission", lambda w: attachment(lines(encoded(w)), b"base64"), port=587)


# --- FTP and SSH ------------------------------------------------------------------------------------------------

def ftp(title, form, cut=1400, port=21):
    def play(stage):
        tcp = Tcp(stage, port=port)
        tcp.open()
        tcp.tell(b"220 ready\r\n")
        tcp.say(b"USER a\r\n")
        tcp.tell(b"331 password\r\n")
        tcp.say(b"PASS b\r\n")
        tcp.tell(b"230 in\r\n")
        tcp.say(form(stage.evil), cut)
        tcp.tell(b"550 no\r\n")
        tcp.close()
    evasion(OTHER, sid=16, name=title)(play)


ftp("FTP plain", lambda w: b"RETR " + w + b"-file\r\n")
ftp("FTP in single bytes", lambda w: b"RETR " + w + b"-file\r\n", cut=1)
ftp("FTP in small letters", lambda w: b"retr " + w + b"-file\r\n")
ftp("FTP on an odd port", lambda w: b"RETR " + w + b"-file\r\n", port=2121)


def ssh(title, form, cut=1400, port=22):
    def play(stage):
        tcp = Tcp(stage, port=port)
        tcp.open()
        tcp.tell(b"SSH-2.0-OpenSSH_9.2\r\n")
        tcp.say(form(stage.evil), cut)
        tcp.close()
    evasion(OTHER, sid=14, name=title)(play)


ssh("SSH plain", lambda w: b"SSH-2.0-" + w + b"-client_1.0\r\n")
ssh("SSH in single bytes", lambda w: b"SSH-2.0-" + w + b"-client_1.0\r\n", cut=1)
ssh("SSH, LF alone", lambda w: b"SSH-2.0-" + w + b"-client_1.0\n")
ssh("SSH on the port of HTTPS", lambda w: b"SSH-2.0-" + w + b"-client_1.0\r\n", port=443)
ssh("SSH with a comment", lambda w: b"SSH-2.0-" + w + b"-client_1.0 a comment\r\n")
