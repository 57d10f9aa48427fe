"""The critical sections of an execution, as the design review shows them, from a trace."""

import re

# Each critical section of a growable slab begins by announcing that it changes the shared state.
_SECTION = re.compile(r"^(T\d+) +\S+ +(\S+) +write Shared \d+ = (.*)$", re.MULTILINE)
_NAMES = {
    "allocate_batch": "allocate, phase 1",
    "grow": "allocate, phase 3",
    "deallocate_batch": "free",
}


def critical_sections(trace):
    """One line for each: thread, what it does, and the state that it leaves."""
    sections = [
        (thread, _NAMES[function], state) for thread, function, state in _SECTION.findall(trace)
    ]
    width = max((len(name) for _, name, _ in sections), default=0)
    return "".join(f"{thread}  {name:<{width}}  {state}\n" for thread, name, state in sections)
