"""What the bench scripts share: the machine's description, medians, the cache folder, measured runs."""
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "config/lab"), str(ROOT / "tests/support")]


def cache_folder():
    """Outside the tree: captures are large and made again on any machine."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(base) / "bulkhead/bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def machine():
    """Figures mean nothing without it."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return {
        "cpu": model.group(1).strip() if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory.group(1)) / 1e6, 1),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def machine_line(facts):
    warning = "  (busy: figures will be low)" if facts["load_before"] > facts["cores"] / 2 else ""
    return (f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB, Linux {facts['kernel']}, "
            f"load {facts['load_before']:.1f}{warning}")


def measured_run(command, log, timeout=900, **options):
    """Runs a command; wall and CPU seconds and peak memory of it and its children."""
    with open(log, "wb") as output:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output, **options)
        deadline = started + timeout
        pid = 0
        while pid == 0:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid == 0:
                if time.monotonic() > deadline:
                    process.kill()
                time.sleep(0.002)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = pathlib.Path(log).read_text(errors="replace")[-1500:]
        sys.exit(f"bench: status {process.returncode}: {' '.join(map(str, command))}\n{tail}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024}


def median(values):
    return statistics.median(values)


def percentile(values, percent):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def table(rows, header):
    rows = [header] + rows
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(header))]
    for row in rows:
        print("  " + f"{row[0]:<{widths[0]}}  " + "  ".join(f"{cell:>{width}}" for cell, width in
                                                         zip(row[1:], widths[1:])))
