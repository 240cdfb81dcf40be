#!/usr/bin/env python3
"""Attacks in disguise: what bulkhead finds, beside Suricata 7 on the same packets with the same rules.

    run.py --bulkhead PROGRAM [--beside] [--write-table] [--only WORD] [--keep FOLDER] [--verbose]

Every case of techniques/ is played as an attack and as its benign twin. Fails when
  an attack is not found that README.md does not list as missed, or one is found that it lists
  a twin, or a decoy that never reaches the application, sets off an alert that README.md does not list
  with --beside: a row of the table where Suricata finds more, or the table of README.md is not what was measured
--write-table writes the table into README.md. Exit status 77: --beside, and no Suricata 7.
"""
import argparse
import collections
import importlib.util
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import case
import engines
from packets import Capture

README = HERE / "README.md"
BEGIN, END = "<!-- table: run.py --write-table -->\n", "<!-- end of table -->\n"


def load_techniques():
    for path in sorted((HERE / "techniques").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return case.CASES


def groups_of(cases):
    """Cases that may share a capture: those with the same system and settings; each has two numbers, attack and twin."""
    groups = collections.defaultdict(list)
    for at, each in enumerate(cases):
        groups[(each.target, each.settings)].append((2 * at, each))
    return groups


def write_capture(group, path):
    capture = Capture(step=0.0001)
    for number, each in group:
        each.play(case.Stage(capture, number, b"evil"))
        capture.wait(0.01)
        each.play(case.Stage(capture, number + 1, b"fine"))
        capture.wait(0.01)
    capture.write(path)


class Outcome:
    """What one engine says about all cases."""

    def __init__(self):
        self.found, self.false = set(), set()  # (row, name)

    def judge(self, group, alerts):
        for number, each in group:
            key = (each.row, each.name)
            if each.arrives and each.sid in alerts[number]:
                self.found.add(key)
            if not each.arrives and each.sid in alerts[number] or alerts[number + 1]:
                self.false.add(key)


def measure(options, cases, folder, beside):
    ours, theirs = Outcome(), Outcome()
    for at, ((target, settings), group) in enumerate(groups_of(cases).items()):
        capture = folder / f"{at}.pcap"
        write_capture(group, capture)
        ours.judge(group, engines.bulkhead(options.bulkhead, capture, target, settings, folder / f"bulkhead-{at}"))
        if beside:
            theirs.judge(group, engines.suricata(capture, target, settings, folder / f"suricata-{at}"))
    return ours, theirs


def rows_of(cases):
    return list(dict.fromkeys(each.row for each in cases))


def count(keys, row):
    return sum(1 for key in keys if key[0] == row)


def table(cases, ours, theirs, version):
    attacks = [(each.row, each.name) for each in cases if each.arrives]
    lines = [f"| technique | attacks | bulkhead | Suricata {version} | false: bulkhead | false: Suricata |",
             "| --- | --- | --- | --- | --- | --- |"]
    cell = lambda found, total: f"{found} ({100 * found // total} %)" if total else "-"
    totals = [0] * 5
    for row in rows_of(cases):
        figures = [count(attacks, row), count(ours.found, row), count(theirs.found, row), count(ours.false, row),
                   count(theirs.false, row)]
        totals = [a + b for a, b in zip(totals, figures)]
        lines.append(f"| {row} | {figures[0]} | {cell(figures[1], figures[0])} | {cell(figures[2], figures[0])} | "
                     f"{figures[3]} | {figures[4]} |")
    lines.append(f"| **all** | {totals[0]} | {cell(totals[1], totals[0])} | {cell(totals[2], totals[0])} | {totals[3]} | "
                 f"{totals[4]} |")
    lines.append("")
    for title, keys in (("Missed by bulkhead", set(attacks) - ours.found), ("False alerts of bulkhead", ours.false),
                        ("Missed by Suricata", set(attacks) - theirs.found)):
        lines += [f"{title}:", ""] + [f"- {row}: {name}" for row, name in sorted(keys)] + ([] if keys else ["- none"]) + [""]
    return "\n".join(lines).rstrip() + "\n"


def section(text, title):
    """What README.md lists below a title, as (row, name)."""
    match = re.search(rf"^{title}:\n\n((?:- .*\n)+)", text, re.M)
    entries = match.group(1).splitlines() if match else []
    known = {f"{each.row}: {each.name}": (each.row, each.name) for each in case.CASES}
    return {known.get(entry[2:], ("unknown", entry[2:])) for entry in entries if entry != "- none"}


def problems_of(cases, ours, theirs, beside, text):
    attacks = {(each.row, each.name) for each in cases if each.arrives}
    every = {(each.row, each.name) for each in cases}
    missed, false = attacks - ours.found, ours.false
    known_missed, known_false = section(text, "Missed by bulkhead"), section(text, "False alerts of bulkhead")
    out = [f"not found: {row}: {name}" for row, name in sorted(missed - known_missed)]
    out += [f"listed as missed, and found: {row}: {name}" for row, name in sorted((known_missed & every) - missed)]
    out += [f"false alert: {row}: {name}" for row, name in sorted(false - known_false)]
    out += [f"listed as a false alert, and none: {row}: {name}" for row, name in sorted((known_false & every) - false)]
    out += [f"listed, and no case: {row}: {name}" for row, name in known_missed | known_false if row == "unknown"]
    if beside:
        out += [f"{row}: Suricata finds {count(theirs.found, row)}, bulkhead {count(ours.found, row)}"
                for row in rows_of(cases) if count(theirs.found, row) > count(ours.found, row)]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--beside", action="store_true", help="also run Suricata, which has to be version 7")
    parser.add_argument("--write-table", action="store_true")
    parser.add_argument("--only", help="cases with this in row or name")
    parser.add_argument("--keep", type=pathlib.Path, help="leave captures and events in this new folder")
    parser.add_argument("--verbose", action="store_true", help="say where the engines differ")
    options = parser.parse_args()
    version = engines.has_suricata()
    if options.beside and not version:
        print("skipped: Suricata 7 is not installed")
        return 77
    cases = load_techniques()
    names = collections.Counter((each.row, each.name) for each in cases)
    problems = [f"{name} is there {times} times" for name, times in names.items() if times > 1]
    if options.only:
        cases = [each for each in cases if options.only in each.row or options.only in each.name]
    with tempfile.TemporaryDirectory(prefix="bulkhead-evasion-") as directory:
        folder = options.keep or pathlib.Path(directory)
        folder.mkdir(exist_ok=True)
        ours, theirs = measure(options, cases, folder, options.beside)
    text = README.read_text()
    if options.beside and not options.only:
        measured = table(cases, ours, theirs, version)
        start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        if options.write_table:
            text = text[:start] + measured + text[end:]
            README.write_text(text)
        elif text[start:end] != measured and f"Suricata {version} |" in text:  # of another one the rows alone are judged
            problems.append("the table in README.md is not what was measured (--write-table)")
    problems += problems_of(cases, ours, theirs, options.beside, text)
    if options.verbose:
        for each in cases:
            key = (each.row, each.name)
            say = f"{each.row}: {each.name} (sid {each.sid}, {each.target})"
            if each.arrives and (key not in ours.found or options.beside and key not in theirs.found):
                print(f"missed by {'bulkhead ' * (key not in ours.found)}{'Suricata' * (options.beside and key not in theirs.found)}: {say}")
            if key in ours.false or key in theirs.false:
                print(f"false by {'bulkhead ' * (key in ours.false)}{'Suricata' * (key in theirs.false)}: {say}")
    print("\n".join(problems))
    attacks = sum(each.arrives for each in cases)
    print(f"{len(cases)} cases, {attacks} attacks: {len(ours.found)} found, {len(ours.false)} false; {len(problems)} problems" +
          (f"; Suricata: {len(theirs.found)} found, {len(theirs.false)} false" if options.beside else ""))
    return 1 if problems or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
