#!/usr/bin/env python3
"""Runs every network policy case through `bulkhead verdicts`, step by step.

usage: cases.py --bulkhead PROGRAM [--only GLOB] [--verbose]

Each flow of the matrix is judged twice, by the classifier and by a plain reading of the policies, which must agree.
Cases whose expectation is specified have to pass whole; the others are counted apart. Sessions: what is open must be
admitted when it opens, and lives as long as the policy of each step still admits it. Without the cases (see npcase.py)
the test is skipped with status 77.
"""
import argparse
import collections
import fnmatch
import pathlib
import subprocess
import sys
import tempfile

import npcase


class Runner:
    def __init__(self, program, folder, work):
        self.program, self.folder, self.work = program, folder, work
        self.flows = 0

    def verdicts(self, cluster, flows):
        """Verdicts of (from, to, family, proto, port), or a text that says what went wrong."""
        inventory, policies = cluster.write(self.work)
        table = self.work / "flows.tsv"
        table.write_text("".join("\t".join(flow) + "\n" for flow in flows))
        done = subprocess.run(
            [self.program, "verdicts", "--quiet", "--twin", "--inventory", inventory, "--policy", policies,
             "--flows", table], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            return f"status {done.returncode}: {done.stderr.strip()}"
        self.flows += len(flows)
        return [line.rsplit("\t", 1)[1] for line in done.stdout.splitlines()]

    def rejected(self, manifest, inventory):
        path = self.work / "one.yaml"
        path.write_text(npcase.dump([manifest]))
        done = subprocess.run([self.program, "check", "--inventory", inventory, "--policy", path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 2 and f"{path}:" not in done.stderr:
            return None, "refused without a place: " + done.stderr
        return done.returncode == 2, done.stderr

    def validation(self, case):
        inventory, _ = npcase.Cluster({"cluster": case.get("cluster")}).write(self.work)
        wrong = []
        for number, manifest in enumerate(case["policies"]):
            refused, text = self.rejected(manifest, inventory)
            if refused != (number in case["expectReject"]):
                wrong.append(f"manifest {number}: {'refused' if refused else 'accepted'} {text.strip()}")
        return wrong

    def matrix(self, case):
        expected = collections.defaultdict(list)
        for step, *flow, verdict in npcase.read_matrix(self.folder, case["id"]):
            expected[int(step)].append((tuple(flow), verdict))
        wrong = []
        for step, cluster in npcase.states(case):
            if not expected[step]:
                continue
            found = self.verdicts(cluster, [flow for flow, _ in expected[step]])
            if isinstance(found, str):
                return [f"step {step}: {found}"]
            wrong += [f"step {step}: {' '.join(flow)}: expected {verdict}, found {word}"
                      for (flow, verdict), word in zip(expected[step], found) if verdict not in (word, "any")]
        return wrong

    def sessions(self, case):
        wrong = []
        clusters = {}
        for step, cluster in npcase.states(case):
            for number, session in enumerate(case.get("sessions") or []):
                flow = (session["from"], session["to"], str(session.get("family", 4)), session["proto"],
                        str(session["port"]))
                if step < session["openAt"]:
                    continue
                known = {npcase.pod_name(pod) for pod in cluster.parts["pods"]}
                ends_exist = all(end in known or ":" in end for end in flow[:2])
                found = self.verdicts(cluster, [flow]) if ends_exist else ["deny"]
                if isinstance(found, str):
                    return [f"session {session['name']}: {found}"]
                if step == session["openAt"]:
                    clusters[number] = found[0] == "allow"
                    if found[0] != session["open"]:
                        wrong.append(f"session {session['name']}: opening is {found[0]}")
                clusters[number] = clusters[number] and found[0] == "allow"
                state = "alive" if clusters[number] else "cut"
                wrong += [f"session {session['name']}: step {step}: expected {then['state']}, found {state}"
                          for then in session["then"] if then["step"] == step and then["state"] not in (state, "any")]
        return wrong

    def run(self, case):
        if "expectReject" in case:
            return self.validation(case)
        return self.matrix(case) + self.sessions(case)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="*", help="ids that match")
    parser.add_argument("--verbose", action="store_true", help="every difference, not the first few")
    arguments = parser.parse_args()
    folder = npcase.data_folder()
    if folder is None:
        print("no network policy cases: set BULKHEAD_TEST_DATA to the folder that holds netpol/")
        return npcase.SKIP
    passed, total = collections.Counter(), collections.Counter()
    failed_specified = 0
    with tempfile.TemporaryDirectory() as work:
        runner = Runner(arguments.bulkhead.resolve(), folder, pathlib.Path(work))
        for case in npcase.read_cases(folder):
            if not fnmatch.fnmatch(case["id"], arguments.only):
                continue
            wrong = runner.run(case)
            total[case["certainty"]] += 1
            passed[case["certainty"]] += not wrong
            failed_specified += bool(wrong) and case["certainty"] == "specified"
            for line in wrong if arguments.verbose else wrong[:3]:
                print(f"{case['id']} ({case['certainty']}): {line}")
    for certainty in sorted(total):
        print(f"{certainty}: {passed[certainty]} of {total[certainty]} cases pass")
    print(f"{runner.flows} flows judged by classifier and plain reading")
    return 1 if failed_specified or not total else 0


if __name__ == "__main__":
    sys.exit(main())
