"""The inputs of the GitHub Action: a variable each."""

from collections.abc import Iterator, Mapping

from sync.ci import INPUT, in_workflow
from sync.run.options import Option, options

NO_INPUTS = {"countdown", "detailed_exitcode"}
"""Options that are no inputs: outputs say the same, and nobody looks on who could press Ctrl-C."""


def inputs() -> Iterator[tuple[str, Option]]:
    """Yield the action's inputs by name, with the option that each one sets."""
    for option in options():
        if option.name not in NO_INPUTS:
            yield option.name.replace("_", "-"), option


def with_inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the inputs of a step as variables: `INPUT_A-B` as `HEIMDALL_A_B`.

    An input that was not given is empty, and leaves the variable as it is.
    """
    given = {
        option.variable: value
        for name, option in inputs()
        if in_workflow(environ) and (value := environ.get(f"{INPUT}{name.upper()}", "")).strip()
    }
    return {**environ, **given}
