#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()


def ask(port, *paths):
    talk = TcpTalk(capture, "10.1.0.10", port, "10.2.0.20", 80)
    talk.open()
    for path in paths:
        talk.client(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        talk.server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
    talk.close()


ask(40000, b"/quiet", b"/loud")
ask(40001, b"/first", b"/silence", b"/after")
capture.write(sys.argv[1])
