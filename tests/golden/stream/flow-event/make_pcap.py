#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
talk = TcpTalk(capture, "fd00:1::10", 40001, "fd00:2::20", 443)
talk.open()
talk.client(b"hello")
talk.server(b"hello, too")
talk.close()
capture.write(sys.argv[1])
