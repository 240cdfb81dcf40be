#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from dns_packets import FIRST_NAME, UdpTalk, framed, message, name, question, record
from packets import Capture, TcpTalk

capture = Capture()


def query(text, number):
    return framed(message(0x0100, [question(text)], identification=number))


def answer(text, number):
    return framed(message(0x8180, [question(text)], [record(FIRST_NAME, 1, bytes([192, 0, 2, number]))], identification=number))


talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.53", 5300)
talk.open()
both = query("first.example", 1) + query("second.example", 2)
talk.client(both[:1])
talk.client(both[1:20])
talk.client(both[20:])
talk.server(answer("first.example", 1) + answer("second.example", 2)[:9])
talk.server(answer("second.example", 2)[9:])
talk.seq["client"] += len(query("lost.example", 9))  # the capture missed a segment; the server did not
talk.segment("server", 16)
talk.client(query("third.example", 3))
talk.server(answer("third.example", 3))
talk.close()
capture.write(sys.argv[1])
