"""impl_mutant: the shipped headers with one deliberate error, as a library.

A checker is only worth something if it rejects wrong code. The wrong code is made from the shipped
headers at build time, never kept as a copy that could drift from them:

    impl_mutant(
        name = "lock_skipped",
        header = "extendable_slab.h",
        edits = [("const Lock lock(mutex_);", "")],
    )

Each text to find must occur exactly once, else the build fails and says so; tools/make_mutant.py has the details. The
result provides "slabproof/*.h" to its dependents, ahead of //impl:slabproof should they have both.
"""

def _impl_mutant(ctx):
    if ctx.attr.header not in [file.basename for file in ctx.files.headers]:
        fail("%s: impl/ has no header %s" % (ctx.label, ctx.attr.header))

    directory = ctx.label.name + "_headers"
    edits = ctx.actions.declare_file(directory + "/edits.json")
    ctx.actions.write(edits, ctx.attr.edits)
    outputs = [
        ctx.actions.declare_file(directory + "/slabproof/" + source.basename)
        for source in ctx.files.headers
    ]
    ctx.actions.run(
        executable = "/usr/bin/python3",
        arguments = [
            ctx.file._make_mutant.path,
            "--edits",
            edits.path,
            "--header",
            ctx.attr.header,
            "--namespace",
            "mutant_" + ctx.label.name,
            "--out",
            outputs[0].dirname,
        ] + [source.path for source in ctx.files.headers],
        inputs = ctx.files.headers + [edits, ctx.file._make_mutant],
        outputs = outputs,
        mnemonic = "Mutant",
        progress_message = "Making mutant %s" % ctx.label.name,
    )

    # Quote directories are searched before all others, so these headers hide the shipped ones.
    root = "/".join([part for part in [ctx.bin_dir.path, ctx.label.package, directory] if part])
    context = cc_common.create_compilation_context(
        headers = depset(outputs),
        quote_includes = depset([root]),
    )
    return [
        DefaultInfo(files = depset(outputs)),
        CcInfo(compilation_context = context),
    ]

_impl_mutant_rule = rule(
    implementation = _impl_mutant,
    attrs = {
        "edits": attr.string(mandatory = True, doc = "JSON list of [find, replace] pairs"),
        "header": attr.string(mandatory = True),
        "headers": attr.label(default = "//impl:headers", allow_files = [".h"]),
        "_make_mutant": attr.label(
            default = "//tools:make_mutant.py",
            allow_single_file = True,
        ),
    },
    provides = [CcInfo],
)

def impl_mutant(name, header, edits, **kwargs):
    """A library of all headers of impl/, of which one is changed.

    Args:
      name: of the library; must be a C++ identifier.
      header: file name of the header to change, such as "slab.h".
      edits: list of pairs: the text to replace, and what stands there instead.
      **kwargs: visibility, testonly, tags.
    """
    if not edits:
        fail("impl_mutant %s: no edits" % name)
    _impl_mutant_rule(name = name, header = header, edits = json.encode(edits), **kwargs)
