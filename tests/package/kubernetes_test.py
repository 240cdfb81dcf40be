#!/usr/bin/env python3
"""The manifests of the DaemonSet: they are what the API takes, they belong together, and their settings are right.

arguments: the bulkhead program, the source directory.
"""
import pathlib
import subprocess
import sys
import tempfile

import yaml

BULKHEAD, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
failures = 0


def check(what, fine, detail=""):
    global failures
    failures += not fine
    print(f"  {'ok' if fine else 'FAILED'} {what}" + (f": {detail}" if detail and not fine else ""))


def main():
    objects = [d for d in yaml.safe_load_all((SOURCE / "config/deploy/kubernetes/bulkhead.yaml").read_text()) if d]
    by_kind = {o["kind"]: o for o in objects}
    check("each kind once", sorted(by_kind) == ["ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet", "Namespace",
                                                "ServiceAccount"] and len(objects) == 6, sorted(o["kind"] for o in objects))
    daemon, settings = by_kind["DaemonSet"], by_kind["ConfigMap"]
    pod = daemon["spec"]["template"]["spec"]
    container = pod["containers"][0]
    check("the pods are those that the set selects",
          daemon["spec"]["selector"]["matchLabels"].items() <= daemon["spec"]["template"]["metadata"]["labels"].items())
    check("the account is bound to the role",
          by_kind["ClusterRoleBinding"]["roleRef"]["name"] == by_kind["ClusterRole"]["metadata"]["name"] and
          by_kind["ClusterRoleBinding"]["subjects"][0]["name"] == pod["serviceAccountName"])
    verbs = {v for rule in by_kind["ClusterRole"]["rules"] for v in rule["verbs"]}
    resources = {r for rule in by_kind["ClusterRole"]["rules"] for r in rule["resources"]}
    check("it reads and never writes", verbs == {"list", "watch"}, verbs)
    check("no secrets, no configuration", not resources & {"secrets", "configmaps", "*"}, resources)
    security = container["securityContext"]
    check("two capabilities, no escalation, nothing of the image is written",
          security["capabilities"] == {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]} and
          not security["allowPrivilegeEscalation"] and security["readOnlyRootFilesystem"] and
          "privileged" not in security)
    volumes = {v["name"]: v for v in pod["volumes"]}
    check("each mount has its volume", {m["name"] for m in container["volumeMounts"]} == set(volumes))
    paths = {v["hostPath"]["path"] for v in volumes.values() if "hostPath" in v}
    runtime = {"/run/containerd", "/run/crio", "/run/netns"}
    check("no host path but its own and the runtime's", all(p.endswith("/bulkhead") for p in paths - runtime) and runtime < paths, paths)
    mounts = {m["mountPath"]: m for m in container["volumeMounts"]}
    check("the runtime's are only read", all(mounts[p].get("readOnly") for p in runtime))
    check("namespaces that come later are seen", mounts["/run/netns"]["mountPropagation"] == "HostToContainer")
    check("the settings are mounted whole: an edit arrives (a subPath would not)",
          volumes["settings"]["configMap"]["name"] == settings["metadata"]["name"] and
          not any("subPath" in m for m in container["volumeMounts"]))
    port = container["ports"][0]["containerPort"]
    with tempfile.TemporaryDirectory(prefix="bulkhead-kubernetes-") as folder:
        text = settings["data"]["bulkhead.yaml"]
        check("metrics are where Prometheus is told", f":{port}" in text and
              daemon["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] == str(port))
        file = pathlib.Path(folder) / "bulkhead.yaml"
        file.write_text(text.replace("/usr/share/bulkhead/packs", str(SOURCE / "signatures/packs")))
        done = subprocess.run([BULKHEAD, "check", "-c", file], capture_output=True, text=True)
        check("the settings are right", done.returncode == 0, done.stdout + done.stderr)
        words = container["args"][container["args"].index("--set") + 1].replace("$(NODE_NAME)", "n1")
        done = subprocess.run([BULKHEAD, "check", "-c", file, "--set", words], capture_output=True, text=True)
        check("and the arguments", container["args"][0] == "run" and done.returncode == 0 and "ignored" not in done.stderr,
              done.stdout + done.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
