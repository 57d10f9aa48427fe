"""mutant_targets: a mutant of the shipped slab, every engine linked with it, and its canary test."""

load("//model/command:checker.bzl", "slab_checker")
load("//tools:impl_mutant.bzl", "impl_mutant")
load("//tools:slabproof.bzl", "slabproof_cc_binary", "slabproof_cc_library", "slabproof_cc_test", "slabproof_python_test")

def mutant_targets(mutant):
    """Declares the library NAME, which is impl/ with the error, and for each engine a command.

    NAME_sequential, NAME_concurrent and NAME_checked are the property engines, NAME_soak is the soak, NAME_check is the
    model checker's own command. They are built on demand, for there are many; with a canary, NAME_canary_check is always built, for
    NAME_canary_test: the same command, with no more slabs than it needs. The library is always built, so that a change
    of impl/ that an edit no longer fits is noticed at once.

    Args:
      mutant: an entry of mutants.bzl.
    """
    name = mutant.name
    impl_mutant(name = name, header = mutant.header, edits = mutant.edits)
    slabproof_cc_library(
        name = name + "_subjects",
        testonly = True,
        srcs = ["mutant_subjects.cc"],
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
    slabproof_cc_binary(
        name = name + "_soak",
        testonly = True,
        srcs = ["mutant_soak_kinds.cc"],
        tags = ["manual"],
        deps = [
            ":" + name,
            "//tests/soak:slab_subjects",
            "//tests/soak:soak_main",
            "//third_party:highwayhash",
        ],
    )
    slab_checker(name = name + "_check", slab = ":" + name, tags = ["manual"])
    slab_checker(
        name = name + "_canary_check",
        slab = ":" + name,
        shared_only = not mutant.canary or mutant.canary.slab == "shared",
        tags = [] if mutant.canary else ["manual"],
    )
    slabproof_cc_binary(
        name = name + "_checked",
        testonly = True,
        tags = ["manual", "no-sanitizer"],
        deps = [
            ":%s_check_subject" % name,
            "//tests/properties:checked_main",
        ],
    )
    if mutant.shown_by:
        slabproof_cc_test(
            name = name + "_test",
            srcs = [mutant.shown_by + "_mutant_test.cc"],
            tags = ["no-sanitizer"],
            deps = [
                ":" + name,
                "//tests/support:%s_program" % mutant.shown_by,
            ],
        )
    if mutant.canary:
        _canary_test(name + "_canary_test", name, mutant.canary, mutant.canary.program)
        if mutant.canary.larger:
            _canary_test(name + "_larger_canary_test", name, mutant.canary, mutant.canary.larger)

def _canary_test(name, mutant, canary, program):
    slabproof_python_test(
        name = name,
        src = "canary_test.py",
        args = [
            "$(location :%s_canary_check)" % mutant,
            "--properties",
            ",".join(canary.properties),
            "--minimal",
            "'%s'" % canary.minimal,
            "--preemptions",
            str(canary.preemptions),
            "--",
            "--capacity",
            str(canary.capacity),
            "--recheck",
            canary.recheck,
            "--slab",
            canary.slab,
            "--batch",
            str(canary.batch),
            "--program",
            "'%s'" % program,
        ],
        data = [":%s_canary_check" % mutant],
    )
