"""The explorations of the model checker that the step checker of the proofs judges.

The catalogue names these runs; their arguments are those of `./verify refine`.
"""

RUNS = {
    "default suite": (),
    "default suite without symmetry": ("--no-symmetry",),
    "every program of two threads and two operations": (
        "--enumerate", "threads=2,ops=2,capacity=2",
    ),
}  # fmt: skip


def command(name):
    """How to repeat one run."""
    return " ".join(["./verify refine", *RUNS[name]])
