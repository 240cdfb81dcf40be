#!/usr/bin/env python3
"""check_words.py finds what it is there for, and lets ordinary text pass."""
import unittest

import check_words


def complaints(text, name="x.cpp"):
    return [problem.split(": ", 1)[1] for problem in check_words.check_text(name, text)]


class CheckWords(unittest.TestCase):
    def test_ordinary_text_passes(self):
        self.assertEqual([], complaints("int a;  // see /etc/nginx, ${HOME}/work, http://x/home/y\n"))

    def test_postponed_work_is_found(self):
        self.assertEqual(["says that something is left to do"], complaints("// TO" "DO later\n"))

    def test_path_of_a_machine_is_found(self):
        self.assertEqual(["a path of one machine"], complaints('open("/ho' 'me/someone/x")\n'))

    def test_merge_marks_are_found(self):
        self.assertEqual(["a mark of a merge"] * 2, complaints("<<<<<" "<< ours\n>>>>>" ">> theirs\n", "x.md"))

    def test_blanks_and_tabs_are_found_in_code_only(self):
        self.assertEqual(["spaces at the end", "a tab"], complaints("a \n\tb\n"))
        self.assertEqual([], complaints("a \n\tb\n", "x.rules"))


if __name__ == "__main__":
    unittest.main()
