"""A list without an order that changes while it is read page by page."""

from typing import TypeVar

from sync.sandbox.options import Shift

T = TypeVar("T")


class ShiftingList:
    """Cut pages, and let the rows move between two pages of the first `readings` readings.

    A reading begins with its first page. `repeat` shows the last row of a page on the next again and loses
    the last row of all, so that only the ids tell. `drop` loses a row between two pages, so that `total`
    tells as well.
    """

    def __init__(self, shift: Shift | None, readings: int) -> None:
        self._shift = shift
        self._readings = readings
        self._begun = 0

    def page(self, rows: list[T], skip: int, limit: int) -> list[T]:
        """Return one page of `rows`."""
        if skip == 0:
            self._begun += 1
        if skip > 0 and self._begun <= self._readings:
            if self._shift is Shift.REPEAT:
                return rows[:-1][skip - 1 : skip - 1 + limit]
            if self._shift is Shift.DROP:
                return rows[skip + 1 : skip + 1 + limit]
        return rows[skip : skip + limit]
