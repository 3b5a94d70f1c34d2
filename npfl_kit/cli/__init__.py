"""The command `npfl-kit`: one verb per file, each with HELP, `add_arguments(parser)` and `run(args) -> exit code`."""
