"""What the summary says of guardrails, approvals, resumed runs, scope and drift."""

from dataclasses import replace

from sync.errors import CancelledError, RefusedError
from sync.github import annotations
from sync.report.document import Backup, Document
from sync.report.markdown import Markdown
from tests.report.examples import (
    APPLIED,
    DRIFTED,
    MANY,
    NO_DIFFERENCE,
    PLAIN_HTTP,
    PLAN,
    PLANNED,
    REFUSED,
    RESUMED,
    SCOPED,
    STALE,
    STARTED,
    reorder,
)


def _alerts(document: Document) -> list[str]:
    return [block for block in Markdown(document).render().split("\n\n") if block.startswith("> [!")]


def test_overrides_and_refusals_stand_before_everything_else() -> None:
    assert (
        "\n\n".join(Markdown(REFUSED).render().split("\n\n")[1:3])
        == """\
> [!WARNING]
> **Allowed by a setting:**
>
> - plain HTTP: the source's token would cross the network unencrypted to `http://staging.services.example` \
(`--allow-http` is given)

> [!CAUTION]
> **Refused by guardrails:**
>
> - many deletions: 6 of 12 mappings would be removed, more than 30 % → to \
allow it, raise `--max-delete-percent`
> - self-lockout: group `office`, which the token's user is in, would lose role `superadmin` → to \
allow it, add `--allow-self-lockout`
> - unprotected endpoints: 1 endpoints would lose their mapping, `GET /legacy$` among them → to \
allow it, leave out `--fail-on-unprotected`
>
> Nothing was changed."""
    )


def test_a_refusal_is_told_once_and_any_other_end_besides() -> None:
    assert [alert.count(MANY.message) for alert in _alerts(REFUSED)] == [0, 1, 0]
    cancelled = _alerts(replace(REFUSED, error=CancelledError()))
    assert "**Refused by guardrails:**" in cancelled[2]
    assert "Nothing was changed" not in cancelled[2]
    assert "**Cancelled:**" in cancelled[0]


def test_a_refusal_before_any_request_is_told_without_a_plan() -> None:
    refused = replace(PLAIN_HTTP, allowed=False)
    document = replace(STARTED, objections=(refused,), error=RefusedError(refused.message, "allow it"))
    [alert] = _alerts(document)
    assert alert.endswith("to allow it, add `--allow-http`\n>\n> Nothing was changed.")


def test_many_overrides_are_counted() -> None:
    [alert, *_] = _alerts(replace(PLANNED, objections=(PLAIN_HTTP,) * 12))
    assert alert.count("- plain HTTP") == 10
    assert alert.endswith("> - and 2 more")


def test_only_a_plan_that_can_be_approved_says_what_comes_next() -> None:
    command = f"`heimdall-sync apply --plan reports/plan.json --expect-digest {PLAN.digest}`"
    assert (
        "**Next:** approve it, so that exactly this plan runs, or reject it. Once it is approved, "
        f"this applies it: {command}" in (Markdown(PLANNED).render())
    )
    nobody_has_a_shell = Markdown(replace(PLANNED, next_line="")).render()
    assert "**Next:** approve it, so that exactly this plan runs, or reject it.\n" in nobody_has_a_shell
    for document in (REFUSED, STALE, APPLIED, NO_DIFFERENCE):
        text = Markdown(document).render()
        assert "**Next:**" not in text
        assert document.plan is not None
        assert f"lan:** `{document.plan.digest}`" in text


def test_a_resumed_run_tells_what_was_done_before() -> None:
    text = Markdown(RESUMED).render()
    assert "\n\n**All 11 remaining changes were made.**\n" in text
    assert "\n\n4 of 15 changes were done before, 3 of them by an earlier run of this plan.\n\n" in text
    assert "| unassign | done before | unchanged |" in text
    assert "half way" not in text
    everything = replace(RESUMED, done_before=PLAN.operations, outcomes=())
    assert "\n\n**There was nothing left to change.**\n" in Markdown(everything).render()


def test_a_resumed_run_that_is_refused_counts_what_is_left() -> None:
    text = Markdown(replace(RESUMED, outcomes=None, verification=None)).render()
    assert "**11 changes would be made; 1 difference would stay.**" in text


def test_what_is_protected_is_told_apart_from_what_is_accepted() -> None:
    text = Markdown(SCOPED).render()
    assert "### Stays different, as accepted in the settings (1)" in text
    assert (
        """\
### Stays different, as protected by the settings (1)

| what | in the target | in the source |
| --- | --- | --- |
| unassign role `auditor` from group `office` | assigned | not assigned |
"""
        in text
    )


def test_the_scope_is_one_line() -> None:
    line = (
        "**Scope:** protected, so never changed: `group:office`, `role:break_glass*`;"
        " ignored on both sides: `action:tmp:*`."
    )
    assert f"\n{line}\n" in Markdown(SCOPED).render()
    assert SCOPED.plan is not None
    assert f"\n{line}\n" in Markdown(replace(STARTED, rules=SCOPED.plan.rules)).render()
    assert "**Scope:**" not in Markdown(PLANNED).render()


def test_drift_without_a_receipt_is_one_table() -> None:
    text = Markdown(replace(DRIFTED, drift={})).render()
    assert "❌ **Drift: 16 differences.** Nothing was changed." in text
    assert (
        "With the receipt of the last apply (`--receipt`), or a snapshot in git (`--against-git`), the check"
        in text
    )
    assert "<b>Different (16)</b>" in text


def test_a_mapping_that_only_stands_elsewhere_has_drifted_too() -> None:
    wave = PLAN.waves[0].model_copy(update={"operations": (reorder("GET /users$", "users:read"),)})
    plan = PLAN.model_copy(update={"waves": (wave,), "blocked": ()})
    assert ("| mapping `GET /users$` | behind overlapping mappings | in front of them |") in Markdown(
        replace(DRIFTED, plan=plan)
    ).render()


def test_no_drift() -> None:
    text = Markdown(replace(NO_DIFFERENCE, drift={})).render()
    assert "✅ **No drift:** both sides were read, and nothing differs.\n" in text
    assert "###" not in text


def test_a_long_list_of_deviations_is_folded() -> None:
    text = Markdown(replace(STALE, deviations=STALE.deviations[:1] * 11)).render()
    assert "<details><summary><b>The target has changed since the approval (11)</b></summary>" in text


def test_an_apply_tells_the_way_back() -> None:
    text = Markdown(APPLIED).render()
    assert (
        "**Rollback:** `reports/backup-1.json` holds what the target held before the first change. "
        "This restores it: `heimdall-sync rollback --backup reports/backup-1.json`. It does not"
    ) in text
    remarked = replace(APPLIED, backup=Backup("backup.json", remark="It is another one."))
    text = Markdown(remarked).render()
    assert (
        "**Rollback:** `backup.json` holds what the target held before the first change. It does not" in text
    )
    assert "\n> - It is another one.\n" in text
    assert "::warning title=heimdall-sync::Note: It is another one." in [
        line.plain for line in annotations(remarked)
    ]
    assert "**Rollback:**" not in Markdown(PLANNED).render()


def test_files_that_are_left_out_are_told_first() -> None:
    note = "sync_checkpoint.json is no checkpoint; this run goes on without it"
    document = replace(PLANNED, notes=(note,))
    assert annotations(document)[0].plain == f"::warning title=heimdall-sync::Note: {note}"
    assert Markdown(document).render().splitlines()[2:4] == [
        "> [!WARNING]",
        "> **Note:**",
    ]
