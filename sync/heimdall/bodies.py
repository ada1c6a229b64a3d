"""What the body of a request may be, as a JSON schema of the target says.

It is a module of its own so that its library is loaded while requests travel, and only by runs that need it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match
from referencing import Registry

_END = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$")


def _pattern(_: Any, pattern: str, instance: object, __: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Check `pattern` as JSON Schema means it: `$` is the end, not the place before a last line break."""
    strict = _END.sub(lambda found: found[1] or r"\Z", pattern)
    if isinstance(instance, str) and not re.search(strict, instance):
        yield ValidationError(f"{instance!r} does not match {pattern}")


# the library's stubs leave `extend` without types
_Validator: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern}
)


class Body:
    """What a body may be."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        # an own registry: a reference to elsewhere is an error, never a request
        self._validator = _Validator(schema, registry=Registry())

    def problem(self, body: Mapping[str, Any]) -> tuple[str, str] | None:
        """Return which field the schema does not allow and why, None where it allows the body."""
        error = best_match(self._validator.iter_errors(body))
        return error and (".".join(map(str, error.absolute_path)) or "body", error.message)

    def check(self) -> None:
        """Raise what jsonschema and referencing raise where the schema can't be used."""
        self._validator.check_schema(self._validator.schema)
        list(self._validator.iter_errors({}))
