"""What scripts that test the program from outside share: checks that are printed, patience, a network namespace of their own."""
import os
import shutil
import subprocess
import sys
import time


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def check(condition, what):
    if not condition:
        raise AssertionError(what)
    print("  ok", what)


def until(condition, what, seconds, pause=0.1):
    """Waits for it; what it asks may not be there yet."""
    end = time.time() + seconds
    while time.time() < end:
        try:
            if condition():
                return print("  ok", what)
        except (OSError, subprocess.CalledProcessError):
            pass
        time.sleep(pause)
    raise AssertionError(what)


def in_own_network(script, program):
    """Runs the script again with --inside, in a network namespace of its own; its exit status."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        skip("needs root and unshare")
    return subprocess.run(["unshare", "--net", sys.executable, script, program, "--inside"]).returncode


def in_lab_world(testbed):
    """Goes on in namespaces of its own (a script of the lab's testbed, which starts itself again); the program to test."""
    sys.argv[1] = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
        skip("needs root, unshare and ip")
    testbed.enter_own_world()
    return sys.argv[1]
