#!/usr/bin/python3
"""The pictures of the documents: `bulkhead top` and the page, light and dark, in front of the made-up node of the tests.
usage: pictures.py PROGRAM FOLDER     (config/guide/images; smaller where pngquant is installed)"""
import fcntl
import html
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

from browser import Browser
from fake_daemon import FakeDaemon, Node

class LivelyNode(Node):
    """With rates, and without the traps that the tests set."""

    def __init__(self):
        super().__init__(workloads=60, edges=260, seed=4)
        for event in self.events:
            if "signature" in event:
                event["signature"] = event["signature"].replace(" <b>not markup</b>", "")

    def answer(self, command, args):
        if command != "workloads":
            return super().answer(command, args)
        since = time.time() - self.begin
        lively = [dict(w, bytes_in=w.get("bytes_in", 0) + int(since * 9e6 / (i + 2)), bytes_out=w.get("bytes_out", 0) + int(since * 4e6 / (i + 1)))
                  for i, w in enumerate(self.workloads)]
        return {"workloads": lively, "time_ns": time.time_ns()}


COLUMNS, LINES = 124, 26
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff", "2": "#8b949e"}


def screen_of(command):
    """What a terminal of COLUMNS by LINES shows at the end, as lines with colour codes."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color")
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.execv(command[0], command)
    out = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        out += part
    os.waitpid(child, 0)
    last = out.decode().split("\x1b[H")[-1]
    return re.sub(r"\x1b\[(\?\d+[hl]|[KJ])", "", last).replace("\r", "").rstrip().split("\n")


def page_of(lines):
    text = ""
    for part in re.split(r"(\x1b\[[\d;]*m)", "\n".join(lines)):
        code = re.fullmatch(r"\x1b\[([\d;]*)m", part)
        if code is None:
            text += html.escape(part)
        elif code[1] in ("", "0"):
            text += "</span>"
        else:
            styles = [f"color:{COLOURS[c]}" if c in COLOURS else "font-weight:bold" for c in code[1].split(";")]
            text += f'<span style="{";".join(styles)}">'
    return ("data:text/html;charset=utf-8,<body style='margin:0;background:%230d1117'><pre style='color:%23e6edf3;padding:14px 18px;"
            "margin:0;font:14px/1.35 DejaVu Sans Mono,monospace;display:inline-block'>" + text.replace("#", "%23").replace("%25", "%")
            + "</pre>")


def smaller(path):
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--nofs", "--speed", "1", "--output", path, "96", path], check=True)
    print(f"{path}: {path.stat().st_size >> 10} KB")


def main():
    program, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    work = tempfile.mkdtemp(prefix="bulkhead-pictures-")
    page = browser = None
    try:
        socket = work + "/control.sock"
        FakeDaemon(socket, LivelyNode())
        page = subprocess.Popen([program, "page", "--listen", "127.0.0.1:0", "--socket", socket], stdout=subprocess.PIPE, text=True)
        address = page.stdout.readline().strip()
        browser = Browser(width=1200, height=720)
        browser.open(address)
        browser.wait("Number(document.body.dataset.looks) >= 2 && window.bulkheadMap?.edges.length > 200", "the map is filled")
        for dark in (False, True):
            browser.dark(dark)
            browser.run("new Promise((done) => setTimeout(done, 800))")
            path = folder / f"page-{'dark' if dark else 'light'}.png"
            browser.shot(path)
            smaller(path)
        browser.dark(False)
        browser.run("document.querySelector('[data-view=events]').click()")
        browser.wait("document.querySelectorAll('#views tbody tr').length > 5", "the timeline")
        browser.run("[...document.querySelectorAll('#views tbody tr')].find((r) => r.textContent.includes('does what tcp')).click()")
        browser.wait("document.querySelector('#detail .explanation')", "an incident with its pages")
        browser.run("document.querySelector('#detail .evidence').scrollIntoView()")
        browser.run("new Promise((done) => setTimeout(done, 800))")
        path = folder / "page-explained.png"
        browser.shot(path)
        smaller(path)
        browser.close()
        browser = Browser(width=COLUMNS * 9, height=LINES * 19 + 28)
        browser.open(page_of(screen_of([program, "top", "--count", "2", "--socket", socket])))
        browser.wait("document.querySelector('pre')", "the screen of top")
        path = folder / "top.png"
        browser.shot(path)
        smaller(path)
    finally:
        if browser:
            browser.close()
        if page:
            page.terminate()
            page.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
