"""The daemon as scripts run it: its settings on the command line, its log and its EVE file in one folder."""
import json
import os
import subprocess
import time


def comes(condition, seconds=20, pause=0.05):
    """Whether it becomes true in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return False


class Daemon:
    def __init__(self, program, folder, policy, *sets):
        os.makedirs(folder, exist_ok=True)
        self.log_path, self.eve = folder + "/bulkhead.log", folder + "/eve.json"
        if os.path.exists(self.eve):
            os.unlink(self.eve)
        with open(folder + "/policy.yaml", "w", encoding="utf-8") as file:
            file.write(policy)
        command = [program, "run", "--policy", folder + "/policy.yaml", "--log-dir", folder]
        for word in sets:
            command += ["--set", word]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        if not comes(lambda: "ready:" in self.log() or self.process.poll() is not None, 30):
            raise RuntimeError("not ready: " + self.log())
        if self.process.poll() is not None:
            raise RuntimeError("ended: " + self.log())

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def events(self, kind):
        if not os.path.exists(self.eve):
            return []
        with open(self.eve, encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        return [e for e in map(json.loads, lines) if e["event_type"] == kind]
