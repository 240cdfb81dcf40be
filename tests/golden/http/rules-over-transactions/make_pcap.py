#!/usr/bin/env python3
import gzip
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

body = gzip.compress(b"some hidden words in a body", mtime=0)
capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8080)
talk.open()
talk.client(b"POST /a/./b%20c HTTP/1.1\r\nHost: h\r\nUser-Agent: curl/8\r\nNoColon\r\nContent-Length: 3\r\n\r\nabc")
talk.server(b"HTTP/1.1 200 Fine\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
talk.client(b"GET /second HTTP/1.1\r\nHost: h\r\nCookie: y\r\n\r\n")
talk.server(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
talk.close()
capture.write(sys.argv[1])
