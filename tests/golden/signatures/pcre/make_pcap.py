#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
for port, line in ((40001, b"id=42 user=root\n"), (40002, b"ID=aa tag=xyzxyz\n"), (40003, b"nothing here\n")):
    talk = TcpTalk(capture, "10.1.0.10", port, "10.2.0.20", 7000)
    talk.open()
    talk.client(line)
    talk.close()
capture.write(sys.argv[1])
