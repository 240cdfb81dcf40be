#!/usr/bin/env python3
"""Work must grow with the input: replays every workload at n and at 4 n and compares the CPU time.

    run.py --bulkhead PROGRAM [--only WORD] [--scale N] [--verbose]

What is linear takes 4 times as long, what is quadratic 16 times; more than 8 times fails, in each of three tries. Times of
a run without packets are taken off, and what is too short to be measured counts as FLOOR, so nothing depends on how fast
the machine is. Files that an operator gives (rules, policies, settings) are judged in the same way.
"""
import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import workloads
from packets import Capture

BOUND, FLOOR, TRIES = 8.0, 0.02, 3


def cpu_of(command, allowed=(0,)):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return 1000.0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in allowed:
        raise RuntimeError(f"status {done.returncode}: {' '.join(map(str, command))}\n{done.stderr[-1500:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def replay(program, capture, rules, folder):
    command = [program, "replay", "--quiet", "--pcap", capture, "--log-dir", folder / "log", "--workers", 1, "--set",
               "pcap-file.checksum-checks=no", "--set", "cache-dir="]
    return cpu_of(command + (["--signatures", rules] if rules else []))


# --- files of an operator ---------------------------------------------------------------------------------------

def rules_file(n):
    return "".join(f'alert tcp any any -> any {1 + i % 60000} (msg:"r{i}"; content:"word-{i}"; sid:{i + 1};)\n' for i in range(n))


def rule_of_contents(n):
    return 'alert tcp any any -> any any (msg:"r"; ' + "".join(f'content:"word-{i}"; ' for i in range(n)) + "sid:1;)\n"


def rule_of_addresses(n):
    return ("alert tcp [" + ",".join(f"10.{i >> 8 & 255}.{i & 255}.0/25" for i in range(n)) +
            '] any -> any any (msg:"r"; content:"x"; sid:1;)\n')


def rule_of_brackets(n):
    return "alert tcp " + "[" * n + "10.0.0.1" + "]" * n + ' any -> any any (msg:"r"; content:"x"; sid:1;)\n'


def rules_with_mistakes(n):
    return "".join(f'alert tcp any any -> any any (msg:"r{i}"; contnet:"x"; sid:{i + 1};)\n' for i in range(n))


def yaml_depth(n):
    return "engine: " + "[" * n + "]" * n + "\n"


def yaml_keys(n):
    return "".join(f"nonsense-{i}: 1\n" for i in range(n))


def yaml_aliases(n):
    """Each line refers ten times to the one before: 10 to the n-th elements for who unfolds it."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"] + [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, n)]
    return "\n".join(lines) + "\n"


FILES = {  # name: (maker, n, ending, how it is given, exit statuses that are right)
    "rules of a file": (rules_file, 1500, "rules", "--signatures", (0,)),
    "contents of a rule": (rule_of_contents, 60, "rules", "--signatures", (0, 2)),
    "addresses of a rule": (rule_of_addresses, 500, "rules", "--signatures", (0, 2)),
    "brackets of a rule": (rule_of_brackets, 500, "rules", "--signatures", (0, 2)),
    "rules with mistakes": (rules_with_mistakes, 1000, "rules", "--signatures", (2,)),
    "depth of a settings file": (yaml_depth, 100, "yaml", "-c", (2,)),
    "unknown keys of a settings file": (yaml_keys, 1000, "yaml", "-c", (2,)),
    "aliases of aliases in a settings file": (yaml_aliases, 20, "yaml", "-c", (2,)),
}


def check_file(program, name, scale, folder):
    maker, n, ending, option, statuses = FILES[name]
    path = folder / f"input.{ending}"
    path.write_text(maker(n * scale))
    return cpu_of([program, "check", option, path], statuses)


# --- judgement --------------------------------------------------------------------------------------------------

def ratio_of(small, large, base):
    return max(large - base, 0) / max(small - base, FLOOR)


def judge(name, measure, base, verbose):
    """The best of a few tries: noise makes a run longer, never shorter."""
    best = None
    for _ in range(TRIES):
        small, large = measure(1), measure(4)
        found = ratio_of(small, large, base)
        best = found if best is None else min(best, found)
        if best <= BOUND:
            break
    if verbose:
        print(f"{name}: {best:.1f} times for four times as much ({small - base:.3f} s, {large - base:.3f} s)", flush=True)
    return None if best <= BOUND else f"{name}: four times as much takes {best:.1f} times as long ({small:.3f} s, {large:.3f} s)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--only", help="those with this in their name")
    parser.add_argument("--scale", type=int, default=1, help="sizes times this: shows more, takes longer")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    # The judge itself: what takes n, n log n and n squared.
    assert ratio_of(1.1, 4.1, 0.1) <= BOUND < ratio_of(1.1, 16.1, 0.1)
    problems, judged = [], 0
    with tempfile.TemporaryDirectory(prefix="bulkhead-complexity-") as directory:
        folder = pathlib.Path(directory)
        Capture().write(folder / "none.pcap")
        for name, (_, n, text) in workloads.WORKLOADS.items():
            if options.only and options.only not in name:
                continue
            rules = folder / "input.rules" if text else None
            if rules:
                rules.write_text(text)
            for scale in (1, 4):
                workloads.make(name, n * scale * options.scale, folder / f"{scale}.pcap")
            base = replay(options.bulkhead, folder / "none.pcap", rules, folder)
            problems.append(judge(name, lambda scale: replay(options.bulkhead, folder / f"{scale}.pcap", rules, folder), base,
                                  options.verbose))
            judged += 1
        for name in FILES:
            if options.only and options.only not in name:
                continue
            base = cpu_of([options.bulkhead, "check"], (0, 2))
            problems.append(judge(name, lambda scale: check_file(options.bulkhead, name, scale, folder), base, options.verbose))
            judged += 1
    problems = [text for text in problems if text]
    print("\n".join(problems + [f"{judged} workloads, {len(problems)} are not linear"]))
    return 1 if problems or not judged else 0


if __name__ == "__main__":
    sys.exit(main())
