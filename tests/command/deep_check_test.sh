#!/bin/bash
# The long explorations: the deep suite, whose counts are asserted, and every program up to some sizes, by its orders or by its states.
set -euo pipefail
"$1" --suite deep --jobs 2
"$1" --enumerate threads=2,ops=4,capacity=2 --jobs 2
"$1" --enumerate threads=3,ops=2,capacity=2 --jobs 2
"$1" --enumerate threads=2,ops=3,capacity=2 --alphabet "a a2 f f@0 F" --jobs 2
"$1" --search states --enumerate threads=3,ops=3,capacity=2 --jobs 2
"$1" --search states --enumerate threads=4,ops=2,capacity=2 --jobs 2
"$1" --search states --enumerate threads=3,ops=2,capacity=2 --alphabet "a a2 f f@0 F ! r" --jobs 2
