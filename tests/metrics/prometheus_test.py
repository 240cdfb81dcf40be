#!/usr/bin/python3
"""A daemon in a network namespace of its own, scraped by a real Prometheus that evaluates the alert rules of config/deploy; every
query of the Grafana dashboard is asked. usage: prometheus_test.py PROGRAM; exit status 77: something is not installed."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import checks  # noqa: E402
from checks import check, skip  # noqa: E402

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "config" / "deploy"
WAIT = 90


def get(path):
    with urllib.request.urlopen("http://127.0.0.1:" + path, timeout=10) as answer:
        return answer.read().decode()


def query(text):
    return json.loads(get("9590/api/v1/query?" + urllib.parse.urlencode({"query": text})))["data"]["result"]


def until(condition, what):
    checks.until(condition, what, WAIT, 0.5)


def inside(program):
    """In the namespace: only what this test starts has these ports."""
    folder = tempfile.mkdtemp(prefix="bulkhead-metrics-")
    started = []
    try:
        for command in ("ip link set lo up", "ip link add veth-a type veth peer name veth-b", "ip link set veth-a up",
                        "ip link set veth-b up", "ip addr add 10.99.0.1/24 dev veth-a"):
            subprocess.run(command.split(), check=True)
        pathlib.Path(folder, "bad.rules").write_text("alert tcp any any -> any any (msg:\"odd\"; nosuchkeyword; sid:1;)\n")
        pathlib.Path(folder, "policy.yaml").write_text("policy: p\nfor: any\ningress:\n  - allow from any\n")
        settings = pathlib.Path(folder, "bulkhead.yaml")
        settings.write_text(f"workers: 1\nlog-dir: {folder}\ncache-dir: ''\ncapture: {{interfaces: [veth-a]}}\n"
                            f"policy: [policy.yaml]\nsignatures: [bad.rules]\ncontrol: {{socket: {folder}/control.sock}}\n")
        log = open(folder + "/daemon.log", "w")
        started.append(subprocess.Popen([program, "run", "-c", str(settings)], stderr=log))
        until(lambda: "bulkhead_info" in get("9477/metrics"), "the daemon serves /metrics")
        text = get("9477/metrics")
        found = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        errors = [line for line in (found.stdout + found.stderr).splitlines() if "error" in line.lower()]
        check(not errors, f"promtool reads it {errors}")
        for name in ("bulkhead_capture_kernel_drops_total", "bulkhead_output_dropped_total", "bulkhead_output_lost_total",
                     "bulkhead_response_failed_total", "bulkhead_response_queue_full_total",
                     "bulkhead_enforce_drift_repaired_total", "bulkhead_control_slow_clients_total",
                     "bulkhead_signatures_refused 1"):
            check("\n" + name in text, f"has {name}")

        rules = (DEPLOY / "prometheus" / "bulkhead.rules.yml").read_text()
        # The waits of the rules are for people; the test has seconds.
        pathlib.Path(folder, "bulkhead.rules.yml").write_text(re.sub(r"for: \d+m", "for: 0s", rules))
        config = (DEPLOY / "prometheus" / "prometheus.yml").read_text().replace("15s", "1s")
        pathlib.Path(folder, "prometheus.yml").write_text(config)
        started.append(subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             "--web.listen-address=127.0.0.1:9590"], stdout=subprocess.DEVNULL, stderr=open(folder + "/prometheus.log", "w")))
        until(lambda: query('up{job="bulkhead"} == 1'), "Prometheus scrapes it")
        until(lambda: query('ALERTS{alertname="BulkheadSignaturesRefused", alertstate="firing"}'), "the refused signature is an alert")
        check(not query('ALERTS{alertname="BulkheadReloadFailed"}'), "no reload has failed")
        pathlib.Path(folder, "policy.yaml").write_text("policy: p\nfor: any\ningress:\n  - alow from any\n")
        done = subprocess.run([program, "reload", "--socket", folder + "/control.sock"], capture_output=True, text=True)
        check(done.returncode == 2 and "policy.yaml:4" in done.stderr, "a reload with a mistake names it")
        until(lambda: query('ALERTS{alertname="BulkheadReloadFailed", alertstate="firing"}'), "and becomes an alert")

        time.sleep(2)
        groups = json.loads(get("9590/api/v1/rules"))["data"]["groups"]
        wrong = [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]
        check(groups and not wrong, f"every rule is evaluated {wrong}")
        # Every name that rules and dashboard speak of is there.
        dashboard = json.loads((DEPLOY / "grafana" / "bulkhead.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        names = set(re.findall(r"bulkhead_[a-z0-9_]+", rules + "\n".join(queries)))
        text = get("9477/metrics")
        missing = sorted(name for name in names if not re.search(r"^" + name + r"[ {]", text, re.M))
        check(not missing, f"rules and dashboard speak of what is there {missing}")
        for each in queries:
            query(each.replace("$instance", ".*"))
        print(f"  ok {len(queries)} queries of the dashboard")

        started[0].terminate()
        started[0].wait(30)
        until(lambda: query('ALERTS{alertname="BulkheadDown", alertstate="firing"}'), "a daemon that is gone is an alert")
    except Exception:
        for name in ("daemon.log", "prometheus.log"):
            path = pathlib.Path(folder, name)
            if path.exists():
                print(f"--- {name}\n" + path.read_text()[-3000:])
        raise
    finally:
        for process in started:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    program = os.path.abspath(sys.argv[1])
    if "--inside" in sys.argv:
        return inside(program)
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        skip("prometheus is not installed")
    rules = DEPLOY / "prometheus" / "bulkhead.rules.yml"
    subprocess.run(["promtool", "check", "rules", str(rules)], check=True, stdout=subprocess.DEVNULL)
    return checks.in_own_network(__file__, program)


if __name__ == "__main__":
    sys.exit(main())
