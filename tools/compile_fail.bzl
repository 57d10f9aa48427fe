"""compile_fail_test: a source that must not compile, and the message that must say why.

    compile_fail_test(
        name = "zero_size_type_test",
        src = "zero_size_type.cc",
        expect_message = "a slot must have a size",
    )

The test runs each compiler that the project supports twice. As it stands, the source must be
rejected and the diagnostics must contain the message. With POSITIVE_CONTROL defined, the same source
must be accepted: that shows that it was rejected for this reason and not for a missing include.
"""

load("//tools:slabproof.bzl", "COMPILE_FLAGS", "slabproof_python_test")

def compile_fail_test(name, src, expect_message, **kwargs):
    """A test that `src`, which may include "slabproof/*.h", does not compile.

    Args:
      name: of the test.
      src: the source file.
      expect_message: what the diagnostics of every compiler must contain.
      **kwargs: passed on to the test.
    """
    slabproof_python_test(
        name = name,
        src = "//tools:check_compile_fail.py",
        args = [
            "--source",
            "$(location %s)" % src,
            "--expect-message",
            "'%s'" % expect_message.replace("'", "'\\''"),
            "--",
        ] + COMPILE_FLAGS,
        data = [
            src,
            "//impl:headers",
        ],
        **kwargs
    )
