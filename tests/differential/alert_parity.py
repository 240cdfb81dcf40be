#!/usr/bin/env python3
"""Replays captures through bulkhead and Suricata 7 with the same rules and compares the alerts.

    alert_parity.py --bulkhead build/dev/bulkhead [--all] [--pcap FILE ...] [--verbose]

Rules: those of the rule files in the data directory (BULKHEAD_TEST_DATA, default ../shared beside the repository) that
bulkhead compiles, and no others for either side. Captures: those of the lab, and a sample of the others; --all takes
every one. Compared is, per capture, the multiset of (sid, source, port, destination, port, protocol). HOME_NET and
EXTERNAL_NET are `any`, so that captures of any address plan have something to alert on.
Suricata loads the rules once and takes the captures over its socket; checksums are ignored. What it knows of
hosts may live on to the next capture, so one that differs is asked of a fresh process again, and that answer counts.
KNOWN says why what remains differs. Fails below 99 % found or above 1 % extra of what KNOWN does not explain, or when
nothing alerts; the figures with everything stand beside. Exit status 77: no Suricata 7 or no data.
"""
import argparse
import collections
import concurrent.futures
import ipaddress
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SURICATA_YAML = pathlib.Path("/etc/suricata/suricata.yaml")
VARIABLES = ("vars.address-groups.HOME_NET=any", "vars.address-groups.EXTERNAL_NET=any")
CAPTURES = (".pcap", ".pcapng", ".trace", ".cap")
# Both judge plain stream data in pieces of one size (without it, bulkhead judges what is acknowledged).
CHUNKED = ("stream.reassembly.toserver-chunk-size=2560", "stream.reassembly.toclient-chunk-size=2560")
NO_IPIP = "decoder.ipv4.ipip.enabled=no"  # Suricata 7 does not decode IPv4 in IPv4
FIXED_CHUNKS = "stream.reassembly.randomize-chunk-size=no"
SAMPLE = {"zeek": 60, "deepflow": 15}
FOUND_PERCENT, EXTRA_PERCENT = 99.0, 1.0
# (name of the capture, sids or None for all): why it differs.
KNOWN = [
    ("ftp-many-port-expected.pcap", {2103441}, "500 PORT commands without an answer: one is judged with each chunk here; there FTP's "
     "transactions without an answer are over before the chunk is looked at"),
    ("ping6-in-ipv4.pcap", {2012141},
     "packets of protocols without ports all count as sent to the server there, so the answer is no new direction"),
    ("heartbleed-success.pcap", {2018373, 2018377, 2018382},
     "the drop rule 2018383 asks for a record at the start of the data (depth:2): there a chunk of the stream starts with it, "
     "which drops the flow, and the answer is not judged; here depth counts from the start of the stream, the packet alone fits"),
    ("linux_dlt_sll2.pcap", None, "link type 276 (Linux cooked, version 2) is not decoded by Suricata 7"),
]


def our_settings(*more):
    return [word for setting in VARIABLES + more for word in ("--set", setting)]


def usable_rules(bulkhead, source):
    """The rules that bulkhead compiles; `bulkhead check` names the others as file:line."""
    done = subprocess.run([bulkhead, "check", "--all", "--signatures", source, *our_settings()], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=600, check=False)
    name = re.escape(source.name)
    bad = {int(number) for number in re.findall(rf"{name}:(\d+):[\d-]+: error", done.stdout + done.stderr)}
    return [line for number, line in enumerate(source.read_text().splitlines(), 1)
            if number not in bad and line.startswith(("alert", "drop", "pass", "reject"))]


