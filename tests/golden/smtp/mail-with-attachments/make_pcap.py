#!/usr/bin/env python3
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

MAIL = (b"Received: from one\r\nReceived: from two\r\nFrom: A <a@x.example>\r\nTo: b@y.example,\r\n c@y.example\r\n"
        b"Reply-To: r@x.example\r\nSubject: hi\r\nContent-Type: multipart/mixed; boundary=\"=_B\"\r\n\r\nto be ignored\r\n"
        b"--=_B\r\nContent-Type: text/plain\r\n\r\nsee http://docs.example/a and http://10.1.2.3/run.exe\r\n"
        b"--=_B\r\nContent-Type: application/pdf; name*0=\"report-\"; name*1=\"1.pdf\"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"hello world " * 8).replace(b"\n", b"\r\n") +
        b"--=_B\r\nContent-Disposition: attachment; filename=\"q.txt\"\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        b"\r\na soft=20=\r\nbreak\r\n--=_B--\r\n.\r\n")
capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 25)
talk.open()
talk.server(b"220 mx.example ESMTP\r\n")
for command, reply in ((b"EHLO client.example", b"250-mx\r\n250 SIZE"), (b"MAIL FROM:<a@x.example>", b"250 ok"),
                       (b"RCPT TO:<b@y.example>", b"250 ok"), (b"DATA", b"354 go")):
    talk.client(command + b"\r\n")
    talk.server(reply + b"\r\n")
for start in range(0, len(MAIL), 200):
    talk.client(MAIL[start:start + 200])
talk.server(b"250 queued\r\n")
talk.client(b"QUIT\r\n")
talk.server(b"221 bye\r\n")
talk.close()
capture.write(sys.argv[1])
