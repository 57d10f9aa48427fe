"""slab_checker: the model checker, linked with the shipped slab or with a mutant of it."""

load("//tools:slabproof.bzl", "slabproof_cc_binary", "slabproof_cc_library")

# A search over states compares what lies on the stacks of threads. Variables that nobody has written to would hold what
# earlier calls left there, and split states that go on alike: minutes in place of a second.
SUBJECT_COPTS = ["-ftrivial-auto-var-init=zero"]

def slab_checker(name, slab, shared_only = False, tags = [], **kwargs):
    """A `check` command for one slab.

    Args:
      name: of the binary.
      slab: //model/slab:shipped_slab, or a library that impl_mutant made.
      shared_only: whether it leaves out slabs with caches and owners, which take most of the time to compile.
      tags: such as "manual"; "no-sanitizer" is added.
      **kwargs: visibility, testonly.
    """
    slabproof_cc_library(
        name = name + "_subject",
        srcs = ["//model/slab:shared_subject_factory.cc" if shared_only else "//model/slab:subject_factory.cc"],
        # The command asks for a slab by a function that only this library defines.
        alwayslink = True,
        copts = SUBJECT_COPTS,
        tags = ["no-sanitizer"] + tags,
        deps = [
            slab,
            "//model/slab:checked_slab",
            "//model/slab:subject_factory",
        ],
        **kwargs
    )
    slabproof_cc_binary(
        name = name,
        tags = ["no-sanitizer"] + tags,
        deps = [
            ":" + name + "_subject",
            "//model/command:check_main",
        ],
        **kwargs
    )
