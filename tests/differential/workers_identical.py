#!/usr/bin/env python3
"""Replay with 1, 2 and 4 workers must write byte-identical EVE files.

Captures: every input.pcap of tests/golden, and those of the optional data directory
(BULKHEAD_TEST_DATA, default ../shared beside the repository). Rules: the golden case's own, else
the data directory's, else a few rules that touch every kind of shared state.
"""
import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = """
alert tcp any any -> any any (msg:"a GET"; content:"GET "; flow:established,to_server; sid:1;)
alert tcp any any -> any any (msg:"every fifth of a source"; content:"HTTP/1"; threshold:type threshold,track by_src,count 5,seconds 60; sid:2;)
alert ip any any -> any any (msg:"any pair once"; sid:3;)
alert udp any any -> any 53 (msg:"dns, limited"; threshold:type limit,track by_dst,count 2,seconds 5; sid:4;)
alert tcp any any -> any any (msg:"host seen"; flags:S; xbits:set,seen,track ip_src,expire 60; noalert; sid:5;)
alert tcp any any -> any any (msg:"host seen before"; flags:SA; xbits:isset,seen,track ip_dst; sid:6;)
alert icmp any any -> any any (msg:"ping flood"; itype:8; detection_filter:track by_src,count 3,seconds 10; sid:7;)
"""


def captures(data: Path) -> list[Path]:
    found = sorted((REPOSITORY / "tests" / "golden").glob("**/input.pcap"))
    if data.is_dir():
        small = sorted(p for p in (data / "captures").glob("**/*.pcap*") if p.suffix in (".pcap", ".pcapng"))
        found += small[:: max(1, len(small) // 60)]
        found += sorted((data / "captures" / "lab").glob("benign_train.pcap.zst"))
    return found


def digest(bulkhead: Path, capture: Path, rules: Path, workers: int) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [bulkhead, "replay", "--quiet", "--pcap", capture, "--signatures", rules, "--log-dir", out,
             "--workers", str(workers), "--set", "stats.enabled=no"],
            capture_output=True, text=True, timeout=300, check=False)
        text = (Path(out) / "eve.json").read_bytes() if (Path(out) / "eve.json").exists() else b""
        return f"{hashlib.sha256(text).hexdigest()} {len(text)} bytes, exit {done.returncode}", done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bulkhead", type=Path, required=True)
    options = parser.parse_args()
    data = Path(os.environ.get("BULKHEAD_TEST_DATA", REPOSITORY.parent / "shared"))
    found = captures(data)
    if not found:
        print("skipped: no captures in tests/golden and no data directory")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        default_rules = Path(scratch) / "shared.rules"
        default_rules.write_text(RULES)
        for capture in found:
            pcap = capture
            if capture.suffix == ".zst":
                pcap = Path(scratch) / capture.stem
                subprocess.run(["zstd", "-qdf", capture, "-o", pcap], check=True)
            own = sorted(capture.parent.glob("*.rules")) if capture.name == "input.pcap" else []
            results = {w: digest(options.bulkhead, pcap, own[0] if own else default_rules, w) for w in (1, 2, 4)}
            if len({value for value, _ in results.values()}) != 1:
                failed += 1
                print(f"DIFFERENT {capture}")
                for workers, (value, err) in results.items():
                    print(f"  {workers} workers: {value} {err.strip()[-200:]}")
    print(f"{len(found) - failed} of {len(found)} captures identical with 1, 2 and 4 workers")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
