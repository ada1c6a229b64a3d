"""What a run found, told to people and to machines.

A `Document` holds what was found. `checks`, `differences` and `results` make sections of it, once for all
formats; `Console`, `Markdown` and `JUnit` each take a document and `render` it. Only `terminal` and `files`
write what they return.

Imports `model`, `overlaps`, `plan` and what `heimdall` finds in its healthcheck.
"""
