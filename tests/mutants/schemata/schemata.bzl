"""impl_schemata: the shipped headers with a sample of mutants, each behind the run-time switch, as a library."""

def _impl_schemata(ctx):
    directory = ctx.label.name + "_headers"
    listed = ctx.actions.declare_file(directory + "/mutants.json")
    outputs = [
        ctx.actions.declare_file(directory + "/slabproof/" + name)
        for name in [source.basename for source in ctx.files.headers] + ["mutant_switch.h"]
    ]
    ctx.actions.run_shell(
        command = "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. exec /usr/bin/python3 -m tests.mutants.schemata.generate \"$@\"",
        arguments = [
            "--out",
            outputs[0].dirname,
            "--list",
            listed.path,
            "--namespace",
            "mutants_" + ctx.label.name,
            "--sample",
            str(ctx.attr.sample),
            "--of",
            ",".join(ctx.attr.of),
            "--operators",
            ",".join(ctx.attr.operators),
        ] + [source.path for source in ctx.files.headers],
        inputs = ctx.files.headers + ctx.files._generator,
        outputs = outputs + [listed],
        mnemonic = "Schemata",
        progress_message = "Making mutants %s" % ctx.label.name,
    )
    root = "/".join([part for part in [ctx.bin_dir.path, ctx.label.package, directory] if part])
    return [
        DefaultInfo(files = depset([listed]), runfiles = ctx.runfiles([listed])),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset(outputs),
            # Quote directories are searched before all others, so these headers hide the shipped ones.
            quote_includes = depset([root]),
        )),
    ]

impl_schemata = rule(
    implementation = _impl_schemata,
    attrs = {
        "headers": attr.label(default = "//impl:headers", allow_files = [".h"]),
        "of": attr.string_list(mandatory = True, doc = "the headers that are mutated"),
        "operators": attr.string_list(
            mandatory = True,
            doc = "of the mutants; no probe is compiled, so only such whose mutants always compile",
        ),
        "sample": attr.int(mandatory = True, doc = "how many mutants, evenly spread"),
        "_generator": attr.label(default = ":generator"),
    },
    provides = [CcInfo],
)
