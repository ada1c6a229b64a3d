"""The summary, compared as a whole, and held against everything a server could say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sync.errors import (
    CancelledError,
    HeimdallSyncError,
    ReadError,
    RefusedError,
    UnhealthyError,
)
from sync.heimdall.health import Finding, Level
from sync.model.impact import Impact, Requests, Requirement
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import Operation, Provenance, Rules, Strategy, Verb, Wave
from sync.model.snapshot import Kind
from sync.report.document import Document
from sync.report.markdown import Markdown
from sync.report.wording import printable
from tests.report.examples import (
    APPLIED,
    AUDITOR,
    DRIFTED,
    HEALTHY,
    INTERRUPTED,
    NO_DIFFERENCE,
    OVERLAPPING,
    PLAN,
    PLANNED,
    STALE,
    STARTED,
    create,
    delete,
    reorder,
)
from tests.report.hostile import HOSTILE, drift_saying, git_saying, saying, stale_saying

EXPECTED = Path(__file__).parent / "expected"
NOTHING_YET = "Nothing has been changed so far. The source is only ever read."
PARSER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize(
    ("document", "file"),
    [
        (PLANNED, "plan.md"),
        (INTERRUPTED, "interrupted.md"),
        (STALE, "stale.md"),
        (DRIFTED, "drift.md"),
    ],
)
def test_the_summary_reads_like_this(document: Document, file: str) -> None:
    assert Markdown(document).render() == (EXPECTED / file).read_text(encoding="utf-8")


REACH = " Compared: every action, role, mapping and group, and which mapping wins each overlap."


def _beginning(document: Document) -> list[str]:
    """Return what stands before the first alert, table or section."""
    blocks = Markdown(document).render().split("\n\n")[1:]
    return [block for block in blocks if block.startswith(("**", "✅", "❌", "❓"))][:2]


def test_an_apply_begins_with_what_was_done_and_whether_the_two_are_identical() -> None:
    done, verdict = _beginning(APPLIED)
    assert done == "**All 15 planned changes were made.**"
    assert verdict.endswith(
        "the target is identical to the source, except 1 accepted difference."
        " Compared: every action, role, mapping and group, and which mapping wins each overlap."
    )
    done, verdict = _beginning(INTERRUPTED)
    assert done == "**9 of 15 changes made;** 1 failed, 1 skipped, 4 not tried."
    assert verdict.endswith(": 6 changes still needed, 1 difference that no change can remove.")


def test_what_is_not_deleted_is_not_lamented() -> None:
    assert "Can't be undone" not in Markdown(INTERRUPTED).render()
    assert "37 people lose the membership, and no rollback brings it back" in Markdown(APPLIED).render()


@pytest.mark.parametrize(
    ("verification", "verdict"),
    [
        (
            Verification(),
            f"✅ **Verified:** the target is identical to the source.{REACH}",
        ),
        (None, "❓ **Not verified:** the two environments were not read again."),
        (Verification(error="GET /x answers 500"), "❓ **Not verified:** `GET /x` answers 500."),
    ],
)
def test_identical_is_said_only_where_the_verification_says_so(
    verification: Verification | None, verdict: str
) -> None:
    assert _beginning(replace(APPLIED, verification=verification))[1] == verdict


def test_what_nobody_planned_is_named_as_such() -> None:
    by_hand = create(Kind.ROLE, "by_hand", "")
    text = Markdown(replace(APPLIED, verification=Verification(remaining=(by_hand,)))).render()
    assert "<details><summary><b>Other differences found afterwards (1)</b></summary>" in text
    assert "| create role `by_hand` |" in text


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (
            NO_DIFFERENCE,
            f"**There is nothing to change:** no difference was found.{REACH}",
        ),
        (
            replace(PLANNED, plan=PLAN.model_copy(update={"blocked": ()})),
            f"**15 changes would make the target equal to the source.** {NOTHING_YET}",
        ),
        (
            replace(PLANNED, plan=PLAN.model_copy(update={"waves": ()})),
            f"**No change is possible; 1 difference would stay.** {NOTHING_YET}",
        ),
        (
            replace(NO_DIFFERENCE, outcomes=(), verification=Verification()),
            "**There was nothing to change.**",
        ),
    ],
)
def test_the_first_sentence(document: Document, sentence: str) -> None:
    assert _beginning(document)[0] == sentence


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RefusedError("it deletes 50 % of the roles", "allow it with --max-delete-percent"), "Refused"),
        (ReadError("the list of actions is short of a row", "run again"), "Stopped"),
    ],
)
def test_a_run_that_ended_early_says_why_and_that_nothing_was_changed(
    error: HeimdallSyncError, said: str
) -> None:
    lines = Markdown(replace(STARTED, error=error)).render().splitlines()
    assert (
        lines[0]
        == "## Not planned: make `https://services.example` equal to `https://staging.services.example`"
    )
    assert lines[2] == "> [!CAUTION]"
    assert lines[3] == f"> **{said}:** {error.message}"
    assert lines[4] == ">"
    assert lines[5].startswith("> **What to do:** ")
    assert lines[6:8] == [">", "> Nothing was changed."]


def test_a_run_that_ended_in_the_middle_does_not_say_that_nothing_was_changed() -> None:
    text = Markdown(replace(INTERRUPTED, error=CancelledError(untouched=False))).render()
    assert "> **Cancelled:** cancelled; what is done stays done\n" in text
    assert "\n>\n> **To finish:** run the same command again with `--resume`.\n" in text
    assert "Nothing was changed" not in text


def test_the_cause_stands_open_on_top_and_what_follows_from_it_is_folded() -> None:
    failed = [Outcome(op, Status.FAILED, "the target answered 503", "wait") for op in PLAN.operations[:3]]
    skipped = Outcome(PLAN.operations[3], Status.SKIPPED, "it depends on that")
    blocks = Markdown(replace(PLANNED, outcomes=(*failed, skipped))).render().split("\n\n")
    assert blocks[0].startswith("## Not finished: ")
    assert blocks[1].splitlines() == [
        "> [!CAUTION]",
        "> **3 changes failed:**",
        ">",
        "> - create action `users:export` and 2 more: the target answered 503 → wait",
        ">",
        "> **To finish:** run the same command again with `--resume`.",
        ">",
        "> Nothing was changed.",
    ]
    for title in ("Failed (3)", "Skipped (1)", "Not tried (11)"):
        assert f"<details><summary><b>{title}</b></summary>" in blocks


def test_an_apply_that_leaves_a_difference_that_nobody_has_accepted_says_so_in_its_title() -> None:
    unequal = replace(APPLIED, verification=Verification(blocked=(AUDITOR,)))
    text = Markdown(unequal).render()
    assert text.startswith("## Not equal: make ")
    assert text.index("### Stays different (1)") < text.index("| Actions |")


def test_what_ended_the_run_is_not_said_again_for_each_change() -> None:
    lost = Outcome(PLAN.operations[0], Status.FAILED, "POST /a: no connection", "is the server up?")
    unknown = Outcome(PLAN.operations[1], Status.FAILED, "POST /b: closed", "run again", unsettled=True)
    error = ReadError("PUT /c: no connection", "is the server up?")
    text = Markdown(replace(PLANNED, outcomes=(lost, unknown), error=error)).render()
    alert = text.split("\n\n")[1]
    assert alert.count("no connection") == 1
    assert "create action `data:analyze`: `POST /b`: closed (the target may have made the change" in alert
    assert "**0 of 15 changes made;** 1 failed, 1 unknown, since no answer came, 13 not tried." in text


def test_a_check_shows_every_finding() -> None:
    failed = Finding("target", "superadmin", Level.FAILED, "User does not have superadmin role", "ask for it")
    document = replace(
        STARTED, findings=(*HEALTHY[:1], failed), error=UnhealthyError("the healthcheck failed")
    )
    assert (
        Markdown(document).render()
        == """\
