#!/usr/bin/env python3
"""tests/support/junit_counts.py counts each outcome once, and takes a test that could not start for a failure."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "support" / "junit_counts.py"
PASSED = '<testcase name="a" status="run"><system-out>fine</system-out></testcase>'
FAILED = '<testcase name="b" status="fail"><failure message="broken"/><system-out>why</system-out></testcase>'
SKIPPED = ('<testcase name="c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
           '<system-out>x.cpp:3: Skipped\nneeds root\n</system-out></testcase>')
MISSING = '<testcase name="d" status="notrun"><skipped message="Unable to find executable: d"/></testcase>'


class JunitCounts(unittest.TestCase):
    def run_on(self, *cases):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write("<testsuite>" + "".join(cases) + "</testsuite>")
            file.flush()
            run = subprocess.run([sys.executable, SCRIPT, file.name], capture_output=True, text=True, check=False)
            return run.returncode, run.stdout.splitlines()

    def test_passes_and_skips_are_a_success(self):
        status, lines = self.run_on(PASSED, PASSED, SKIPPED)
        self.assertEqual((0, "2 passed, 0 failed, 1 skipped"), (status, lines[-1]))
        self.assertIn("skipped c: needs root", lines)

    def test_a_failure_is_shown_with_its_output(self):
        status, lines = self.run_on(PASSED, FAILED)
        self.assertEqual((1, "1 passed, 1 failed, 0 skipped"), (status, lines[-1]))
        self.assertIn("    why", lines)

    def test_a_program_that_is_missing_is_a_failure(self):
        status, lines = self.run_on(PASSED, MISSING)
        self.assertEqual((1, "1 passed, 1 failed, 0 skipped"), (status, lines[-1]))

    def run_twice(self, first, second):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in ("tests.xml", "again.xml")]
            for path, cases in zip(paths, (first, second)):
                path.write_text("<testsuite>" + "".join(cases) + "</testsuite>")
            run = subprocess.run([sys.executable, SCRIPT, *paths], capture_output=True, text=True, check=False)
            return run.returncode, run.stdout.splitlines()

    def test_what_passes_when_run_again_is_named_and_its_failure_shown(self):
        status, lines = self.run_twice([PASSED, FAILED], [FAILED.replace('status="fail"', 'status="run"')])
        self.assertEqual((0, "2 passed, 0 failed, 0 skipped"), (status, lines[-1]))
        self.assertIn("PASSED ONLY WHEN RUN AGAIN b", lines)
        self.assertIn("    why", lines)

    def test_what_fails_twice_has_failed(self):
        status, lines = self.run_twice([PASSED, FAILED], [FAILED])
        self.assertEqual((1, "1 passed, 1 failed, 0 skipped"), (status, lines[-1]))

    def test_many_failures_are_no_accident(self):
        names = "bcde"
        status, lines = self.run_twice([FAILED.replace('"b"', f'"{n}"') for n in names],
                                       [PASSED.replace('"a"', f'"{n}"') for n in names])
        self.assertEqual((1, "0 passed, 4 failed, 0 skipped"), (status, lines[-1]))

    def test_nothing_run_is_a_failure(self):
        self.assertEqual((1, ["0 passed, 0 failed, 0 skipped"]), self.run_on())

    def test_no_file_is_a_failure(self):
        run = subprocess.run([sys.executable, SCRIPT, "missing.xml"], capture_output=True, text=True, check=False)
        self.assertEqual((1, "0 passed, 0 failed, 0 skipped"), (run.returncode, run.stdout.splitlines()[-1]))


if __name__ == "__main__":
    unittest.main()
