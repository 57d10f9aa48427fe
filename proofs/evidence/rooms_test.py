"""The rooms of this directory use each other one way: report -> run -> catalogue."""

import ast
import pathlib
import unittest

ROOMS = pathlib.Path("proofs/evidence")
MAY_USE = {"catalogue": {"catalogue"}, "run": {"run", "catalogue"}, "report": {"report", "run", "catalogue"}}


def used_rooms(text):
    """The rooms that a module imports from."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    prefix = "proofs.evidence."
    return {name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix)}


class RoomsTest(unittest.TestCase):
    def test_every_form_of_import_is_seen(self):
        for line in ["import proofs.evidence.run.x", "from proofs.evidence.run import x", "from proofs.evidence import run"]:
            self.assertEqual(used_rooms(line), {"run"}, line)

    def test_each_module_uses_only_rooms_below_it(self):
        for room, allowed in MAY_USE.items():
            modules = sorted((ROOMS / room).glob("*.py"))
            self.assertTrue(modules)
            for module in modules:
                with self.subTest(module):
                    self.assertEqual(used_rooms(module.read_text()) - allowed, set())
