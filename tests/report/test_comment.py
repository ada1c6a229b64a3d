"""The comment on a pull request: the summary's sections, never too long, found again by its first line."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sync.errors import MistakesError
from sync.model.plan import Attributes, Wave
from sync.model.snapshot import Kind
from sync.report.comment import LIMIT, Comment
from sync.report.document import Document
from sync.report.markdown import Markdown
from tests.report.examples import PLAN, PLANNED, REFUSED, STARTED, create, update
from tests.report.hostile import HOSTILE, saying

PARSER = MarkdownIt("commonmark").enable("table")


def length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def html_in(text: str) -> set[str]:
    tokens = [inner for token in PARSER.parse(text) for inner in (token, *(token.children or ()))]
    assert not [token for token in tokens if token.type in {"link_open", "image"}]
    return {token.content for token in tokens if token.type.startswith("html")}


def planning(count: int, description: str) -> Document:
    """Return a plan of so many changes to mappings and to actions."""
    before, after = Attributes(description="old"), Attributes(description=description)
    operations = (
        *(create(Kind.MAPPING, f"GET /{n}$", description, "users:read") for n in range(count)),
        *(update(Kind.ACTION, f"action:{n}", before, after) for n in range(count)),
    )
    plan = PLAN.model_copy(update={"waves": (Wave(phase="all", operations=operations),)})
    return replace(PLANNED, plan=plan)


def test_it_is_the_summary_without_what_comes_after_an_approval() -> None:
    marker, title, *lines = filter(None, Comment(PLANNED).render().splitlines())
    summary = Markdown(PLANNED).render().splitlines()
    assert marker == "<!-- heimdall-sync:https%3A%2F%2Fservices.example -->"
    assert title == summary[0]
    assert [line for line in summary if line in lines] == [*filter(None, lines)]
    text = "\n".join(lines)
    for section in (
        "**Weigh this first:**",
        "**Gains access:**",
        "### Stays different (1)",
        "<b>Deleted (3)",
    ):
        assert section in text
    for later in ("**To go back:**", "**Next:**", "heimdall-sync apply", "**In full:**"):
        assert later not in text


def test_a_refusal_and_mistakes_are_said() -> None:
    assert "**Refused by guardrails:**" in Comment(REFUSED).render()
    problems = ("heimdall/roles/a.toml:3: the key 'naem' is unknown",)
    document = replace(STARTED, target_name="prod/eu", error=MistakesError.at("heimdall", problems, 1))
    text = Comment(document).render()
    assert text.startswith("<!-- heimdall-sync:prod%2Feu -->\n")
    assert "> - `heimdall/roles/a.toml:3`: the key `naem` is unknown" in text


@pytest.mark.parametrize(
    ("count", "description"), [(3000, "Read users"), (3000, "🧨" * 40), (40, "x" * 9999)]
)
def test_a_large_plan_is_cut_and_says_where_the_rest_is(count: int, description: str) -> None:
    text = Comment(planning(count, description)).render()
    assert LIMIT // 3 < length(text) <= LIMIT
    assert "rows more are cut:** all of them are in `summary.md` and `report.html` in the artifact of" in text
    assert text.count("<details>") == text.count("</details>")
    assert f"**{2 * count:,} changes would be made" in text


@given(st.text(min_size=1), st.integers(1, 4000))
@settings(max_examples=max(1, settings().max_examples // 4))  # long texts take a second
def test_it_is_never_too_long_whatever_a_server_says(said: str, times: int) -> None:
    document = replace(saying(said * times), outcomes=None)
    text = Comment(document).render()
    assert length(text) <= LIMIT


def test_what_is_left_out_is_counted() -> None:
    text = Comment(replace(saying("x" * 60_000), outcomes=None)).render()
    assert length(text) <= LIMIT
    assert "parts more are left out here:** the whole summary is in `summary.md` and `report.html`" in text


@pytest.mark.parametrize("said", HOSTILE)
def test_no_hostile_text_changes_what_it_is(said: str) -> None:
    text, harmless = (Comment(replace(saying(each), outcomes=None)).render() for each in (said, "name"))
    marker = text.splitlines()[0]
    assert html_in(text) <= html_in(harmless) | {f"{marker}\n"}
    assert html_in(marker) == {marker}
