#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk
from tls_messages import (CLIENT_CERTIFICATE, SERVER_CERTIFICATE, alpn, certificates, client_hello, counted, extension,
                          message, numbers, record, server_hello, server_name)

CHANGE_CIPHER, ENCRYPTED = record(20, b"\1"), record(22, b"\xee" * 40)
VERSIONS = extension(43, counted(numbers([0x1A1A, 0x0304, 0x0303]), 1))
capture = Capture()

# TLS 1.2 with a client certificate; the messages of the server lie across records and segments.
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8443)
talk.open()
talk.client(record(22, client_hello(server_name("server.test") + alpn("h2", "http/1.1")), 0x0301))
flight = (server_hello(alpn("h2")) + certificates(SERVER_CERTIFICATE, CLIENT_CERTIFICATE) + message(12, b"k" * 100) +
          message(13, b"\1\1") + message(14, b""))
stream = record(22, flight[:300]) + record(22, flight[300:700]) + record(22, flight[700:])
for at in range(0, len(stream), 500):
    talk.server(stream[at:at + 500])
talk.client(record(22, certificates(CLIENT_CERTIFICATE) + message(16, b"k" * 33)) + CHANGE_CIPHER + ENCRYPTED)
talk.server(CHANGE_CIPHER + ENCRYPTED)
talk.client(record(23, b"\xdd" * 64))
talk.close()

# TLS 1.3: the certificate cannot be seen.
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 443)
talk.open()
talk.client(record(22, client_hello(server_name("modern.test") + VERSIONS), 0x0301))
talk.server(record(22, server_hello(extension(43, numbers([0x0304])), cipher=0x1301)) + CHANGE_CIPHER +
            record(23, b"\xdd" * 900))
talk.client(CHANGE_CIPHER + record(23, b"\xdd" * 50))
talk.close()

# A session that is taken up again.
talk = TcpTalk(capture, "10.1.0.10", 40003, "10.2.0.20", 443)
talk.open()
talk.client(record(22, client_hello(server_name("again.test"), session=b"s" * 32)))
talk.server(record(22, server_hello(session=b"s" * 32)) + CHANGE_CIPHER + ENCRYPTED)
talk.client(CHANGE_CIPHER + ENCRYPTED)
talk.close()

# A server that answers with something else.
talk = TcpTalk(capture, "10.1.0.10", 40004, "10.2.0.20", 443)
talk.open()
talk.client(record(22, client_hello(server_name("none.test"))))
talk.server(b"this is no TLS at all\n")
talk.close()
capture.write(sys.argv[1])
