#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import ACK, PSH, URG, Capture, TcpTalk

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8080)
talk.open()
talk.segment("client", PSH | ACK | URG, b"evXil one", urgent=3)  # the pointer is behind the urgent byte: X
talk.segment("server", ACK)
talk.segment("client", PSH | ACK | URG, b"two", urgent=100)      # points at what is still to come
talk.segment("server", ACK)
talk.client(b" evil three")
talk.close()
capture.write(sys.argv[1])