def captures(data, everything):
    """[(capture, name)], the largest first."""
    found = sorted((data / "captures/lab").glob("*.pcap.zst"))
    for folder, wanted in SAMPLE.items():
        files = sorted(path for path in (data / "captures" / folder).glob("**/*") if path.suffix in CAPTURES)
        found += files if everything else files[::max(1, len(files) // wanted)]
    return sorted(((path, str(path.relative_to(data / "captures"))) for path in found),
                  key=lambda item: -item[0].stat().st_size)


def alerts(eve):
    counts = collections.Counter()
    if eve.exists():
        for line in eve.read_text(errors="replace").splitlines():
            event = json.loads(line)
            if event["event_type"] == "alert":
                counts[(event["alert"]["signature_id"], address(event.get("src_ip")), event.get("src_port", 0),
                        address(event.get("dest_ip")), event.get("dest_port", 0), event.get("proto"))] += 1
    return counts


def address(text):
    return str(ipaddress.ip_address(text)) if text else ""


class Suricata:
    """One process, many captures."""

    def __init__(self, rules, folder):
        settings = folder / "suricata.yaml"
        settings.write_text(self.settings_text())
        self.socket_path = folder / "socket"
        self.log = open(folder / "console.log", "w", encoding="utf-8")
        self.base_command = ["suricata", "-c", settings, "-S", rules, "-k", "none", "--set", "runmode=single"] + our_settings(FIXED_CHUNKS, *CHUNKED)
        command = self.base_command + [f"--unix-socket={self.socket_path}", "-l", folder]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.wait(self.socket_path.exists, 300, "does not open its socket")
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(60)
        self.connection.connect(str(self.socket_path))
        self.ask({"version": "0.2"})

    @staticmethod
    def settings_text():
        head, _, rest = SURICATA_YAML.read_text().partition("\noutputs:")
        return head + ("\noutputs:\n  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert]}\n"
                       ) + rest[rest.index("\nlogging:"):]

    def wait(self, condition, seconds, problem):
        end = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Suricata {problem} (status {self.process.returncode})")
            time.sleep(0.02)

    def ask(self, message):
        self.connection.sendall(json.dumps(message).encode() + b"\n")
        answer = b""
        while True:
            answer += self.connection.recv(65536)
            try:
                return json.loads(answer)
            except ValueError:
                continue

    def alerts(self, pcap, log):
        log.mkdir()
        self.ask({"command": "pcap-file", "arguments": {"filename": str(pcap), "output-dir": str(log)}})
        self.wait(lambda: (log / "eve.json").exists(), 60, f"does not begin {pcap}")
        self.wait(lambda: self.ask({"command": "pcap-current"})["message"] == "None"
                  and self.ask({"command": "pcap-file-number"})["message"] == 0, 300, f"does not finish {pcap}")
        return alerts(log / "eve.json")

    def alerts_of_fresh_process(self, pcap, log):
        log.mkdir()
        subprocess.run(self.base_command + ["-r", pcap, "-l", log], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=600, check=False)  # fails where it cannot read the capture
        return alerts(log / "eve.json")

    def close(self):
        self.process.terminate()
        self.process.wait(60)


def our_alerts(bulkhead, pcap, rules, cache, log):
    log.mkdir()
    done = subprocess.run([bulkhead, "replay", "--quiet", "--pcap", pcap, "--signatures", rules, "--log-dir", log,
                           *our_settings("eve.types=[alert]", "pcap-file.checksum-checks=no", f"cache-dir={cache}", NO_IPIP, *CHUNKED)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        print(f"{pcap}: bulkhead exits with {done.returncode}: {done.stderr.strip()[-200:]}")
    return alerts(log / "eve.json")


def unpacked(capture, folder):
    if capture.suffix != ".zst":
        return capture
    target = folder / capture.stem
    subprocess.run(["zstd", "-qdf", capture, "-o", target], check=True)
    return target


def reason_of(name, sid):
    file = name.rpartition("/")[2]
    return next((reason for known, sids, reason in KNOWN if file == known and (sids is None or sid in sids)), None)


def explained(name, side):
    return sum(count for key, count in side.items() if reason_of(name, key[0]))


def show(name, ours, theirs, limit):
    missing, extra = theirs - ours, ours - theirs
    for word, side in (("missing", missing), ("extra", extra)):
        per_sid = collections.Counter()
        for key, count in side.items():
            per_sid[key[0]] += count
        for sid, count in per_sid.most_common(limit):
            example = next(key for key in side if key[0] == sid)
            print(f"  {word} {count:5} x sid {sid}, as {example[1]}:{example[2]} -> {example[3]}:{example[4]} {example[5]} "
                  f"(here {ours[example]}, Suricata {theirs[example]}): {reason_of(name, sid) or 'not explained'}")
    return [(ours & theirs).total(), missing.total(), extra.total(), explained(name, missing), explained(name, extra)]


def compare(options, chosen, rules, folder):
    totals, different = [0] * 5, 0
    suricata = Suricata(rules, folder)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as other_side:
            for number, (capture, name) in enumerate(chosen):
                pcap = unpacked(capture, folder)
                theirs = other_side.submit(suricata.alerts, pcap, folder / f"suricata-{number}")
                ours = our_alerts(options.bulkhead, pcap, rules, folder / "cache", folder / f"bulkhead-{number}")
                theirs = theirs.result()
                if ours != theirs:
                    theirs = suricata.alerts_of_fresh_process(pcap, folder / f"fresh-{number}")
                if pcap != capture:
                    pcap.unlink()
                if ours or theirs or options.verbose:
                    print(f"{name}: {(ours & theirs).total()} found, {(theirs - ours).total()} missing, "
                          f"{(ours - theirs).total()} extra", flush=True)
                different += ours != theirs
                totals = [a + b for a, b in zip(totals, show(name, ours, theirs, options.limit))]
    finally:
        suricata.close()
    loaded = re.search(r"(\d+) rules successfully loaded, (\d+) rules failed", (folder / "suricata.log").read_text())
    print(f"Suricata: {loaded[0]}" if loaded else "Suricata does not say how many rules it loaded")
    return totals, different


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bulkhead", type=pathlib.Path, required=True)
    parser.add_argument("--all", action="store_true", help="every capture, not a sample")
    parser.add_argument("--pcap", type=pathlib.Path, nargs="*", help="these captures only")
    parser.add_argument("--limit", type=int, default=10, help="sids named per capture and kind of difference")
    parser.add_argument("--verbose", action="store_true", help="also captures without alerts")
    options = parser.parse_args()
    options.bulkhead = options.bulkhead.resolve()
    version = subprocess.run(["suricata", "-V"], capture_output=True, text=True).stdout if shutil.which("suricata") else ""
    if "version 7." not in version or not SURICATA_YAML.exists():
        print("skipped: Suricata 7 is not installed")
        return 77
    data = pathlib.Path(os.environ.get("BULKHEAD_TEST_DATA", REPOSITORY.parent / "shared")).resolve()
    sources = sorted((data / "rules").glob("*.rules"))
    chosen = [(path.resolve(), path.name) for path in options.pcap] if options.pcap else captures(data, options.all)
    if not sources or not chosen:
        print(f"skipped: no rules or no captures in {data}")
        return 77
    with tempfile.TemporaryDirectory(prefix="bulkhead-parity-") as directory:
        folder = pathlib.Path(directory)
        lines = [line for source in sources for line in usable_rules(options.bulkhead, source)]
        rules = folder / "both.rules"
        rules.write_text("\n".join(lines) + "\n")
        (found, missing, extra, missing_explained, extra_explained), different = compare(options, chosen, rules, folder)
    of_theirs = max(found + missing, 1)
    print(f"{len(lines)} rules, {len(chosen)} captures, {different} differ: {found} found ({100 * found / of_theirs:.2f} %), "
          f"{missing} missing, {extra} extra ({100 * extra / of_theirs:.2f} %); "
          f"explained: {missing_explained} missing, {extra_explained} extra")
    if found + missing == 0:
        print("no alert on either side: nothing was compared")
        return 1
    missing, extra = missing - missing_explained, extra - extra_explained
    of_theirs = max(found + missing, 1)
    print(f"not explained: {missing} missing, {extra} extra ({100 * found / of_theirs:.2f} % found, "
          f"{100 * extra / of_theirs:.2f} % extra)")
    return 0 if 100 * found >= FOUND_PERCENT * of_theirs and 100 * extra <= EXTRA_PERCENT * of_theirs else 1


if __name__ == "__main__":
    sys.exit(main())
