#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
# Opened, never closed: looked at once more at the end.
talk = TcpTalk(capture, "10.1.0.10", 40000, "10.2.0.20", 80)
talk.open()
talk.client(b"GET /open HTTP/1.0\r\n\r\n", False)
talk.server(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", False)
# Seen from the middle on: the first packet belongs to no connection yet.
middle = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 80)
middle.client(b"GET /first HTTP/1.0\r\n\r\n", False)
middle.client(b"GET /second HTTP/1.0\r\n\r\n", False)
capture.write(sys.argv[1])
