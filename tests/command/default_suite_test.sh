#!/bin/bash
# The default suite, whose counts are asserted, by a checker that was built in one compilation mode.
set -euo pipefail
"$1" --quiet