## Healthcheck of `https://staging.services.example` and `https://services.example`

> [!CAUTION]
> **Healthcheck failed:** the healthcheck failed
>
> Nothing was changed.

### Healthcheck failed

|  | side | found | what you can do |
| --- | --- | --- | --- |
| ✅ | source | API is healthy |  |
| ❌ | target | User does not have superadmin role | ask for it |

<sub>healthcheck failed · 0 requests in 0.0 s · heimdall-sync 1.2.3</sub>
"""
    )


def test_a_plan_shows_only_the_warnings_of_its_healthcheck() -> None:
    soon = Finding("target", "token", Level.WARNING, "the token ends in 5 min", "get a new one")
    text = Markdown(replace(PLANNED, findings=(*HEALTHY, soon))).render()
    assert "### Healthcheck passed with 1 warning\n" in text
    assert "| ⚠️ | target | the token ends in 5 min | get a new one |" in text
    assert "API is healthy" not in text
    assert "Healthcheck" not in Markdown(PLANNED).render()


def _made(run: str, hours: int) -> str:
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    made = Provenance(at=at, version="1.2.3", run=run, actor="octocat", commit="0123456789abcdef")
    started = at + timedelta(hours=hours)
    return Markdown(replace(APPLIED, plan=PLAN.model_copy(update={"made": made}), started=started)).render()


def test_a_plan_says_who_made_it_and_how_old_it_was_when_it_was_applied() -> None:
    address = "https://github.example/org/heimdall/actions/runs/12"
    assert (
        "**Plan made:** 2026-01-02 03:04 UTC, by `octocat`, from commit `0123456789ab`, with heimdall-sync"
        f" `1.2.3`; 5 hours old when it was applied. See [its run]({address}).\n" in _made(address, 5)
    )
    assert "applied less than a minute later. See `javascript:alert(1)`.\n" in _made("javascript:alert(1)", 0)


def test_who_made_a_plan_and_when_is_no_part_of_what_is_approved() -> None:
    made = Provenance(at=datetime(2026, 1, 2, tzinfo=UTC), version="1.2.3")
    assert PLAN.model_copy(update={"made": made}).digest == PLAN.digest


def test_a_name_stands_beside_the_address() -> None:
    named = Markdown(replace(PLANNED, source_name="staging", target_name="production")).render()
    assert named.startswith(
        "## Plan: make `production` (`https://services.example`) equal to `staging` (`https://staging."
    )


def test_each_strategy_says_what_holds_half_way() -> None:
    text = Markdown(
        replace(PLANNED, plan=PLAN.model_copy(update={"rules": Rules(strategy=Strategy.ZERO_DOWNTIME)}))
    ).render()
    assert "each group keeps every endpoint that it could reach before and will reach afterwards" in text
    assert "**It stopped half way:** each group reaches only" in Markdown(INTERRUPTED).render()
    assert "half way" not in Markdown(APPLIED).render()


def test_zero_downtime_promises_nothing_for_what_is_blocked() -> None:
    rules = Rules(strategy=Strategy.ZERO_DOWNTIME)
    said = "This holds for the changes made; blocked differences stay. What is done stays done."
    blocked = Markdown(replace(PLANNED, plan=PLAN.model_copy(update={"rules": rules}))).render()
    assert f"(strategy zero-downtime). {said} To finish then, run" in blocked
    assert (
        "`--resume`: the same plan and digest are still right, and only the rest is carried out." in blocked
    )
    free = PLAN.model_copy(update={"rules": rules, "blocked": ()})
    assert "That holds for what is done" not in Markdown(replace(PLANNED, plan=free)).render()


def _planned_by(rules: Rules) -> Document:
    return replace(PLANNED, plan=PLAN.model_copy(update={"rules": rules}))


def _planning(*operations: Operation, **members: int) -> Document:
    wave = Wave(phase="all", operations=operations)
    deleted = [operation for operation in operations if operation.verb is Verb.DELETE]
    impact = Impact(
        deleted=tuple(each.name for each in deleted if each.kind is Kind.GROUP),
        opened=tuple(
            Requirement(
                action_before="x",
                action_after=None,
                requests=(Requests(before=each.name, after=None, like=each.name),),
            )
            for each in deleted
            if each.kind is Kind.MAPPING
        ),
    )
    changed = {"waves": (wave,), "blocked": (), "members": members, "impact": impact}
    return replace(PLANNED, plan=PLAN.model_copy(update=changed))


def test_a_group_without_members_loses_none() -> None:
    group = delete(Kind.GROUP, "empty")
    assert "no rollback brings it back" not in Markdown(_planning(group, empty=0)).render()
    said = "group `empty` is deleted: everyone in it loses the membership, and no rollback brings it back"
    assert said in Markdown(_planning(group)).render()


def test_what_an_alert_does_not_name_is_counted() -> None:
    text = Markdown(_planning(*(delete(Kind.MAPPING, f"GET /{n:02}$") for n in range(13)))).render()
    assert "**Access:** 13 endpoints open to everyone." in text
    names = "`GET /00`, `GET /01`, `GET /02` and 10 more"
    said = f"> - endpoints {names} become open to everyone, without a token: no mapping matches any more\n"
    assert said in text


def test_the_details_are_folded() -> None:
    text = Markdown(_planning(create(Kind.ROLE, "a_role", "x"))).render()
    assert "<details><summary><b>Roles: 1 created</b></summary>\n\n| change |" in text


def test_a_mapping_that_only_moves_says_so() -> None:
    text = Markdown(_planning(reorder("GET /users$", "users:read"))).render()
    assert "| reorder | `GET /users$` | behind overlapping mappings | in front of them |" in text
    assert "| Mappings |  |  | 1 |" in text
    assert "<b>Mappings: 1 reordered</b>" in text


def test_who_decides_otherwise_and_who_could_get_through_stands_before_the_tables() -> None:
    text = Markdown(OVERLAPPING).render()
    exposed = (
        "> **Transient exposure:**\n>\n> - `GET /users/([^/]+)$` wins `GET /users/me` for a moment: "
        "group `office` could get through\n"
    )
    before, after = "`GET /users/([^/]+)$` (action `users:read`)", "`GET /users/me$` (action `me:read`)"
    decided = f"| `GET /users/me` | {before} | {after} |"
    remark = (
        "- `GET /users/me` in the target: `GET /users/([^/]+)$` wins, but the list shows `GET /users/me$`;"
        " the answer may come from a cache, which holds it for 300 seconds at most"
    )
    flaw = "- mapping `GET /n`: matches more paths than it seems to: `/nx`"
    places = [
        text.index(part) for part in (exposed, "<b>Another mapping wins (1)</b>", decided, remark, flaw)
    ]
    assert places == sorted(places)
    assert "(strategy least-privilege), except for requests that a third mapping wins for a moment." in text


def _tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


@cache
def _structure(text: str) -> list[tuple[str, str]]:
    """Return everything but what is said: blocks, and HTML with what it holds."""
    return [
        (token.type, token.content if token.type.startswith("html") else "") for token in PARSER.parse(text)
    ]


@given(st.text(min_size=1))
def test_no_text_of_a_server_changes_the_structure(said: str) -> None:
    _assert_same_structure(said)


@pytest.mark.parametrize("said", HOSTILE)
def test_no_hostile_text_changes_the_structure(said: str) -> None:
    _assert_same_structure(said)


def _assert_same_structure(said: str) -> None:
    for text, harmless in zip(_summaries(said), _summaries("name"), strict=True):
        assert _structure(text) == _structure(harmless)
        inline = [token for token in _tokens(text) if token.type != "inline"]
        assert not [token for token in inline if token.type in {"link_open", "image"}]
        assert {token.content for token in inline if token.type == "html_inline"} <= {"<sub>", "</sub>"}
        assert printable(said) in {token.content for token in inline if token.type == "code_inline"}


@cache
def _summaries(said: str) -> list[str]:
    """Return the summaries of an apply, of a plan, of a plan that is stale, and of drift."""
    document = saying(said)
    planned = replace(document, outcomes=None)
    others = (stale_saying(said), drift_saying(said), git_saying(said))
    return [Markdown(each).render() for each in (document, planned, *others)]
