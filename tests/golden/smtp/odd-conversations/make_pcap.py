#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

HELLO = ((0, b"220 mx\r\n"), (1, b"EHLO me\r\n"), (0, b"250-mx\r\n250 SIZE\r\n"))
TALKS = (
    HELLO + ((1, b"EHLO again\r\n"), (0, b"250 k\r\n"), (1, b"NOOP " + b"x" * 5000 + b"\r\n"), (0, b"500 k\r\n")),
    HELLO + ((1, b"MAIL FROM:<a>\r\nDATA\r\nNOOP\r\n"), (0, b"250 k\r\n503 no\r\n250 k\r\n")),
    HELLO + ((1, b"MAIL FROM:<a>\r\n"), (0, b"250 k\r\n"), (1, b"RSET\r\n"), (0, b"250 k\r\n"), (1, b"MAIL FROM:<b>\r\n")),
    HELLO + ((1, b"BDAT 8\r\nabcdef\r\n"), (0, b"250 k\r\n"), (1, b"BDAT 3 LAST\r\nabcdef\r\n"), (0, b"250 k\r\n")),
    HELLO + ((1, b"AUTH LOGIN\r\n"), (0, b"999 what\r\n"), (1, b"NOOP\r\n")),
    ((1, b"HELO early\r\n"), (0, b"250 k\r\n")),
    HELLO + ((1, b"DATA\r\n"), (0, b"354 k\r\n"), (1, b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n" +
             b"X" * 80 + b": y\r\nContent-Disposition: attachment; filename=" + b"n" * 300 + b"\r\n\r\n" + b"y" * 1000 + b"\r\n.\r\n")),
)
capture = Capture()
for number, steps in enumerate(TALKS):
    talk = TcpTalk(capture, "10.1.0.10", 40001 + number, "10.2.0.20", 25)
    talk.open()
    for from_client, payload in steps:
        (talk.client if from_client else talk.server)(payload)
    talk.close()
capture.write(sys.argv[1])
