"""Pieces of Markdown that hold any text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sync.report.markup import alert, code, folded, prose, table
from sync.report.wording import printable
from tests.report.hostile import HOSTILE

PARSER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("users:read", "`users:read`"),
        ("a`b", "``a`b``"),
        ("`a` ``b``", "``` `a` ``b`` ```"),
        (" a ", "`  a  `"),
        (" ", "` `"),
        ("", "*(empty)*"),
        ("a\nb", r"`a\nb`"),
    ],
)
def test_a_code_span(text: str, markdown: str) -> None:
    assert code(text) == markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (
            "can't be changed: it's well-known, 50 % of the 50th role (or 1,234.5).",
            "can't be changed: it's well-known, 50 % of the 50th role (or 1,234.5).",
        ),
        ("role 'auditor' holds 'users:read'.", "role `auditor` holds `users:read`."),
        ("accept it: --accept role:auditor", "accept it: `--accept role:auditor`"),
        ("accept it: --accept 'role:a b (c).'", "accept it: `--accept 'role:a b (c).'`"),
        ("it: --accept 'role:a '\"'\"' b'", "it: `--accept 'role:a '\"'\"' b'`"),
        ("allow it: --max-delete-percent 40.", "allow it: `--max-delete-percent 40`."),
        ("use --output-dir, or not", "use `--output-dir`, or not"),
        ("GET /users/([^/]+)$ answers 403", "`GET /users/([^/]+)$` answers 403"),
        ("set HEIMDALL_TARGET_TOKEN, then", "set `HEIMDALL_TARGET_TOKEN`, then"),
        ("see (https://evil.example).", "see (`https://evil.example`)."),
        ("ask @octocat!", "ask `@octocat`!"),
        ("<b>bold</b> and **more**", "`<b>bold</b>` and `**more**`"),
        ("a | b", "a `|` b"),
        ("", ""),
    ],
)
def test_a_sentence_keeps_its_words_and_quotes_the_rest(text: str, markdown: str) -> None:
    assert prose(text) == markdown


def _code_spans(markdown: str) -> list[str]:
    return [
        child.content
        for token in PARSER.parse(markdown)
        for child in token.children or ()
        if child.type == "code_inline"
    ]


@given(st.text(min_size=1))
def test_a_code_span_holds_exactly_the_text_also_in_a_table(text: str) -> None:
    assert _code_spans(code(text)) == [printable(text)]
    assert _code_spans("\n".join(table(["a", "b"], [[code(text), "x"]]))) == [printable(text)]


@given(st.text())
@example("".join(HOSTILE))
def test_a_sentence_has_nothing_but_words_and_code(text: str) -> None:
    [_, inline, _] = PARSER.parse(f"Said: {prose(text)}")
    assert {child.type for child in inline.children or ()} <= {"text", "code_inline"}
    words = "".join(child.content for child in inline.children or () if child.type == "text")
    assert not set(words) & set("<>[]@#*_~`|$&/\\")


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_a_table_has_as_many_rows_and_cells_as_it_was_given(texts: list[list[str]]) -> None:
    rows = [[code(left), prose(right)] for left, right in texts]
    types = [token.type for token in PARSER.parse("\n".join(table(["left", "right"], rows)))]
    assert (types.count("table_open"), types.count("tr_open"), types.count("td_open")) == (
        1,
        len(rows) + 1,
        2 * len(rows),
    )


def test_numbers_in_a_table_stand_to_the_right() -> None:
    assert table(["", "n"], [["a|b", "1"]], numbers_from=1) == ["|  | n |", "| --- | ---: |", r"| a\|b | 1 |"]


def test_an_alert_and_folded_lines() -> None:
    assert alert("NOTE", "one", "two") == ["> [!NOTE]", "> one", ">", "> two"]
    assert folded("More", ["line"]) == ["<details><summary>More</summary>", "", "line", "", "</details>"]
