#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def frame(kind, channel, payload):
    return struct.pack("!BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, class_id, method_id, arguments=b""):
    return frame(1, channel, struct.pack("!HH", class_id, method_id) + arguments)


def brief(value):
    return bytes([len(value)]) + value


def large(value):
    return struct.pack("!I", len(value)) + value


START = method(0, 10, 10, b"\0\x09" + large(brief(b"product") + b"S" + large(b"RabbitMQ")) + large(b"PLAIN") + large(b"en_US"))


def start_ok(user):
    return method(0, 10, 11, large(brief(b"product") + b"S" + large(b"pika")) + brief(b"PLAIN") +
                  large(b"\0" + user + b"\0secret") + brief(b"en_US"))


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 5672)
talk.open()
talk.client(b"AMQP\0\0\x09\x01")
talk.server(START)
talk.client(start_ok(b"guest"))
talk.server(method(0, 10, 30, struct.pack("!HIH", 2047, 131072, 60)))
talk.client(method(0, 10, 31, struct.pack("!HIH", 2047, 131072, 60)) + method(0, 10, 40, brief(b"/") + b"\0\0"))
talk.server(method(0, 10, 41, b"\0"))
talk.client(method(1, 20, 10, b"\0"))
talk.server(method(1, 20, 11, bytes(4)))
talk.client(method(1, 60, 40, b"\0\0" + brief(b"orders") + brief(b"orders.new") + b"\0") +
            frame(2, 1, struct.pack("!HHQH", 60, 0, 4, 0)) + frame(3, 1, b"body"))
talk.close()
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 15672)
talk.open()
talk.client(b"AMQP\0\0\x09\x01")
talk.server(START)
talk.client(start_ok(b"anna"))
talk.server(method(0, 10, 50, struct.pack("!H", 403) + brief(b"ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.") + bytes(4)))
talk.close()
capture.write(sys.argv[1])
