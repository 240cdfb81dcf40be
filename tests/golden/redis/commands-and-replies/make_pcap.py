#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 7000)
talk.open()
talk.client(command(b"AUTH", b"anna", b"guess"))
talk.server(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
talk.client(command(b"config", b"set", b"dir", b"/root/.ssh/") + command(b"SET", b"x", b"ssh-rsa AAAA"))
talk.server(b"+OK\r\n")
talk.server(b"+OK\r\n")
talk.client(b"NOSUCH 1\r\n")
talk.server(b"-ERR unknown command 'NOSUCH', with args beginning with: '1' \r\n")
talk.client(command(b"LRANGE", b"list", b"0", b"-1"))
talk.server(b"*2\r\n$1\r\na\r\n$2\r\nbb\r\n")
talk.close()
capture.write(sys.argv[1])
