"""The arguments why some mutants change nothing that anybody can see: equivalent.toml.

Each entry names its mutant by file, function, operator, original text, replacement, and occurrence where the same text
stands in one function more than once; so it outlives moved lines, and not a changed text.
"""

import dataclasses
import pathlib
import tomllib


@dataclasses.dataclass(frozen=True)
class Argument:
    key: tuple
    why: str


def load(name="equivalent.toml"):
    """{key: argument} of the file of this name."""
    file = pathlib.Path(__file__).with_name(name)
    entries = tomllib.loads(file.read_text()).get("mutant", [])
    arguments = [
        Argument(
            (each["file"], each["function"], each["operator"], each["original"], each["replacement"], each.get("occurrence", 0)),
            each["why"],
        )
        for each in entries
    ]
    return {each.key: each for each in arguments}


def problems(arguments, mutants):
    """What is wrong with the list, one sentence each."""
    keys = {each.key for each in mutants}
    return [f"{' '.join(map(str, key))}: there is no such mutant" for key in arguments if key not in keys] + [
        f"{' '.join(map(str, key))}: the argument is missing" for key, each in arguments.items() if len(each.why.split()) < 4
    ]
