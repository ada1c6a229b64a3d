"""`comment.md`: a plan as a comment on a pull request, for those who talk about it before it is approved.

It is the summary without what comes after an approval. Its first line can't be seen and is the same for every
plan of a target: by it a workflow finds the comment that it updates. GitHub refuses a comment of more than
65,536 characters, so rows of tables are cut first, and then whole blocks, the last ones first.
"""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from sync.report.document import Document
from sync.report.markdown import Markdown
from sync.report.markup import fitted, is_address, joined, shortened

LIMIT = 65_000
"""The most characters of a comment, counted as UTF-16 does: a workflow may add a line."""

_FEW = 3
"""The rows of each table that stay where even without any all blocks are too long."""

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """Show a document as a comment on a pull request."""

    document: Document

    def render(self) -> str:
        """Return the comment."""
        shown = Markdown(self.document)
        blocks = [[marker(self.document)], *shown.verdict(), *shown.findings(), *shown.about()]
        text = fitted(joined(blocks), _fits, f"all of them are in {self._artifact}")
        return text if _fits(text) else self._of_few(blocks)

    @property
    def _artifact(self) -> str:
        made = self.document.plan.made if self.document.plan else None
        run = f"[the run]({made.run})" if made and is_address(made.run) else "the run"
        return f"`summary.md` and `report.html` in the artifact of {run}"

    def _of_few(self, blocks: list[list[str]]) -> str:
        """Return as many blocks as there is room for, each with a few rows, and how many are left out."""
        kept: list[list[str]] = []
        left_out = 0
        for block in filter(None, blocks):
            cut = shortened("\n".join(block), _FEW, f"all of them are in {self._artifact}").strip()
            if _fits(joined([*kept, [cut], self._left_out(len(blocks))])):
                kept.append([cut])
            else:
                left_out += 1
        return joined([*kept, self._left_out(left_out)])

    def _left_out(self, count: int) -> list[str]:
        parts = "1 part more is" if count == 1 else f"{count:,} parts more are"
        return [f"**{parts} left out here:** the whole summary is in {self._artifact}."]


def marker(document: Document) -> str:
    """Return the hidden line that tells the comment of one target from all others."""
    name = quote(document.target_name or document.target_url, safe="", errors="replace")
    if len(name) > _LONGEST_NAME:
        name = sha256(name.encode()).hexdigest()
    return f"<!-- heimdall-sync:{name} -->"


def _fits(text: str) -> bool:
    return len(text.encode("utf-16-le")) // 2 <= LIMIT
