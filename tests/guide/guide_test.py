#!/usr/bin/env python3
"""Executes the guides in config/guide: a document that is wrong fails here.

    guide_test.py --bulkhead build/dev/bulkhead [--package BUILD] [--show] [--keep DIR] FILE.md...

What is done with a fenced block:

    <!-- file NAME -->      the next block is written to NAME (whatever its language)
    <!-- capture NAME from PATH -->   a capture of the repository, copied to NAME
    <!-- daemon -->         the next block, a settings file, is written to bulkhead.yaml and the daemon started with it
    <!-- package -->        the next block installs the package that cpack makes of --package BUILD; without it the files are put there by hand
    <!-- service -->        the next block starts the service; here what its unit starts, with the settings in /etc/bulkhead
    <!-- not run: WHY -->   the next block is not executed: it would change the machine
    ```console              `$ COMMAND` runs here, `NAME$ COMMAND` in that container; the lines below are what it prints,
                            where `...` stands for any text, alone on a line for any lines, and two blanks or more for
                            as many as a table needs; `? N` is its exit status

A guide with a service runs on an installed root, which is gone afterwards (installed_root.py), and says how long it took from the package
to the first answer of `explain`. A guide that has a daemon runs in a lab (config/lab/testbed.py), which needs root: otherwise it is skipped (status 77). --show prints
what each command printed and compares nothing, for writing.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "config/lab"))
import testbed  # noqa: E402
from installed_root import SETTINGS, InstalledRoot, NoOverlay  # noqa: E402

NOTE = re.compile(r"<!-- (file|capture|daemon|package|service|not run:)\s*(.*?) ?-->$")
PROMPT = re.compile(r"(\w*)\$ (.*)")
COLUMNS = re.compile(r"(?:\\ ){2,}")  # as re.escape() leaves blanks
SOON = 180  # seconds from the package to the first answer
SERVERS = {"web": "start_nginx", "db": "start_redis", "intruder": None}


class Wrong(Exception):
    pass


def blocks(text):
    """[(line, note, its argument, language, body)] in order; a capture is a note without a block."""
    lines, at, note = text.splitlines(), 0, ("", "")
    while at < len(lines):
        found = NOTE.match(lines[at])
        if found:
            note = found.groups()
            if note[0] == "capture":
                yield at + 1, *note, "", ""
                note = ("", "")
        elif lines[at].startswith("```"):
            end = next(i for i in range(at + 1, len(lines)) if lines[i] == "```")
            yield at + 1, *note, lines[at][3:], "\n".join(lines[at + 1:end]) + "\n"
            at, note = end, ("", "")
        at += 1


def commands(body, first_line):
    """[(line, container, command, expected lines, status)]"""
    out = []
    for number, line in enumerate(body.splitlines(), first_line + 1):
        prompt = PROMPT.match(line)
        if prompt:
            out.append([number, prompt[1], prompt[2], [], 0])
        elif out and out[-1][2].endswith("\\"):
            out[-1][2] += "\n" + line
        elif out and line.startswith("? "):
            out[-1][4] = int(line[2:])
        elif out:
            out[-1][3].append(line)
        else:
            raise Wrong(f"{number}: a console block begins with a prompt")
    return out


def pattern(expected):
    """The expected lines as a regular expression; `...` is open."""
    out = ""
    for line in expected:
        if line.strip() == "...":
            out += r"(?:.*\n)*?"
        else:
            parts = [COLUMNS.sub("  +", re.escape(part)) for part in line.rstrip().split("...")]
            out += ".*?".join(parts) + r" *\n"
    return re.compile(out)


class Guide:
    def __init__(self, path, bulkhead, folder, show):
        self.path, self.bulkhead, self.folder, self.show = path, bulkhead, folder, show
        self.bed = self.root = None
        self.package = None  # cmake's build directory
        self.begin = self.answer = None
        self.problems = 0
        self.counts = {"commands": 0, "files": 0, "not run": 0}
        (folder / "bin").mkdir()
        (folder / "bin/bulkhead").symlink_to(bulkhead)
        self.work = folder / "work"
        self.work.mkdir()
        self.environment = dict(os.environ, PATH=f"{folder / 'bin'}:{testbed.search_path()}", NO_COLOR="1", COLUMNS="120",
                                TERM="dumb", LC_ALL="C.UTF-8")

    def needs_lab(self):
        return any(note in ("daemon", "service") for _, note, *_ in blocks(self.path.read_text()))

    def needs_root_directory(self):
        return any(note == "service" for _, note, *_ in blocks(self.path.read_text()))

    def run(self):
        for line, note, argument, language, body in blocks(self.path.read_text()):
            try:
                self.do(line, note, argument, language, body)
            except (Wrong, testbed.LabError) as wrong:
                self.problems += 1
                print(f"{self.path.name}:{line}: {wrong}")
        return self.problems

    def do(self, line, note, argument, language, body):
        if note == "capture":
            name, source = argument.split(" from ")
            shutil.copy(ROOT / source, self.work / name)
        elif note == "file":
            file = self.root.file(argument) if self.root else self.work / argument
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body)
            self.counts["files"] += 1
        elif note == "daemon":
            self.start_daemon(body)
            self.counts["files"] += 1
        elif note == "package" and not self.package:
            self.root.install_by_hand(self.bulkhead, ROOT)
            self.counts["not run"] += 1
        elif note == "service":
            self.start_service()
        elif note == "not run:":
            if not argument:
                raise Wrong("says not why it is not run")
            self.counts["not run"] += 1
        elif language == "console":
            for step in commands(body, line):
                try:
                    self.step(*step)
                except Wrong as wrong:
                    self.problems += 1
                    print(f"{self.path.name}:{wrong}")
        elif language == "sh":
            raise Wrong("commands stand in a console block, where they are run, or say why not")

    def make_package(self):
        """Where the package is that the guide installs, before the clock runs."""
        made = self.folder / "package"
        done = subprocess.run(["cpack", "--config", self.package / "CPackConfig.cmake", "-G", "DEB", "-B", made], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise Wrong(done.stdout + done.stderr)
        for package in made.glob("*.deb"):
            shutil.copy(package, self.root.file("."))

    def start_service(self):
        """ExecStartPre and ExecStart of the unit."""
        self.bed.directory = self.work
        settings = "/" + SETTINGS
        checked = subprocess.run(self.root.command(["bulkhead", "check", "-c", settings]), capture_output=True, text=True, check=False)
        if checked.returncode:
            raise Wrong(checked.stderr)
        # In place: the settings stay as the guide wrote them.
        self.bed.start_daemon_with(self.root.command(["bulkhead", "run", "-c", settings]))

    def start_daemon(self, settings):
        self.bed.directory = self.work
        self.bed.start_daemon(self.bulkhead, settings)

    def step(self, line, container, command, expected, status):
        self.counts["commands"] += 1
        words = ["bash", "-c", command]
        if container:
            words = self.bed.containers[container].command(*words)
        elif self.root:
            words = self.root.command(words)
        self.begin = self.begin or time.monotonic()
        try:
            done = subprocess.run(words, cwd=self.work, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{line}: {command}: not done within 60 s") from None
        if "bulkhead explain --live" in command:
            self.answer = self.answer or time.monotonic()
        if self.show:
            print(f"{container}$ {command}\n{done.stdout}" + (f"? {done.returncode}\n" if done.returncode else ""), flush=True)
            return
        if done.returncode != status:
            raise Wrong(f"{line}: {command}: exit status {done.returncode}, the guide says {status}\n{done.stdout}")
        printed = done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"
        if not pattern(expected).fullmatch(printed):
            raise Wrong(f"{line}: {command}: prints\n{printed}the guide says\n" + "\n".join(expected) + "\n")


def run_in_lab(guide):
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # of this mount namespace alone
    containers = [testbed.Container("web", 10, {"app": "web"}), testbed.Container("db", 20, {"app": "db"}),
                  testbed.Container("intruder", 66, {"app": "batch"})]
    servers = guide.folder / "servers"
    servers.mkdir()
    guide.folder.chmod(0o755)
    try:
        return run_in_bed(guide, servers, containers)
    finally:
        if guide.root:
            guide.root.close()


def run_in_bed(guide, servers, containers):
    with testbed.Testbed(servers, containers) as bed:
        guide.bed = bed
        for name, start in SERVERS.items():
            if start:
                getattr(bed, start)(name)
        shutil.copy(bed.write_inventory(), guide.work / "inventory.yaml")
        if guide.needs_root_directory():
            guide.root = InstalledRoot()
            guide.environment["PATH"] = testbed.search_path()
            shutil.copy(guide.work / "inventory.yaml", guide.root.file("."))
            if guide.package:
                guide.make_package()
        problems = guide.run()
        if guide.root and guide.answer:
            took = guide.answer - guide.begin
            print(f"{guide.path.name}: {took:.1f} s from {'the package' if guide.package else 'the first command'} to why")
            problems += took > SOON
        return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", required=True, type=pathlib.Path)
    parser.add_argument("--package", type=pathlib.Path, help="cmake's build directory, whose package is installed where the guide says so")
    parser.add_argument("--show", action="store_true", help="print what each command printed")
    parser.add_argument("--keep", type=pathlib.Path, help="copy the working folder there at the end")
    parser.add_argument("guide", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    problems = skipped = 0
    if not shutil.which("jq", path=testbed.search_path()):
        print("skipped: jq is not installed")
        return 77
    may_lab = os.geteuid() == 0 and shutil.which("nginx", path=testbed.search_path())
    if may_lab and any(re.search(r"<!-- (daemon|service)", path.read_text()) for path in options.guide):
        testbed.enter_own_world()  # begins this program anew
    for path in options.guide:
        with tempfile.TemporaryDirectory(prefix="bulkhead-guide-") as directory:
            guide = Guide(path.resolve(), options.bulkhead.resolve(), pathlib.Path(directory), options.show)
            if options.package and all(shutil.which(tool) for tool in ("cpack", "apt-get", "dpkg-shlibdeps")):
                guide.package = options.package.resolve()
            if guide.needs_lab():
                if not may_lab:
                    print(f"{path.name}: skipped: its lab needs root, nginx and redis")
                    skipped += 1
                    continue
                try:
                    problems += run_in_lab(guide)
                except NoOverlay as reason:
                    print(f"{path.name}: skipped: no overlay of the root can be made here: {reason}")
                    skipped += 1
                    continue
            else:
                problems += guide.run()
            if options.keep:
                shutil.copytree(guide.work, options.keep, dirs_exist_ok=True)
        counts = ", ".join(f"{number} {what}" for what, number in guide.counts.items())
        print(f"{path.name}: {counts}")
        if guide.counts["commands"] + guide.counts["files"] == 0:
            print(f"{path.name}: nothing was executed")
            problems += 1
    return 1 if problems else 77 if skipped == len(options.guide) else 0


if __name__ == "__main__":
    sys.exit(main())
