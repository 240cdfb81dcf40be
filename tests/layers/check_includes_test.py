#!/usr/bin/env python3
"""check_includes.py finds what it is there for."""
import pathlib
import tempfile
import unittest

import check_includes

LAYERS = "a/base:\na/top: a/base\nb/one: a/*\nb/two: a/base\n"


class CheckIncludes(unittest.TestCase):
    def check(self, files, layers=LAYERS):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            (root / "layers.txt").write_text(layers)
            return check_includes.check(sorted(files), check_includes.read_layers(root / "layers.txt"), root)

    def test_allowed_directions_pass(self):
        self.assertEqual([], self.check({
            "a/base/x.h": "#include <vector>\n", "a/top/y.h": '#include "a/base/x.h"\n#include "a/top/y.h"\n',
            "b/one/z.cpp": '#include "a/top/y.h"\n'}))

    def test_include_against_the_direction_is_found_with_its_line(self):
        self.assertEqual(["a/base/x.h:2: a/base may not include a/top (layers.txt)"],
                         self.check({"a/base/x.h": '\n#include "a/top/y.h"\n', "a/top/y.h": ""}))

    def test_neighbour_that_is_not_named_is_found(self):
        self.assertEqual(["b/two/z.cpp:1: b/two may not include a/top (layers.txt)"],
                         self.check({"a/top/y.h": "", "b/two/z.cpp": '#include "a/top/y.h"\n'}))

    def test_include_that_does_not_start_at_the_root_is_found(self):
        self.assertEqual(['a/top/y.h:1: "x.h" is no file; includes start at the root of the tree'],
                         self.check({"a/top/x.h": "", "a/top/y.h": '#  include "x.h"\n'}))

    def test_tests_may_name_a_file_beside_them(self):
        layers = LAYERS + "tests: *\n"
        self.assertEqual([], self.check({"tests/a/x.h": "", "tests/a/y.cpp": '#include "x.h"\n'}, layers))
        self.assertEqual(1, len(self.check({"tests/x.h": "", "tests/a/y.cpp": '#include "x.h"\n'}, layers)))

    def test_folder_without_a_layer_is_found(self):
        self.assertEqual(["c/x.h:1: this folder is not in layers.txt"], self.check({"c/x.h": ""}))

    def test_circle_in_the_layers_is_found(self):
        self.assertIn("layers.txt: a/base and a/top allow each other",
                      self.check({}, "a/base: a/top\na/top: a/base\n"))


if __name__ == "__main__":
    unittest.main()
