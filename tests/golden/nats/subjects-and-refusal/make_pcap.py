#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

INFO = b'INFO {"server_id":"NDAA","server_name":"n1","version":"2.9.10","auth_required":true} \r\n'

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 4222)
talk.open()
talk.server(INFO)
talk.client(b'CONNECT {"verbose":false,"user":"anna","pass":"secret","lang":"go","name":"worker"}\r\nPING\r\n')
talk.server(b"PONG\r\n")
talk.client(b"SUB > 1\r\nPUB orders.new _INBOX.1 5\r\nhello\r\n")
talk.server(b"MSG orders.new 1 _INBOX.1 5\r\nhello\r\n")
talk.close()
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 14222)
talk.open()
talk.server(INFO)
talk.client(b'CONNECT {"user":"anna","pass":"guess"}\r\n')
talk.server(b"-ERR 'Authorization Violation'\r\n")
talk.close()
capture.write(sys.argv[1])
