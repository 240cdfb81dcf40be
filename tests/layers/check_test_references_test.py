#!/usr/bin/env python3
"""check_test_references.py finds names of tests that do not exist, and only those."""
import unittest

import check_test_references


def complaints(text, *files):
    return list(check_test_references.check_header("x.h", text, lambda path: path in files))


class CheckTestReferences(unittest.TestCase):
    def test_files_and_folders_that_exist_pass(self):
        self.assertEqual([], complaints("// Tests    tests/a_test.cpp, tests/netns/ (root)\n", "tests/a_test.cpp", "tests/netns/"))

    def test_a_missing_file_is_found_with_its_line(self):
        self.assertEqual(["x.h:2: names tests/b_test.cpp, which does not exist"],
                         complaints("// Limits   none\n// Tests    tests/a_test.cpp, tests/b_test.cpp.\n", "tests/a_test.cpp"))

    def test_a_missing_folder_is_found(self):
        self.assertEqual(["x.h:1: names tests/gone/, which does not exist"], complaints("// Tests  tests/gone/\n"))

    def test_the_list_may_go_on_in_the_next_line(self):
        self.assertEqual(["x.h:2: names tests/b.cpp, which does not exist"],
                         complaints("// Tests    as below\n//          tests/b.cpp\n"))

    def test_other_lines_may_name_anything(self):
        self.assertEqual([], complaints('// Source   tests/none.txt\n#include "tests/none.h"\n'))


if __name__ == "__main__":
    unittest.main()
