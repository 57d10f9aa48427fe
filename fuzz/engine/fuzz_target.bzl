"""A fuzz target: one set of sources, as a libFuzzer program and as a test of its corpus."""

load("//tools:slabproof.bzl", "slabproof_cc_binary", "slabproof_cc_library")

# What judges is not a target of the coverage: its landmarks say more, and its comparisons would take half the time.
_JUDGE_COPTS = select({
    "//tools:clang": ["-fno-sanitize-coverage=inline-8bit-counters,pc-table,indirect-calls,trace-cmp,func,bb,edge"],
    "//conditions:default": [],
})

def judge_library(name, **kwargs):
    """A library that drives or judges what is fuzzed."""
    slabproof_cc_library(name = name, copts = _JUDGE_COPTS, **kwargs)

def fuzz_target(name, srcs, deps, relacy = False):
    """Declares the targets of one fuzzer.

    - NAME: the libFuzzer program; for --config=fuzz only, hence `manual`. `./verify fuzz run NAME` builds and runs it.
    - NAME_replay: runs, shows and minimises inputs, under any compiler.
    - NAME_corpus_test: every input of fuzz/targets/corpus/NAME holds.
    - NAME_table_test: fuzz/targets/corpus/README.md says what they reach.

    Args:
      name: of the fuzzer.
      srcs: what defines the functions of fuzz_target.h, and what belongs to it.
      deps: of srcs. The slab comes as "//fuzz/slab".
      relacy: whether it runs the model checker, which sanitizers do not understand.
    """
    tags = ["no-sanitizer"] if relacy else []
    slabproof_cc_library(
        name = name + "_lib",
        srcs = srcs,
        tags = tags,
        deps = deps + ["//fuzz/engine:fuzz_target"],
        alwayslink = True,
    )
    slabproof_cc_binary(
        name = name,
        tags = tags + ["manual"],
        deps = [":" + name + "_lib", "//fuzz/engine:libfuzzer_entry"],
    )
    slabproof_cc_binary(
        name = name + "_replay",
        tags = tags,
        deps = [":" + name + "_lib", "//fuzz/engine:replay_main"],
    )
    native.filegroup(
        name = name + "_corpus",
        srcs = native.glob(["corpus/%s/*" % name], allow_empty = False),
    )
    native.cc_test(
        name = name + "_corpus_test",
        size = "small",
        args = ["$(locations :%s_corpus)" % name],
        data = [":%s_corpus" % name],
        tags = tags + ["one-thread"],
        deps = [":" + name + "_lib", "//fuzz/engine:replay_main"],
    )
    native.sh_test(
        name = name + "_table_test",
        size = "small",
        srcs = ["//fuzz/engine:corpus_table_test.sh"],
        args = [
            "$(location //fuzz/targets:corpus/README.md)",
            name,
            "$(location :%s_replay)" % name,
            "$(locations :%s_corpus)" % name,
        ],
        data = [
            ":%s_corpus" % name,
            ":%s_replay" % name,
            "//fuzz/targets:corpus/README.md",
        ],
        # Which pages the kernel had, and what a sanitizer adds to a region, is not for the table to say.
        tags = ["no-sanitizer"],
    )
