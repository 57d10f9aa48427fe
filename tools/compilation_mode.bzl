"""binary_in_mode: a binary as one of Bazel's compilation modes builds it, whatever the mode of the build is.

    binary_in_mode(
        name = "check_opt",
        binary = "//model/command:check",
        mode = "opt",
    )
"""

# Those that Bazel has.
COMPILATION_MODES = [
    "dbg",
    "fastbuild",
    "opt",
]

_MODE = "//command_line_option:compilation_mode"

def _to_mode_impl(_settings, attr):
    return {_MODE: attr.mode}

_to_mode = transition(
    implementation = _to_mode_impl,
    inputs = [],
    outputs = [_MODE],
)

def _binary_in_mode_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = executable,
        target_file = ctx.executable.binary,
        is_executable = True,
    )
    return [DefaultInfo(executable = executable)]

binary_in_mode = rule(
    implementation = _binary_in_mode_impl,
    attrs = {
        "binary": attr.label(
            cfg = _to_mode,
            executable = True,
            mandatory = True,
        ),
        "mode": attr.string(mandatory = True, values = COMPILATION_MODES),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
