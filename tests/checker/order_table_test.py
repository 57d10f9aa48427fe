"""Every memory order of the library is needed, and the committed table says so."""

import copy
import pathlib
import unittest

from tests.checker import order_table

_HEADERS = sorted(pathlib.Path("impl/slabproof").glob("*.h"))


class OrderTableTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.results = order_table.run("tests/checker/order_table")

    def test_each_order_is_needed_and_the_shipped_ones_suffice(self):
        self.assertEqual(order_table.unneeded(self.results), [])

    def test_each_order_in_the_source_is_tried(self):
        sites = sorted((site["file"], site["order"]) for site in self.results["sites"])
        self.assertEqual(sites, order_table.orders_in(_HEADERS))

    def test_committed_table_is_what_the_searches_give(self):
        self.assertEqual(
            pathlib.Path("tests/checker/ORDERS.md").read_text(), order_table.document(self.results, _HEADERS))

    def test_order_that_no_program_needs_is_reported(self):
        results = copy.deepcopy(self.results)
        results["weakenings"][0]["violated"] = dict.fromkeys(results["scenarios"])
        (complaint,) = order_table.unneeded(results)
        self.assertIn("is stronger than needed", complaint)

    def test_failure_of_the_shipped_code_is_reported(self):
        results = copy.deepcopy(self.results)
        results["as shipped"][results["scenarios"][0]] = "S8"
        self.assertEqual(len(order_table.unneeded(results)), 1)
