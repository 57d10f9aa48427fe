"""CITATION.cff is valid, and each way to break it is noticed."""

import unittest

from proofs.evidence import citation, tree

GOOD = """cff-version: 1.2.0
message: Cite it.
title: A slab
authors:
  - name: The authors
"""


class CheckTest(unittest.TestCase):
    def assert_problem(self, text, pattern):
        problems = citation.check(text)
        self.assertEqual(len(problems), 1, problems)
        self.assertRegex(problems[0], pattern)

    def test_a_good_file_has_no_problem(self):
        person = "  - {family-names: Lovelace, given-names: Ada}\n"
        more = "version: 1.0.0\ndate-released: 2026-01-02\nkeywords: [a, b]\nlicense: MIT\n"
        self.assertEqual(citation.check(GOOD + person + more), [])

    def test_what_is_no_mapping_is_found(self):
        self.assert_problem("- a", "not a mapping")
        self.assert_problem("a: [", "not YAML")

    def test_a_missing_field_is_found(self):
        self.assert_problem(GOOD.replace("title: A slab\n", ""), "^title is missing")

    def test_an_unknown_field_is_found(self):
        self.assert_problem(GOOD + "titel: x\n", "^titel is no field")

    def test_another_version_of_the_format_is_found(self):
        self.assert_problem(GOOD.replace("1.2.0", "1.1.0"), "^cff-version")

    def test_a_file_without_an_author_is_found(self):
        self.assert_problem(GOOD.replace("\n  - name: The authors", " []"), "^authors is not a list")

    def test_an_author_who_is_neither_person_nor_entity_is_found(self):
        self.assert_problem(GOOD + "  - {name: x, given-names: y}\n", "author 2: not for an entity")
        self.assert_problem(GOOD + "  - {surname: x}\n", "author 2: not for a person")

    def test_values_of_a_wrong_kind_are_found(self):
        for line, pattern in {
            "abstract: [x]": "abstract is not text",
            "type: book": "type is neither",
            "version: [1]": "version is neither",
            "date-released: soon": "date-released",
            "keywords: [a, a]": "keywords",
            "url: here": "url is no address",
        }.items():
            with self.subTest(line):
                self.assert_problem(GOOD + line + "\n", pattern)


class TreeTest(unittest.TestCase):
    def test_the_citation_file_is_valid(self):
        text = (tree.workspace_root() / "CITATION.cff").read_text()
        self.assertEqual(citation.check(text), [])


if __name__ == "__main__":
    unittest.main()
