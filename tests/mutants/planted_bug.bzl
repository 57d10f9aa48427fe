"""planted_bug: the shipped slab with one error, and every engine of //tests/properties linked with it."""

load("//model/command:checker.bzl", "slab_checker")
load("//tools:impl_mutant.bzl", "impl_mutant")
load("//tools:slabproof.bzl", "slabproof_cc_binary", "slabproof_cc_library")

def planted_bug(name, header, edits):
    """Declares the library NAME, which is impl/ with the error, and for each engine a command.

    NAME_sequential, NAME_concurrent and NAME_checked are the property engines, NAME_check is the model checker's own
    command. They are built on demand: there are many. The library is always built, so that a change of impl/ that an
    edit no longer fits is noticed at once.

    Args:
      name: of the bug.
      header: file name of the header that is changed.
      edits: list of (find, replace); see impl_mutant.
    """
    impl_mutant(name = name, header = header, edits = edits)
    slabproof_cc_library(
        name = name + "_subjects",
        testonly = True,
        srcs = ["planted_subjects.cc"],
        tags = ["manual"],
        deps = [
            ":" + name,
            "//tests/properties:observed_kinds",
            "//third_party:highwayhash",
        ],
        alwayslink = True,
    )
    for engine in ["sequential", "concurrent"]:
        slabproof_cc_binary(
            name = name + "_" + engine,
            testonly = True,
            tags = ["manual"],
            deps = [
                ":%s_subjects" % name,
                "//tests/properties:%s_main" % engine,
            ],
        )
    slab_checker(name = name + "_check", slab = ":" + name, tags = ["manual"])
    slabproof_cc_binary(
        name = name + "_checked",
        testonly = True,
        tags = ["manual", "no-sanitizer"],
        deps = [
            ":%s_check_subject" % name,
            "//tests/properties:checked_main",
        ],
    )
