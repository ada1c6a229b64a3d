"""One run, from what a user typed to its exit code.

`command_line` turns flags, variables and files into `settings`; `commands` says what each command does.

Imports every room but the sandbox; only the demo starts one.
"""
