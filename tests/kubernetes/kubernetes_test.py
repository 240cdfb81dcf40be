#!/usr/bin/env python3
"""bulkhead beside a scripted Kubernetes API server: TLS with an authority made here, tokens that change, lists in pages,
watches with bookmarks, 410 Gone, a server that goes away and comes back (tests.cmake starts it in a network namespace).

arguments: the bulkhead program. Exit status 77: cannot run here, with a word why.
"""
import http.server
import json
import os
import pathlib
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from daemon import comes  # noqa: E402

BULKHEAD = sys.argv[1]
failures = 0


def check(what, fine, detail=""):
    global failures
    failures += not fine
    print(f"  {'ok' if fine else 'FAILED'} {what}" + (f": {detail}" if detail and not fine else ""), flush=True)


def missing():
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "openssl"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if os.readlink("/proc/self/ns/net") == os.readlink(f"/proc/{os.getppid()}/ns/net"):
        return "must run in a network namespace of its own: unshare -n"
    return None


class Cluster:
    """What the server knows: objects by path, a version that grows, who watches, and how it behaves."""

    KINDS = {"/api/v1/namespaces": ("v1", "Namespace"), "/api/v1/pods": ("v1", "Pod"),
             "/apis/networking.k8s.io/v1/networkpolicies": ("networking.k8s.io/v1", "NetworkPolicy"),
             "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies":
                 ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy")}

    def __init__(self):
        self.lock = threading.RLock()
        self.objects = {path: {} for path in self.KINDS}
        self.version = 100
        self.oldest = 0  # versions before it are Gone
        self.history = []  # (version, path, event)
        self.watchers = {}  # queue -> path
        self.token = "first"
        self.requests = []

    def put(self, path, name, space="", spec=None, labels=None, status=None):
        with self.lock:
            self.version += 1
            api, kind = self.KINDS[path]
            object = {"apiVersion": api, "kind": kind,
                      "metadata": {"name": name, "resourceVersion": str(self.version), "uid": f"uid-{name}",
                                   "labels": labels or {}, "managedFields": [{"manager": "kubectl"}]}}
            if space:
                object["metadata"]["namespace"] = space
            object["spec"] = spec or {}
            if status:
                object["status"] = status
            known = (space, name) in self.objects[path]
            self.objects[path][(space, name)] = object
            self.tell(path, "MODIFIED" if known else "ADDED", object)

    def delete(self, path, name, space=""):
        with self.lock:
            self.version += 1
            object = self.objects[path].pop((space, name))
            object["metadata"]["resourceVersion"] = str(self.version)
            self.tell(path, "DELETED", object)

    def tell(self, path, type, object):
        event = {"type": type, "object": object}
        self.history.append((self.version, path, event))
        for each, of in list(self.watchers.items()):
            if of == path:
                each.put(event)

    def bookmark(self):
        with self.lock:
            for each, path in self.watchers.items():
                each.put({"type": "BOOKMARK", "object": {"kind": self.KINDS[path][1],
                                                         "metadata": {"resourceVersion": str(self.version)}}})

    def end_watches(self, error=None):
        with self.lock:
            for each in self.watchers:
                each.put(error)

    def pod(self, name, address, app, space="shop", node="n1"):
        self.put("/api/v1/pods", name, space, {"nodeName": node, "containers": [{"image": "x", "ports": [{"containerPort": 80}]}]},
                 {"app": app}, {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster = None

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        cluster = self.cluster
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        with cluster.lock:
            cluster.requests.append((url.path, query, self.headers.get("Authorization")))
            if self.headers.get("Authorization") != "Bearer " + cluster.token:
                return self.answer(401, {"kind": "Status", "message": "Unauthorized"})
            if url.path not in cluster.KINDS:
                return self.answer(404, {"kind": "Status", "message": "not found"})
            if "watch" not in query:
                return self.list(url.path, query)
            since = int(query["resourceVersion"])
            if since < cluster.oldest:
                return self.answer(410, {"kind": "Status", "code": 410, "message": "too old resource version"})
            events = queue.Queue()
            for version, path, event in cluster.history:
                if path == url.path and version > since:
                    events.put(event)
            cluster.watchers[events] = url.path
        self.watch(events)

    def list(self, path, query):
        cluster = self.cluster
        api, kind = cluster.KINDS[path]
        everything = [{k: v for k, v in o.items() if k not in ("kind", "apiVersion")} for o in cluster.objects[path].values()]
        begin = int(query.get("continue", "0"))
        page = 2  # smaller than what was asked for: a server may do that
        metadata = {"resourceVersion": str(cluster.version)}
        if begin + page < len(everything):
            metadata["continue"] = str(begin + page)
        self.answer(200, {"kind": kind + "List", "apiVersion": api, "metadata": metadata, "items": everything[begin:begin + page]})

    def watch(self, events):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                event = events.get()
                if event is None:
                    break
                line = (json.dumps(event) + "\n").encode()
                for piece in (line[:7], line[7:]):  # lines do not end where chunks do
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()
                if event["type"] == "ERROR":
                    break
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass
        finally:
            with self.cluster.lock:
                self.cluster.watchers.pop(events, None)
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    connections = 0

    def verify_request(self, *_):
        self.connections += 1
        return True

    def handle_error(self, *_):
        pass


def authority(folder, name):
    """A certificate authority, and the server's certificate for 127.0.0.1 by it."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.crt")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=apiserver",
            "-keyout", f"{name}-server.key", "-out", f"{name}-server.csr")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", f"{name}-server.csr", "-CA", f"{name}.crt", "-CAkey", f"{name}.key", "-CAcreateserial", "-days", "2",
            "-extfile", "san", "-out", f"{name}-server.crt")


class Test:
    def __init__(self, folder):
        self.folder = folder
        self.cluster = Cluster()
        Handler.cluster = self.cluster
        self.server = None
        self.port = 0
        for name in ("ca", "other"):
            authority(folder, name)
        self.credentials = folder / "account"
        self.credentials.mkdir()
        shutil.copy(folder / "ca.crt", self.credentials / "ca.crt")
        (self.credentials / "token").write_text("first\n")

    def serve(self, name="ca"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}-server.crt", self.folder / f"{name}-server.key")
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def go_away(self):
        self.server.shutdown()
        self.server.server_close()
        self.cluster.end_watches()

    def ask(self, *words):
        done = subprocess.run([BULKHEAD, *words, "--json", "--socket", self.folder / "control.sock"], capture_output=True, text=True)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {}

    def workloads(self):
        return sorted(w["name"] for w in self.ask("workloads").get("workloads", []) if w["name"].startswith("shop/"))

    def decides(self, flow):
        done = subprocess.run([BULKHEAD, "explain", "--live", *flow, "--socket", self.folder / "control.sock"], capture_output=True, text=True)
        return done.stdout + done.stderr

    def postures(self):
        lines = (self.folder / "eve.json").read_text().split("\n")[:-1] if (self.folder / "eve.json").exists() else []
        found = [event["posture"] for event in map(json.loads, lines) if event["event_type"] == "posture"]
        return {one["workload"]: [finding["code"] for finding in one["findings"]] for one in found}

    def problem(self, word):
        return any(word in p["text"] for p in self.ask("status").get("problems", []))

    def log(self):
        return (self.folder / "log").read_text()

    def run(self):
        subprocess.run("ip link set lo up && ip link add br0 type bridge && ip link set br0 up", shell=True, check=True)
        c = self.cluster
        c.put("/api/v1/namespaces", "shop", labels={"team": "red"})
        for number in range(1, 6):
            c.pod(f"web-{number}", f"10.9.0.{number}", "web")
        c.pod("db", "10.9.1.1", "db", node="n2")
        self.serve()
        (self.folder / "bulkhead.yaml").write_text(
            f"workers: 1\nlog-dir: {self.folder}\ncache-dir: ''\ncapture: {{interfaces: [br0]}}\n"
            f"control: {{socket: {self.folder}/control.sock}}\nboost: 0\nmetrics: {{enabled: no}}\n"
            f"discovery: {{docker: no, cri: no, kubernetes: yes, node-name: n1, kubernetes-server: 'https://127.0.0.1:{self.port}', "
            f"kubernetes-credentials: {self.credentials}}}\n")
        daemon = subprocess.Popen([BULKHEAD, "run", "-c", self.folder / "bulkhead.yaml"], stderr=(self.folder / "log").open("w"))
        try:
            self.steps(c)
        finally:
            daemon.terminate()
            daemon.wait(20)
        if failures:
            print(self.log()[-4000:])

    def steps(self, c):
        check("ready", comes(lambda: "ready:" in self.log()), self.log())
        everybody = sorted([f"shop/web-{n}" for n in range(1, 6)] + ["shop/db"])
        check("pods of all pages", comes(lambda: self.workloads() == everybody), self.workloads())
        check("how pods of this node were started is told, of no other's",
              comes(lambda: self.postures() == {f"shop/web-{n}": ["net-raw", "no-limits"] for n in range(1, 6)}), self.postures())
        check("a kind that the cluster does not have is no problem", not self.problem("HTTP 404"))
        to_db = ("shop/web-1", "shop/db", "tcp/80")
        check("nothing is denied without a policy", "allow" in self.decides(to_db), self.decides(to_db))

        policies = "/apis/networking.k8s.io/v1/networkpolicies"
        only_api = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"],
                    "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "api"}}}]}]}
        c.put(policies, "db", "shop", only_api)
        check("a policy of the cluster decides", comes(lambda: "np:shop/db" in self.decides(to_db)), self.decides(to_db))
        c.pod("api", "10.9.0.9", "api")
        from_api = ("shop/api", "shop/db", "tcp/80")
        check("a pod that comes is among its peers", comes(lambda: "np:shop/db" in self.decides(from_api) and
                                                          "allow" in self.decides(from_api)), self.decides(from_api))
        generation = self.ask("status")["generation"]["number"]
        c.put(policies, "db", "shop", only_api)
        c.bookmark()
        time.sleep(1)
        check("what the server writes for itself is no change", self.ask("status")["generation"]["number"] == generation)

        watched = len([1 for path, query, _ in c.requests if path == "/api/v1/pods" and "watch" in query])
        listed = len([1 for path, query, _ in c.requests if path == "/api/v1/pods" and "watch" not in query])
        c.end_watches()
        check("a stream that ends goes on from the bookmark", comes(lambda: any(
            q.get("resourceVersion") == str(c.version) for p, q, _ in c.requests[-12:] if p == "/api/v1/pods")))
        c.delete("/api/v1/pods", "web-5", "shop")
        check("and nothing is missed", comes(lambda: "shop/web-5" not in self.workloads()))
        check("without a list anew", len([1 for p, q, _ in c.requests if p == "/api/v1/pods" and "watch" not in q]) == listed and
              len([1 for p, q, _ in c.requests if p == "/api/v1/pods" and "watch" in q]) > watched)

        with c.lock:  # what happens now is told to nobody, and then forgotten
            silent, c.watchers = c.watchers, {}
            c.delete("/api/v1/pods", "web-4", "shop")
            c.oldest = c.version + 1
            c.version += 1
            for each in silent:
                each.put({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}})
        check("410 Gone: a list anew finds what was missed", comes(lambda: "shop/web-4" not in self.workloads()), self.workloads())

        with c.lock:
            c.token = "second"
        c.end_watches()
        check("an old token is refused, and that is told", comes(lambda: self.problem("401")), self.ask("status").get("problems"))
        check("meanwhile the last generation stands", "np:shop/db" in self.decides(to_db))
        (self.credentials / "next").write_text("second\n")
        (self.credentials / "next").rename(self.credentials / "token")
        check("a new token is read by itself", comes(lambda: not self.problem("401"), 40))
        c.pod("late", "10.9.0.20", "web")
        check("and changes arrive again", comes(lambda: "shop/late" in self.workloads()))

        self.go_away()
        check("a server that is away is a problem", comes(lambda: self.problem("cannot be read")), self.ask("status").get("problems"))
        check("the last generation stands", "np:shop/db" in self.decides(to_db) and "shop/late" in self.workloads())
        c.delete(policies, "db", "shop")
        asked = len(c.requests)
        self.serve("other")
        check("a server that our authority does not know is tried", comes(lambda: self.server.connections >= 3, 40))
        check("and not believed: it gets no request, no token, and changes nothing",
              len(c.requests) == asked and "np:shop/db" in self.decides(to_db) and self.problem("cannot be read"))
        self.go_away()
        self.serve()
        check("back, it is followed: the policy is gone", comes(lambda: "np:shop/db" not in self.decides(to_db), 40), self.decides(to_db))
        check("and nothing is wrong any more", comes(lambda: not self.problem("cannot be read"), 40))

        c.put(policies, "odd", "shop", {"podSelector": {}, "policyTypes": ["Sideways"]})
        check("a policy that is not understood is told by name", comes(lambda: self.problem("networkpolicies shop/odd")),
              self.ask("status").get("problems"))
        c.delete(policies, "odd", "shop")
        check("until it is gone", comes(lambda: not self.problem("networkpolicies shop/odd")))
        check("no thread did what it may not", self.ask("status")["sandbox"]["refused_calls"] == 0)


def main():
    reason = missing()
    if reason:
        print("skipped: " + reason)
        return 77
    with tempfile.TemporaryDirectory(prefix="bulkhead-kubernetes-") as folder:
        Test(pathlib.Path(folder)).run()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
