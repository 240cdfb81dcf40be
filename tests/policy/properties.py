#!/usr/bin/env python3
"""Properties of NetworkPolicy that need no oracle, on the policies and flows of every case.

usage: properties.py --bulkhead PROGRAM [--seed N]

  order       manifests, rules, peers and ports in another order: the same verdicts
  respelling  matchLabels as expressions, host bits in CIDRs, rules split by peer, rules twice: the same verdicts
  return      a policy created and deleted again: the same verdicts
  opening     a rule more only opens; a policy more only opens for pods that were isolated in that direction already

Without the cases (see npcase.py) the test is skipped with status 77.
"""
import argparse
import copy
import ipaddress
import pathlib
import random
import subprocess
import sys
import tempfile

import npcase


def verdicts(program, work, cluster, flows):
    inventory, policies = cluster.write(work)
    table = work / "flows.tsv"
    table.write_text("".join("\t".join(flow) + "\n" for flow in flows))
    done = subprocess.run([program, "verdicts", "--quiet", "--inventory", inventory, "--policy", policies, "--flows",
                           table], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        sys.exit(f"status {done.returncode}: {done.stderr}\n{policies.read_text()}")
    return [line.rsplit("\t", 1)[1] for line in done.stdout.splitlines()]


def rules_of(policy):
    spec = policy.get("spec") or {}
    return [(key, rule) for key in ("ingress", "egress") for rule in spec.get(key) or [] if isinstance(rule, dict)]


def shuffled(cluster, chance):
    items = list(cluster.policies.items())
    chance.shuffle(items)
    cluster.policies = dict(items)
    for policy in cluster.policies.values():
        for key in ("ingress", "egress"):
            if (policy.get("spec") or {}).get(key):
                chance.shuffle(policy["spec"][key])
        for key, rule in rules_of(policy):
            for part in ("from" if key == "ingress" else "to", "ports"):
                if rule.get(part):
                    chance.shuffle(rule[part])


def respelled_selector(selector):
    labels = (selector or {}).get("matchLabels")
    if labels:
        expressions = [{"key": key, "operator": "In", "values": [value or ""]} for key, value in labels.items()]
        selector["matchExpressions"] = expressions + (selector.get("matchExpressions") or [])
        del selector["matchLabels"]


def with_host_bits(cidr):
    network = ipaddress.ip_network(cidr, strict=False)
    return f"{network.broadcast_address}/{network.prefixlen}"


def respelled(cluster, _chance):
    for policy in cluster.policies.values():
        spec = policy.get("spec") or {}
        respelled_selector(spec.get("podSelector"))
        for key in ("ingress", "egress"):
            rules = []
            for rule in spec.get(key) or []:
                peer_key = "from" if key == "ingress" else "to"
                peers = (rule or {}).get(peer_key) or []
                for peer in peers:
                    for selector in ("podSelector", "namespaceSelector"):
                        respelled_selector(peer.get(selector))
                    block = peer.get("ipBlock")
                    if block:
                        block["cidr"] = with_host_bits(block["cidr"])
                        block["except"] = [with_host_bits(hole) for hole in block.get("except") or []]
                rules += [dict(rule, **{peer_key: [peer]}) for peer in peers] or [rule]
            if rules:
                spec[key] = rules + copy.deepcopy(rules)


def is_namespaced(cluster):
    return all(policy["kind"] == "NetworkPolicy" for policy in cluster.policies.values())


def one_more_rule(cluster, chance):
    """Adds a rule of one policy to another that lists the direction; False: there is none."""
    policies = list(cluster.policies.values())
    key, rule = chance.choice([pair for policy in policies for pair in rules_of(policy)] or [(None, None)])
    targets = [policy for policy in policies if key and key.capitalize() in ((policy["spec"].get("policyTypes")) or [])]
    if not targets:
        return False
    target = chance.choice(targets)
    target["spec"][key] = (target["spec"].get(key) or []) + [copy.deepcopy(rule)]
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = npcase.data_folder()
    if folder is None:
        print("no network policy cases: set BULKHEAD_TEST_DATA to the folder that holds netpol/")
        return npcase.SKIP
    chance = random.Random(arguments.seed)
    program, wrong, done = arguments.bulkhead.resolve(), [], {}
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        for case in npcase.read_cases(folder):
            flows = sorted({tuple(row[1:6]) for row in npcase.read_matrix(folder, case["id"]) if row[0] == "0"})
            cluster = npcase.Cluster(case)
            if not flows or not cluster.policies or not is_namespaced(cluster):
                continue
            before = verdicts(program, work, cluster, flows)

            def same(name, changed):
                done[name] = done.get(name, 0) + 1
                after = verdicts(program, work, changed, flows)
                wrong.extend(f"{case['id']}: {name}: {' '.join(flow)}: {a} became {b}"
                             for flow, a, b in zip(flows, before, after) if a != b)

            for name, change in (("order", shuffled), ("respelling", respelled)):
                changed = copy.deepcopy(cluster)
                change(changed, chance)
                same(name, changed)
            changed = copy.deepcopy(cluster)
            closing = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                       "metadata": {"name": "zz-more", "namespace": changed.parts["pods"][0]["namespace"]},
                       "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}}
            changed.apply_manifest(closing)
            done["opening by a policy"] = done.get("opening by a policy", 0) + 1
            wrong.extend(f"{case['id']}: a policy that allows all closed {' '.join(flow)}"
                         for flow, a, b in zip(flows, before, verdicts(program, work, changed, flows))
                         if a == "allow" and b != "allow")
            changed.op_delete({"kind": "NetworkPolicy", "namespace": closing["metadata"]["namespace"], "name": "zz-more"})
            same("return", changed)
            changed = copy.deepcopy(cluster)
            if one_more_rule(changed, chance):
                done["opening by a rule"] = done.get("opening by a rule", 0) + 1
                wrong.extend(f"{case['id']}: a rule more closed {' '.join(flow)}"
                             for flow, a, b in zip(flows, before, verdicts(program, work, changed, flows))
                             if a == "allow" and b != "allow")
    for line in wrong[:20]:
        print(line)
    print(", ".join(f"{name}: {count} cases" for name, count in done.items()) + f", {len(wrong)} differences")
    return 1 if wrong or not done else 0


if __name__ == "__main__":
    sys.exit(main())
