#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import ACK, FIN, Capture, TcpTalk

capture = Capture()
control = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 2121)
control.open()
control.server(b"220-Welcome\r\n220 here\r\n")


def exchange(command, reply):
    control.client(command + b"\r\n")
    control.server(reply + b"\r\n")


exchange(b"USER bob", b"331 password")
exchange(b"PASS secret", b"230 in")
exchange(b"PASV", b"227 Entering Passive Mode (10,2,0,20,117,48).")
control.client(b"RETR dir/passwd\r\n")
data = TcpTalk(capture, "10.1.0.10", 40100, "10.2.0.20", 30000)
data.open()
data.server(b"uid=0(root) and more\n")
data.segment("server", FIN | ACK)
data.segment("client", FIN | ACK)
data.segment("server", ACK)
control.server(b"150 here it comes\r\n226 done\r\n")
exchange(b"EPRT |1|10.1.0.10|30001|", b"200 ok")
control.client(b"STOR up.sh\r\n")
control.server(b"150 send\r\n")
data = TcpTalk(capture, "10.2.0.20", 20, "10.1.0.10", 30001)
data.open()
data.server(b"#!/bin/sh\n")
data.segment("server", FIN | ACK)
data.segment("client", FIN | ACK)
data.segment("server", ACK)
control.server(b"226 done\r\n")
exchange(b"PORT 10,9,9,9,0,80", b"200 ok")
exchange(b"CWD " + b"d" * 5000, b"550 " + b"n" * 5000)
exchange(b"QUIT", b"221 bye")
control.close()
capture.write(sys.argv[1])
