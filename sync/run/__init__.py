"""One run, from what a user typed to its exit code.

`option_table` has every option. `command_line` turns flags, variables and files into `settings`. `commands`
says what each command does, as a chain of stages: connected → checked → read → planned → approved → applied →
verified. A stage is a value that its function makes out of the one before. What it finds goes into the run's
`Record`, and the reports say it.

Imports every room but the sandbox; only the demo starts one.
"""
