#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import ACK, PSH, Capture, TcpTalk

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8080)
talk.open()
base = talk.seq["client"]
talk.segment("client", PSH | ACK, b"CC", seq=base + 4)
talk.segment("client", PSH | ACK, b"BB", seq=base + 2)
talk.segment("client", PSH | ACK, b"BB", seq=base + 2)
talk.segment("client", PSH | ACK, b"AA", seq=base)
talk.seq["client"] = base + 6
talk.segment("server", ACK)
talk.close()
capture.write(sys.argv[1])
