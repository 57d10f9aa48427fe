"""The C++ rules of the project: Bazel's own, with the project's language version and warnings."""

# TRUSTED[compiler.translation]: the compiler and the hardware do what the C++ standard says of the source, at -O2 and
# with these flags. Two compilers translate everything, and what one would get wrong the tests under the other may show.
COMPILE_FLAGS = [
    "-std=c++23",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
]

# Relacy replaces operator new and delete without their sized forms, and wants stores to a dead object to stay in the
# program: g++ removes them, and with them each use after free that the checker could have seen.
#
# TRUSTED[compiler.dead_stores]: with these flags no store of Relacy's to an object that is about to end is removed.
#
# A fiber is left by a jump to another stack, which the checked longjmp of glibc takes for an error and aborts. Bazel asks
# for it where it optimises, some compilers always.
_RELACY_COPTS = [
    "-fno-sized-deallocation",
    "-U_FORTIFY_SOURCE",
] + select({
    "//tools:clang": [],
    "//conditions:default": ["-fno-lifetime-dse"],
})

def _with_defaults(kwargs, relacy):
    """Adds the project's options; with `relacy`, also the library and what its translation unit needs."""
    copts = COMPILE_FLAGS + kwargs.pop("copts", [])
    deps = kwargs.pop("deps", [])
    tags = kwargs.pop("tags", [])
    if relacy:
        copts = copts + _RELACY_COPTS
        deps = deps + ["//third_party:relacy"]
        tags = tags + ["no-sanitizer"]
    return dict(kwargs, copts = copts, deps = deps, tags = tags)

def slabproof_cc_library(name, relacy = False, **kwargs):
    """A library; without `srcs` and `hdrs`, of the source and the header of its name."""
    if "srcs" not in kwargs and "hdrs" not in kwargs:
        kwargs = dict(kwargs, srcs = [name + ".cc"], hdrs = [name + ".h"])
    native.cc_library(name = name, **_with_defaults(kwargs, relacy))

def room_sources():
    """`sources`: those of a room, for tests that read or compile sources by themselves."""
    native.filegroup(
        name = "sources",
        srcs = native.glob([
            "*.cc",
            "*.h",
        ]),
        visibility = ["//visibility:public"],
    )

def slabproof_cc_binary(name, relacy = False, **kwargs):
    native.cc_binary(name = name, **_with_defaults(kwargs, relacy))

def slabproof_cc_test(name, relacy = False, main = True, threads = False, **kwargs):
    """A GoogleTest test, by default of the source of its name.

    Args:
      name: of the test.
      relacy: whether its sources include Relacy.
      main: whether GoogleTest's main() runs it; else main() comes with its deps.
      threads: whether it starts threads. ThreadSanitizer has nothing to look for in the others and leaves them out.
      **kwargs: as of cc_test.
    """
    kwargs = _with_defaults(kwargs, relacy)
    kwargs["deps"] = kwargs["deps"] + ["//third_party:gtest_main" if main else "//third_party:gtest"]
    if not threads:
        kwargs["tags"] = kwargs["tags"] + ["one-thread"]
    native.cc_test(
        name = name,
        size = kwargs.pop("size", "small"),
        srcs = kwargs.pop("srcs", [name + ".cc"] if main else []),
        **kwargs
    )

def slabproof_python_test(name, src = None, data = [], args = [], tags = [], **kwargs):
    """A test in Python, by default the file of its name; it sees its data under the same paths as in the tree.

    Debian has no `python`, which the launcher of Bazel 4's py_test asks for. What such a test shows does not
    depend on how C++ is compiled, so sanitizer builds leave it out.
    """
    src = src or name + ".py"
    module = native.package_name().replace("/", ".") + "." + src[:-len(".py")]
    native.sh_test(
        name = name,
        size = kwargs.pop("size", "small"),
        srcs = ["//tools:run_python_test.sh"],
        # What takes arguments has a main of its own.
        args = ["$(location %s)" % src] + args if args else ["-m", "unittest", module],
        data = [src] + data,
        tags = tags + ["no-sanitizer"],
        **kwargs
    )
