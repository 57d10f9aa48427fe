"""The facts of a run are found, and CITATION.cff has what the Citation File Format and the report need."""

import unittest

import yaml

from proofs.evidence.catalogue import example, tree
from proofs.evidence.run import facts


class FactsTest(unittest.TestCase):
    def test_facts_are_gathered_outside_a_repository_too(self):
        gathered = facts.gather(example.make(self))
        self.assertEqual((gathered.version, gathered.commit), ("1.0.0", ""))
        self.assertIn("no commit known", gathered.source)

    def test_persons_are_named_with_their_family_name_first(self):
        root = example.make(self)
        persons = "{family-names: Lovelace, given-names: Ada}, {name: Others}"
        example.write(root, "CITATION.cff", f"title: A slab\nauthors: [{persons}]\n")
        self.assertEqual(facts.gather(root).authors, "Lovelace, Ada and Others")


class CitationFileTest(unittest.TestCase):
    def test_it_has_every_field_that_the_format_requires(self):
        citation = yaml.safe_load((tree.workspace_root() / "CITATION.cff").read_text())
        self.assertEqual((citation["cff-version"], citation["type"]), ("1.2.0", "software"))
        for field in ["message", "title", "abstract", "license"]:
            self.assertIsInstance(citation[field], str)
        self.assertEqual(facts.gather(tree.workspace_root()).title, citation["title"])
        self.assertIn("S6", citation["message"])
