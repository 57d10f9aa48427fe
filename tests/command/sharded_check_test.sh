#!/bin/bash
# One shard of a scenario, by Bazel's own test sharding: check itself heeds TEST_TOTAL_SHARDS and
# TEST_SHARD_INDEX, so a cluster that runs this test's shards explores the whole scenario.
set -euo pipefail
"$1" --scenario four_growers
