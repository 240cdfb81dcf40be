#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8080)
talk.open()
talk.client(b"begin att", acknowledge=False)
talk.client(b"ack-pat", acknowledge=False)
talk.client(b"tern end\n")
talk.server(b"fine\n")
talk.close()
capture.write(sys.argv[1])
