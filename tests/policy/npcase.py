"""Network policy cases (npcase/v1): the state of a cluster step by step, as files that bulkhead reads.

A case is a YAML file of the folder netpol/cases, its expectations are written out in netpol/matrix (both under
$BULKHEAD_TEST_DATA, by default ../shared beside the repository).
"""
import copy
import os
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77
CLUSTER_KEYS = ("namespaces", "nodes", "pods", "external", "services")


def data_folder():
    """The folder netpol of the test data, or None."""
    folder = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", ROOT.parent / "shared")) / "netpol"
    return folder if (folder / "cases").is_dir() else None


def read_cases(folder):
    for path in sorted((folder / "cases").glob("*.yaml")):
        yield yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read_matrix(folder, case_id):
    """[(step, from, to, family, proto, port, verdict)]; empty for validation cases."""
    path = folder / "matrix" / f"{case_id}.tsv"
    if not path.exists():
        return []
    return [tuple(line.split("\t")) for line in path.read_text().splitlines() if line]


def dump(documents):
    return yaml.dump_all(documents, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)


def pod_name(pod):
    return f"{pod['namespace']}/{pod['name']}"


class Cluster:
    """Inventory and manifests of a case; apply() makes the changes of one step."""

    def __init__(self, case):
        cluster = copy.deepcopy(case.get("cluster") or {})
        self.parts = {key: cluster.get(key) or [] for key in CLUSTER_KEYS}
        self.policies = {}
        for manifest in case.get("policies") or []:
            self.apply_manifest(manifest)

    @staticmethod
    def key_of(kind, namespace, name):
        return kind, namespace or "default" if kind == "NetworkPolicy" else "", name

    def apply_manifest(self, manifest):
        meta = manifest["metadata"]
        self.policies[self.key_of(manifest["kind"], meta.get("namespace"), meta["name"])] = manifest

    def pod(self, name):
        return next(pod for pod in self.parts["pods"] if pod_name(pod) == name)

    def namespace(self, name):
        return next(space for space in self.parts["namespaces"] if space["name"] == name)

    def apply(self, ops):
        for op in ops:
            getattr(self, "op_" + op["op"].replace("-", "_"))(op)

    def op_apply(self, op):
        self.apply_manifest(op["manifest"])

    def op_delete(self, op):
        del self.policies[self.key_of(op["kind"], op.get("namespace"), op["name"])]

    def op_set_namespace_labels(self, op):
        self.namespace(op["namespace"])["labels"] = op["labels"]

    def op_set_pod_labels(self, op):
        self.pod(op["pod"])["labels"] = op["labels"]

    def op_set_pod_ips(self, op):
        self.pod(op["pod"])["ips"] = op["ips"]

    def op_create_namespace(self, op):
        space = op["namespace"]
        if not isinstance(space, dict):
            space = {"name": space, "labels": op.get("labels") or {}}
        self.parts["namespaces"].append(space)

    def op_delete_namespace(self, op):
        name = op["namespace"]
        self.parts["namespaces"] = [space for space in self.parts["namespaces"] if space["name"] != name]
        self.parts["pods"] = [pod for pod in self.parts["pods"] if pod["namespace"] != name]
        self.policies = {key: value for key, value in self.policies.items()
                         if key[0] != "NetworkPolicy" or key[1] != name}

    def op_create_pod(self, op):
        self.parts["pods"].append(op["pod"])

    def op_delete_pod(self, op):
        self.parts["pods"] = [pod for pod in self.parts["pods"] if pod_name(pod) != op["pod"]]

    def write(self, folder):
        """inventory.yaml and policies.yaml in the folder; their paths."""
        parts = copy.deepcopy(self.parts)
        pods = {pod_name(pod) for pod in parts["pods"]}
        for service in parts["services"]:
            service["endpoints"] = [name for name in service.get("endpoints") or [] if name in pods]
        inventory, policies = folder / "inventory.yaml", folder / "policies.yaml"
        inventory.write_text(dump([{"cluster": parts}]))
        policies.write_text(dump(list(self.policies.values())))
        return inventory, policies


def states(case):
    """(step, cluster after its changes) from step 0 on; the cluster is the same object each time."""
    cluster = Cluster(case)
    yield 0, cluster
    for number, step in enumerate(case.get("steps") or [], start=1):
        cluster.apply(step["do"])
        yield number, cluster
