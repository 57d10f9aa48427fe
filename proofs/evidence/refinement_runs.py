"""What the evidence report lets the model checker explore for the step checker to judge.

The catalogue names these runs; their arguments are those of `./verify refine`.
"""

RUNS = {
    "default suite": (),
    "default suite, equal threads told apart": ("--no-symmetry",),
    "every program of two threads and two operations": (
        "--enumerate", "threads=2,ops=2,capacity=2",
    ),
}  # fmt: skip


def command(name):
    """How to repeat one run."""
    return " ".join(["./verify refine", *RUNS[name]])
