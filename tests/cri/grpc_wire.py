"""gRPC and protocol buffers for tests: what is needed to speak CRI (runtime.v1), over unix sockets, with python3-h2."""
import os
import socket
import struct
import threading

import h2.config
import h2.connection
import h2.events

SERVICE = "/runtime.v1."


def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def pack(*fields):
    """(number, value): whole numbers, text, bytes, or a tuple of fields as a message; None is left out."""
    out = b""
    for number, value in fields:
        if value is None:
            continue
        if isinstance(value, bool) or isinstance(value, int):
            out += varint(number << 3) + varint(int(value))
            continue
        data = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else pack(*value)
        out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def mapping(number, values):
    return [(number, ((1, key), (2, value))) for key, value in values.items()]


def unpack(data):
    """{number: [values]}: whole numbers and bytes."""
    out, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 2:
            size = number()
            value = data[at:at + size]
            at += size
        else:
            raise ValueError("a type that CRI does not have")
        out.setdefault(key >> 3, []).append(value)
    return out


def first(message, number, otherwise=b""):
    return message.get(number, [otherwise])[0]


def framed(message):
    return struct.pack(">BI", 0, len(message)) + message


class GrpcError(Exception):
    def __init__(self, status, text):
        super().__init__(f"status {status}: {text}")
        self.status = status


def call(path, method, request=b"", timeout=30):
    """One call on a connection of its own; method: "RuntimeService/Version"."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout)
        sock.connect(path)
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, [(":method", "POST"), (":scheme", "http"), (":path", SERVICE + method),
                                         (":authority", "localhost"), ("te", "trailers"),
                                         ("content-type", "application/grpc")])
        connection.send_data(stream, framed(request), end_stream=True)
        sock.sendall(connection.data_to_send())
        body, status, text = b"", None, ""
        while True:
            data = sock.recv(65536)
            if not data:
                raise ConnectionError("the runtime closed the connection")
            for event in connection.receive_data(data):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    headers = dict(event.headers)
                    status = int(headers["grpc-status"]) if "grpc-status" in headers else status
                    text = headers.get("grpc-message", text)
                if isinstance(event, h2.events.DataReceived):
                    body += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if isinstance(event, h2.events.StreamEnded):
                    if status != 0:
                        raise GrpcError(status, text)
                    return body[5:]
            sock.sendall(connection.data_to_send())


class Server:
    """Answers calls by `answer(method, request)`: bytes of one message, a GrpcError, or an iterator of messages, which keeps
    the stream open until it ends."""

    def __init__(self, path, answer):
        self.path, self.answer = path, answer
        self.connections, self.lock, self.listener = [], threading.Lock(), None

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)
        with self.lock:
            for sock in self.connections:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the other side was first
            self.connections.clear()

    def accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.append(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        lock, paths, bodies = threading.Lock(), {}, {}
        connection.initiate_connection()
        try:
            sock.sendall(connection.data_to_send())
            while True:
                data = sock.recv(65536)
                if not data:
                    return
                with lock:
                    events = connection.receive_data(data)
                    for event in events:
                        if isinstance(event, h2.events.RequestReceived):
                            paths[event.stream_id], bodies[event.stream_id] = dict(event.headers)[":path"], b""
                        if isinstance(event, h2.events.DataReceived):
                            bodies[event.stream_id] += event.data
                            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    sock.sendall(connection.data_to_send())
                for event in events:
                    if isinstance(event, h2.events.StreamEnded):
                        stream = event.stream_id
                        arguments = (sock, connection, lock, stream, paths.pop(stream), bodies.pop(stream)[5:])
                        threading.Thread(target=self.reply, args=arguments, daemon=True).start()
        except OSError:
            pass
        finally:
            sock.close()

    def reply(self, sock, connection, lock, stream, path, request):
        try:
            answer = self.answer(path[len(SERVICE):], request)
        except GrpcError as error:
            answer = error
        head = [(":status", "200"), ("content-type", "application/grpc")]

        def say(what, *arguments, **more):
            with lock:
                what(stream, *arguments, **more)
                sock.sendall(connection.data_to_send())

        try:
            if isinstance(answer, GrpcError):
                return say(connection.send_headers, head + [("grpc-status", str(answer.status)),
                                                            ("grpc-message", "scripted")], end_stream=True)
            say(connection.send_headers, head)
            for message in [answer] if isinstance(answer, bytes) else answer:
                data = framed(message)
                for at in range(0, len(data), 16000):
                    say(connection.send_data, data[at:at + 16000])
            say(connection.send_headers, [("grpc-status", "0")], end_stream=True)
        except OSError:
            pass
