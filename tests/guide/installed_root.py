"""The system's root with something installed on top, which is gone afterwards: an overlay in a mount namespace of one's own.

Needs root, and testbed.enter_own_world() before. What the package puts where is there by the package (apt), or, without one, by hand.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

HOME = "/root"
# As the unit has them (RuntimeDirectory, LogsDirectory, StateDirectory, CacheDirectory).
DIRECTORIES = ("run/bulkhead", "var/log/bulkhead", "var/lib/bulkhead", "var/cache/bulkhead")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
SETTINGS = "etc/bulkhead/bulkhead.yaml"


class NoOverlay(Exception):
    pass


class InstalledRoot:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-installed-"))
        self.path, layers = self.folder / "root", self.folder / "layers"
        self.mounts = [self.path, layers]
        for each in self.mounts:
            each.mkdir()
        try:
            self.make(layers)
        except NoOverlay:
            self.close()
            raise

    def make(self, layers):
        self.mount("-t", "tmpfs", "tmpfs", layers)
        for name in ("upper", "work"):
            (layers / name).mkdir()
        self.mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={layers}/upper,workdir={layers}/work", self.path)
        # Of its own, so that nothing in here reaches the machine's devices.
        self.mount("-t", "proc", "proc", self.path / "proc")
        self.mount("-t", "sysfs", "-o", "ro", "sysfs", self.path / "sys")
        for name in ("dev", "run", "tmp"):
            self.mount("-t", "tmpfs", "tmpfs", self.path / name)
        for name in DEVICES:
            (self.path / "dev" / name).touch()
            self.mount("--bind", f"/dev/{name}", self.path / "dev" / name)
        for name in DIRECTORIES:
            (self.path / name).mkdir(parents=True, exist_ok=True)

    def close(self):
        for each in self.mounts:
            subprocess.run(["umount", "--recursive", "--lazy", each], capture_output=True, check=False)
            os.rmdir(each)  # empty by now; never anything below a mount
        os.rmdir(self.folder)

    @staticmethod
    def mount(*words):
        done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoOverlay(done.stderr.strip())

    def command(self, words):
        """What runs these words at the root's home."""
        return ["chroot", str(self.path), "sh", "-c", f'cd {HOME} && exec "$@"', "sh", *map(str, words)]

    def file(self, name):
        """Where a file is that is called so inside; relative names begin at the home."""
        return self.path / (name.lstrip("/") if name.startswith("/") else f"{HOME}/{name}".lstrip("/"))

    def install_by_hand(self, program, source):
        """Without a package: the program, its settings and packs where the package has them."""
        target = self.path / "usr/bin/bulkhead"
        target.touch()
        self.mount("--bind", program, target)
        packs = self.path / "usr/share/bulkhead/packs"
        for folder in (packs, (self.path / SETTINGS).parent):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / "config/deploy/package/debian/bulkhead.yaml", self.path / SETTINGS)
        for pack in (source / "signatures/packs").glob("*.rules"):
            shutil.copy(pack, packs)
