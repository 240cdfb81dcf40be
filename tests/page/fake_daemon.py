"""A daemon's control socket without a daemon: a made-up node of any size, for tests of the page.

Speaks the frames of config/control/control_protocol.h; keeps what was quarantined, so that actions can be seen.
"""
import json
import os
import random
import socket
import struct
import threading
import time

NAMES = ["web", "cart", "api", "db", "redis", "queue", "auth", "mail", "search", "worker", "proxy", "metrics"]


class Node:
    def __init__(self, workloads=500, edges=5000, seed=1):
        pick = random.Random(seed)
        spaces = ["shop", "payments", "search", "data", "platform", "edge", "batch", "ml", "monitoring", "ci"]
        self.asked = []
        self.role = "operator"
        self.refuses = {}  # command -> (code, message, hint, details)
        self.quarantined = {}
        self.workloads = []
        for i in range(workloads):
            space = spaces[min(int(pick.expovariate(0.4)), len(spaces) - 1)]
            app = NAMES[i % len(NAMES)]
            self.workloads.append({
                "name": f"{space}/{app}-{i}", "kind": "workload", "namespace": space, "labels": {"app": app, "tier": space},
                "addresses": [f"10.{i // 250}.{i % 250}.2"], "interface": f"veth{i:x}",
            })
        self.workloads.append({"name": "world", "kind": "world"})
        self.workloads.append({"name": "node:n1", "kind": "node"})
        names = [w["name"] for w in self.workloads]
        ports = [80, 443, 5432, 6379, 9092, 8080, 53]
        seen = {}
        while len(seen) < edges:
            a, b = pick.choice(names), pick.choice(names[:-2] if pick.random() < 0.9 else names)
            port = pick.choice(ports)
            if a == b:
                continue
            trouble = pick.random()
            seen[(a, b, port)] = {
                "source": a, "destination": b, "proto": "UDP" if port == 53 else "TCP", "port": port,
                "app_proto": {80: "http", 443: "tls", 53: "dns", 6379: "redis"}.get(port), "flows": pick.randint(1, 500),
                "active": pick.randint(0, 9), "bytes_to_server": pick.randint(100, 10**7),
                "bytes_to_client": pick.randint(100, 10**8), "packets_to_server": 10, "packets_to_client": 10,
                "alerts": 1 if trouble < 0.003 else 0, "denied": pick.randint(1, 40) if 0.003 <= trouble < 0.02 else 0, "blocks": 0,
            }
        self.edges = list(seen.values())
        for w in self.workloads:
            mine = [e for e in self.edges if w["name"] in (e["source"], e["destination"])]
            w.update(bytes_in=sum(e["bytes_to_client"] for e in mine), bytes_out=sum(e["bytes_to_server"] for e in mine),
                     packets_in=1, packets_out=1, flows_active=sum(e["active"] for e in mine), flows=len(mine),
                     alerts=sum(e["alerts"] for e in mine), denied=sum(e["denied"] for e in mine), blocks=0)
        self.events = []
        now = time.time()
        trouble = [e for e in self.edges if e["alerts"] or e["denied"]]
        for i in range(min(240, 4 * len(trouble))):
            e = pick.choice(trouble)
            at = now - 900 + 900 * (i / 240) ** 0.7
            event = {"sequence": i + 1, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + ".123456+0000",
                     "source": e["source"], "destination": e["destination"], "src_ip": "10.0.1.2", "dest_ip": "10.0.2.2",
                     "src_port": 40000 + i, "dest_port": e["port"], "proto": e["proto"], "flow_id": 1000 + i}
            if e["alerts"]:
                event.update(event_type="alert", sid=6100503, gid=1, rev=1, severity=1, blocked=False, category="Attempted Administrator Privilege Gain",
                             signature="BULKHEAD Redis: module of machine code loaded <b>not markup</b>", file="packs/data-stores.rules", line=9,
                             payload="*3\r\n$6\r\nMODULE\r\n$4\r\nLOAD\r\n$8\r\n/tmp/x.so\r\n")
            else:
                event.update(event_type="drop", reason="policy", rule=e["destination"].split("/")[0] + "/ingress/2",
                             file="policies/" + e["destination"].split("/")[0] + ".yaml", line=14)
            self.events.append(event)
        self.add_others(pick)
        self.begin = time.time()

    def add_others(self, pick):
        """One of each other kind, where something can be hit: a rule of somebody else, an incident, a frame that the guard dropped, a block."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time())) + ".500000+0000"
        a, b = (w["name"] for w in pick.sample(self.workloads[:-2], 2))
        for event in (
                {"event_type": "alert", "sid": 1000001, "gid": 1, "rev": 1, "severity": 2, "signature": "a rule of our own", "file": "site.rules", "line": 3},
                {"event_type": "incident", "id": 4, "severity": "high", "confidence": 93, "actor": a, "victim": b, "families": ["edge", "shell"],
                 "text": f"{a} does what tcp/4444 of {b} tells it: short lines come in, answers go out, in no known protocol"},
                {"event_type": "drop", "reason": "guard", "rule": "guard/arp-sender"},
                {"event_type": "block", "action": "added", "kind": "flow", "reason": "rule 6100503", "ttl": 300}):
            self.events.append(dict({"sequence": len(self.events) + 1, "timestamp": stamp, "source": a, "destination": b, "src_ip": "10.0.1.2",
                                     "dest_ip": "10.0.2.2", "src_port": 40999, "dest_port": 4444, "proto": "TCP", "flow_id": 9}, **event))

    def status(self):
        up = time.time() - self.begin
        return {"version": "0.1.0", "pid": 7, "uptime_seconds": int(up) + 4000, "role": self.role,
                "generation": {"number": 3, "signatures": 15502, "policies": 1000, "workloads": len(self.workloads)},
                "capture": {"interfaces": ["docker0"], "inline": "policy", "workers": 2, "packets": int(1e6 + up * 91000),
                            "bytes": int(1e9 + up * 1.2e8), "received": 1, "lost": 0},
                "enforcement": {"bridged_traffic": "inet, by br_netfilter", "response": "enforce"},
                "flows": {"active": sum(e["active"] for e in self.edges), "total": 100000},
                "events": {"alerts": sum(e["alerts"] for e in self.edges), "denied": sum(e["denied"] for e in self.edges),
                           "blocks": len(self.quarantined), "written": 10, "lost": 0},
                "control": {}, "problems": [{"code": "signatures", "text": "3 signatures do not load",
                                             "hint": "bulkhead check names each with its line"}]}

    @staticmethod
    def record(event):
        """Its line of eve.json, as far as the page reads it."""
        out = {"event_type": event["event_type"]}
        if event["event_type"] == "incident":
            out["incident"] = {k: event[k] for k in ("id", "severity", "confidence", "actor", "victim", "text", "families")}
            out["incident"].update(count=7, posture=["it is privileged: whoever is in it has the node"], evidence=[
                {"family": "edge", "confidence": 68, "time": event["timestamp"], "text": f"{event['actor']} opened tcp/4444 of {event['victim']} for the first time"},
                {"family": "shell", "confidence": 65, "time": event["timestamp"], "text": event["text"]}])
        return out

    def answer(self, command, args):
        """The result, or (code, message, hint, details)."""
        self.asked.append((command, args))
        if command in self.refuses:
            return self.refuses[command]
        if command == "status":
            return self.status()
        if command == "workloads":
            return {"workloads": self.workloads, "time_ns": time.time_ns()}
        if command == "edges":
            grow = int((time.time() - self.begin) * 1000)
            return {"edges": [dict(e, bytes_to_client=e["bytes_to_client"] + grow * (i % 50)) for i, e in enumerate(self.edges)]}
        if command == "events":
            chosen = [e for e in self.events if not args.get("end") or args["end"] in (e["source"], e["destination"])]
            chosen = [e for e in chosen if not args.get("flow_id") or args["flow_id"] == e["flow_id"]]
            return {"events": chosen[-args.get("limit", 100):], "last": len(self.events)}
        if command == "event":
            found = [e for e in self.events if e["sequence"] == args.get("sequence")]
            return dict(found[0], eve=self.record(found[0])) if found else ("event.gone", "it is gone", "", {})
        if command == "flows":
            flows = [{"flow_id": i, "source": e["source"], "destination": e["destination"], "src_ip": "10.0.0.2", "dest_ip": "10.0.0.3",
                      "src_port": 40000 + i, "dest_port": e["port"], "proto": e["proto"], "app_proto": e["app_proto"],
                      "state": "established", "bytes_to_server": 100, "bytes_to_client": 2000, "alerted": bool(e["alerts"])}
                     for i, e in enumerate(self.edges) if not args.get("end") or args["end"] in (e["source"], e["destination"])]
            return {"flows": flows[:args.get("limit", 200)], "matched": len(flows), "active": len(flows)}
        if command == "rules":
            return {"rules": [{"rule": "shop/ingress/1", "action": "allow", "place": "policies/shop.yaml:13", "packets": 91823,
                               "bytes": 10**8, "text": "allow from app=web on tcp/6379"},
                              {"rule": "shop/ingress/2", "action": "deny", "place": "policies/shop.yaml:14", "packets": 0, "bytes": 0,
                               "text": "deny from any"}]}
        if command == "explain":
            return {"explanations": [{"flow": "tcp", "action": "deny", "rule": "shop/ingress/2", "place": "policies/shop.yaml:14",
                                      "text": f"{args['from']} -> {args['to']} on {args['port']}: deny\n  shop/ingress/2 matches: deny from any"}]}
        if command == "blocks.list":
            return {"blocks": [{"kind": "source", "source": n, "src_ip": "10.0.0.2", "ttl": t, "expires_in": t} for n, t in self.quarantined.items()]}
        if command == "quarantine":
            self.quarantined[args["workload"]] = args["ttl"]
            return {"workload": args["workload"], "blocked": ["10.0.0.2"], "ttl": args["ttl"]}
        if command == "release":
            self.quarantined.pop(args["workload"], None)
            return {"workload": args["workload"], "released": ["10.0.0.2"]}
        if command == "whatif":
            if "alow" in args["policies"]:
                return ("policy.bad", "1 mistake in the policies", "", {"diagnostics": [
                    {"code": "policy.rule.unknown_action", "text": "proposed:4:5-9: error[policy.rule.unknown_action]: alow is no action\n  4 |   - alow from any\n    |     ^^^^\n  hint: did you mean allow?"}]})
            return {"flows": 8192, "newly_denied": 37, "newly_allowed": 2, "changes": [
                {"from": "shop/web-0", "to": "shop/db-3", "port": "tcp/5432", "flows": 37, "now_allowed": False, "rule": "proposed/ingress/2", "place": "proposed:5"},
                {"from": "ci/worker-9", "to": "shop/api-2", "port": "tcp/443", "flows": 2, "now_allowed": True, "rule": "proposed/ingress/1", "place": "proposed:4"}]}
        return ("command.unknown", f"there is no command {command}", "", {})


class FakeDaemon:
    def __init__(self, path, node):
        self.node = node
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(32)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        def exactly(size):
            out = b""
            while len(out) < size:
                part = client.recv(size - len(out))
                if not part:
                    raise EOFError
                out += part
            return out

        try:
            while True:
                request = json.loads(exactly(struct.unpack(">I", exactly(4))[0]))
                result = self.node.answer(request["command"], request.get("arguments", {}))
                reply = {"version": 1, "id": request["id"]}
                if isinstance(result, tuple):
                    reply.update(ok=False, error=dict(zip(("code", "message", "hint", "details"), result)))
                else:
                    reply.update(ok=True, result=result)
                text = json.dumps(reply).encode()
                client.sendall(struct.pack(">I", len(text)) + text)
        except (EOFError, OSError):
            client.close()


if __name__ == "__main__":
    import sys
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    FakeDaemon(sys.argv[1], Node())
    threading.Event().wait()
