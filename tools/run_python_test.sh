#!/bin/sh
# Runs a Python test from the root of the runfiles, where its imports and data files are named from the root of the tree.
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. exec /usr/bin/python3 "$@"
