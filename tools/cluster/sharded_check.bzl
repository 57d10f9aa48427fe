"""A check of the slab as a target of Bazel, whose shards are actions: on a cluster that speaks the Remote Execution API each
runs on whatever machine is free, and what a build before has explored comes from the cache."""

def _quoted(argument):
    """For the shell of a genrule, which expands `$` by itself before that."""
    return "'" + argument.replace("'", "'\\''").replace("$", "$$") + "'"

def sharded_check(name, arguments, shards, check = "//model/command:check", **kwargs):
    """A test that adds what the shards of a check have found: it passes where the whole search holds.

    Args:
      name: of the test; shard 3 of it is `name_3`.
      arguments: of `check`, a list.
      shards: how many.
      check: the command.
      **kwargs: of the test.
    """
    results = []
    for shard in range(shards):
        result = "{}_{}".format(name, shard)
        # What a shard has found is for the merge to judge; only a wrong use ends here.
        native.genrule(
            name = result,
            outs = [result + ".json"],
            cmd = """
                code=0
                $(location {check}) {arguments} --shard {shard}/{shards} --quiet --json $@ || code=$$?
                [[ $$code -eq 0 || $$code -eq 1 || $$code -eq 3 ]]
            """.format(
                arguments = " ".join([_quoted(argument) for argument in arguments]),
                check = check,
                shard = shard,
                shards = shards,
            ),
            exec_tools = [check],
        )
        results.append(":" + result)
    native.sh_test(
        name = name,
        srcs = [check],
        args = ["--merge"] + ["$(location {})".format(result) for result in results],
        data = results,
        **kwargs
    )
