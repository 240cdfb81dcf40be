#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8080)
talk.open()
talk.client(b"POST /up/load?x HTTP/1.1\r\nHost: Files.example:8080\r\nUser-Agent:  curl/8 \r\nNoColon\r\n"
            b"Referer: r\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc")
talk.server(b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Type: text/html; charset=x\r\nContent-Length: 5\r\n\r\nhello")
talk.close()
capture.write(sys.argv[1])
