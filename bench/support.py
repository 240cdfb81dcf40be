"""What the bench scripts share: the machine's description, medians, the cache folder, measured runs."""
import math
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


def svg_log(title, x_label, y_label, points):
    """Points on a logarithmic x axis, y from 0; no library."""
    width, height, left, bottom, top = 560, 300, 64, 44, 34
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])
    most = max(y for _, y in points) * 1.15 or 1

    def at(x, y):
        return (left + (math.log10(x) - low) / (high - low or 1) * (width - left - 24),
                height - bottom - y / most * (height - bottom - top))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
             f'font-size="12">', f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="{width / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>',
             f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle">{x_label}</text>',
             f'<text x="14" y="{height / 2}" text-anchor="middle" transform="rotate(-90 14 {height / 2})">{y_label}</text>']
    for step in range(5):
        y = most / 1.15 * step / 4
        _, level = at(points[0][0], y)
        parts.append(f'<line x1="{left}" y1="{level:.1f}" x2="{width - 24}" y2="{level:.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{level + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
    parts.append(f'<polyline points="{line}" fill="none" stroke="#2266aa" stroke-width="2"/>')
    for x, y in points:
        cx, cy = at(x, y)
        parts.append(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="3.5" fill="#2266aa"/>'
                     f'<text x="{cx:.1f}" y="{height - bottom + 16}" text-anchor="middle">{x:,}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def svg_lines(title, x_label, series):
    """Lines on linear axes from 0, each with its name and last value at its end; no library."""
    width, height, left, right, bottom, top = 720, 320, 64, 190, 44, 34
    colours = ("#2266aa", "#aa4422", "#228844", "#775599", "#888888")
    x_most = max(x for points in series.values() for x, _ in points) or 1
    y_most = max(y for points in series.values() for _, y in points) * 1.1 or 1

    def at(x, y):
        return left + x / x_most * (width - left - right), height - bottom - y / y_most * (height - bottom - top)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
             f'font-size="12">', f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="{width / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>',
             f'<text x="{(width + left - right) / 2}" y="{height - 8}" text-anchor="middle">{x_label}</text>']
    for step in range(5):
        y = y_most / 1.1 * step / 4
        _, level = at(0, y)
        across, _ = at(x_most * step / 4, 0)
        parts.append(f'<line x1="{left}" y1="{level:.1f}" x2="{width - right}" y2="{level:.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{level + 4:.1f}" text-anchor="end">{y:,.3g}</text>'
                     f'<text x="{across:.1f}" y="{height - bottom + 16}" text-anchor="middle">{x_most * step / 4:,.3g}</text>')
    last_label = 1e9
    for (name, points), colour in sorted(zip(series.items(), colours), key=lambda item: item[0][1][-1][1]):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        _, level = at(*points[-1])
        last_label = min(level + 4, last_label - 14)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
                     f'<text x="{width - right + 6}" y="{last_label:.1f}" fill="{colour}">{name}: {points[-1][1]:,.4g}</text>')
    return "\n".join(parts) + "\n</svg>\n"
