"""What a run found, told to people and to machines. One document, one module a format.

Each format returns text; only `terminal` and `files` write it.

Imports `model`, `overlaps`, `plan` and what `heimdall` finds in its healthcheck.
"""
