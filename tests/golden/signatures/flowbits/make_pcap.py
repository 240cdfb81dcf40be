#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
first = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 21)
other = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 21)
first.open()
other.open()
first.client(b"USER root\r\n")
first.server(b"230 welcome\r\n")
other.server(b"230 welcome\r\n")
first.close()
other.close()
capture.write(sys.argv[1])
