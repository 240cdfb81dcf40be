#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk, ethernet, ip, udp

capture = Capture()
for client, server in (("10.77.0.10", "10.77.0.20"), ("10.77.0.66", "10.77.0.20"), ("fd77::42", "fd77::14")):
    talk = TcpTalk(capture, client, 40001, server, 6379)
    talk.open()
    talk.client(b"PING\r\n")
    talk.close()
capture.add(ethernet(ip("10.77.0.10", "10.77.0.20", 17, udp("10.77.0.10", "10.77.0.20", 5000, 53, b"?"))))
capture.write(sys.argv[1])
