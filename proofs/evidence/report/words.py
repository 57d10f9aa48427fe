"""Numbers and lists in words."""


def count(number, noun):
    """"1 case", "2 cases"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(names):
    """"a", "a and b", "a, b and c"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
