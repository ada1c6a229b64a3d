"""That every request is decided by the same mapping on both sides afterwards, over real HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync import cli
from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.faults import Answer
from sync.sandbox.process import Sandbox
from tests.conftest import Impatient
from tests.e2e.conftest import Ended, RunCommand, writes
from tests.servers import lent

EVERYTHING, ANYONE, ME, SECTION = "GET /(.*)", "GET /users/([^/]+)$", "GET /users/me$", "GET /users/(.*)"
ACTIONS = {EVERYTHING: "any:read", ANYONE: "users:read", ME: "me:read", SECTION: "section:read"}
CACHE_SECONDS = 300

Pair = tuple[Sandbox, Sandbox]


def environment(*oldest_first: str, staff: tuple[str, ...] = (), **descriptions: str) -> Snapshot:
    """Return an environment with these mappings, written in this order; `staff` is what a group may do."""
    mappings = [
        Mapping.named(name, ACTIONS[name], descriptions.get(ACTIONS[name].partition(":")[0], ""))
        for name in oldest_first
    ]
    return Snapshot(
        actions=tuple(Action(name=name, description="a") for name in ACTIONS.values()),
        roles=(
            Role(name="staff", description="s", actions=staff),
            Role(name=SUPERADMIN, description="Has every permission"),
        ),
        mappings=tuple(mappings),
        groups=(Group(name="office", description="o", roles=("staff",)),),
        precedence=oldest_first,
    )


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with lent(Snapshot()) as source, lent(Snapshot(), first_id=1000) as target:
        yield source, target


def begin(servers: Pair, wanted: Snapshot, before: Snapshot) -> None:
    servers[0].reset(wanted)
    servers[1].reset(before)


def ask(sandbox: Sandbox, request: str) -> str | None:
    """Ask which mapping decides a request, as the enforcement layer does."""
    method, _, path = request.partition(" ")
    answer = requests.get(
        f"{sandbox.url}/api/v1/mappings/",
        params={"path": path, "method": method},
        headers={"Authorization": f"Bearer {sandbox.token}"},
        timeout=10,
    )
    if answer.status_code == 404:
        return None
    return f"{answer.json()['method']} {answer.json()['path_pattern']}"


def decide_alike(servers: Pair) -> bool:
    """Tell whether both let the same mappings decide, once nothing is answered from a cache any more."""
    paths = ["GET /users/me", "GET /users/someone", "GET /users/a/b", "GET /elsewhere", "GET /users"]
    for sandbox in servers:
        sandbox.advance(CACHE_SECONDS)
    return all(ask(servers[0], path) == ask(servers[1], path) for path in paths)


def operations(ended: Ended) -> list[str]:
    return [
        f"{operation['verb']} {operation['name']}"
        for wave in ended.plan["waves"]
        for operation in wave["operations"]
        if operation["kind"] == "mapping"
    ]


CASES = {
    "same mappings in another order": (
        environment(ANYONE, ME),
        environment(ME, ANYONE),
        [f"reorder {ME}"],
    ),
    "a wide mapping updated": (
        environment(ANYONE, ME, users="said otherwise"),
        environment(ANYONE, ME),
        [f"update {ANYONE}", f"reorder {ME}"],
    ),
    "a narrow one created first": (
        environment(ME, ANYONE),
        environment(ANYONE),
        [f"create {ME}", f"reorder {ANYONE}"],
    ),
    "a chain of three": (
        environment(EVERYTHING, ANYONE, ME, any="said otherwise"),
        environment(ME, EVERYTHING, ANYONE),
        [f"update {EVERYTHING}", f"reorder {ANYONE}", f"reorder {ME}"],
    ),
    "the front one goes": (
        environment(EVERYTHING, ANYONE, ME),
        environment(ANYONE, ME, EVERYTHING, SECTION),
        [f"reorder {ANYONE}", f"reorder {ME}", f"delete {SECTION}"],
    ),
    "an order that decides nothing": (
        environment(ANYONE, "GET /(.*)"),
        environment(ANYONE, "GET /(.*)"),
        [],
    ),
}


@pytest.mark.sampled
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("strategy", ["least-privilege", "zero-downtime"])
def test_afterwards_every_request_is_decided_alike(
    servers: Pair, run: RunCommand, case: str, strategy: str
) -> None:
    wanted, before, expected = CASES[case]
    begin(servers, wanted, before)
    ended = run(*servers, "apply", "--strategy", strategy)
    assert ended.code == 0, ended.out
    assert operations(ended) == expected
    assert len(writes(servers[1])) == len(expected)
    assert decide_alike(servers)
    again = run(*servers, "apply")
    assert (again.code, operations(again)) == (0, [])


def test_who_decides_otherwise_is_told_before_and_after(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment(ANYONE, ME), environment(ME, ANYONE))
    planned = run(*servers, "plan", "--detailed-exitcode")
    assert planned.code == 2
    told = [
        "  [WINNER] GET /users/me",
        f"      before: {ANYONE} (action 'users:read')",
        f"      after:  {ME} (action 'me:read')",
    ]
    assert "\n".join(told) in planned.out
    assert f"  [REORDER] Mapping {ME} -> me:read" in planned.out.splitlines()
    row = f"| `GET /users/me` | `{ANYONE}` (action `users:read`) | `{ME}` (action `me:read`) |"
    assert row in planned.summary
    assert writes(servers[1]) == []
    drifted = run(*servers, "drift")
    assert drifted.code == 2
    assert f"mapping {ME}: has another place among the overlapping mappings" in drifted.out


def test_a_restart_in_between_changes_nothing(servers: Pair, run: RunCommand, tmp_path: Path) -> None:
    begin(servers, environment(EVERYTHING, ANYONE, ME), environment(ME, ANYONE, EVERYTHING))
    approved = approve(run(*servers, "plan"), tmp_path)
    for sandbox in servers:
        sandbox.restart()
    ended = run(*servers, "apply", *approved)
    assert ended.code == 0, ended.out
    servers[1].restart()
    assert decide_alike(servers)
    assert run(*servers, "plan", "--detailed-exitcode").code == 0


def approve(planned: Ended, folder: Path) -> list[str]:
    approved = folder / "approved.json"
    approved.write_bytes((planned.folder / "plan.json").read_bytes())
    return ["--plan", str(approved), "--expect-digest", planned.plan["digest"]]


UPDATED = (
    environment(ANYONE, ME, staff=("users:read",), users="new"),
    environment(ANYONE, ME, staff=("users:read",)),
)


def test_who_could_get_through_for_a_moment_is_said_and_can_be_refused(
    servers: Pair, run: RunCommand
) -> None:
    begin(servers, *UPDATED)
    planned = run(*servers, "plan")
    assert planned.plan["exposures"] == [
        {"method": "GET", "path": "/users/me", "mapping": ANYONE, "groups": ["office"]}
    ]
    for told in (planned.out, planned.summary.replace("`", "'").replace(f"'{ANYONE}'", ANYONE)):
        assert f"{ANYONE} wins " in told
        assert "for a moment: group 'office' could get through" in told
    refused = run(*servers, "apply", "--fail-on-transient-exposure")
    assert refused.code == 3
    assert "leave out --fail-on-transient-exposure" in refused.out
    assert writes(servers[1]) == []
    assert run(*servers, "apply").code == 0


def test_who_could_be_kept_out_for_a_moment_is_said(servers: Pair, run: RunCommand) -> None:
    both = [environment(ANYONE, ME, staff=("me:read",), users=said) for said in ("new", "")]
    begin(servers, both[0], both[1])
    planned = run(*servers, "plan", "--strategy", "zero-downtime")
    assert [exposure["groups"] for exposure in planned.plan["exposures"]] == [["office"]]
    assert "group 'office' could be kept out" in planned.out


def test_what_would_stay_wrong_is_not_begun(servers: Pair, run: RunCommand) -> None:
    """The wide mapping is not written where the narrow one can't be put in front of it again."""
    begin(servers, *UPDATED)
    ended = run(*servers, "apply", "--protect", f"mapping:{ME}")
    assert ended.code == 1
    assert operations(ended) == []
    assert "it would let group 'office' reach GET /users/me" in ended.out
    assert writes(servers[1]) == []


def test_what_is_protected_is_not_reordered(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment(ANYONE, ME), environment(ME, ANYONE))
    ended = run(*servers, "apply", "--protect", f"mapping:{ME}")
    assert ended.code == 1
    assert f"[BLOCKED] reorder mapping {ME} -> me:read: it is protected by a setting" in ended.out
    assert writes(servers[1]) == []


OVERTAKEN = (environment(ANYONE, ME, users="new"), environment(ANYONE, ME))


@pytest.mark.parametrize("setting", ["--protect", "--ignore"])
def test_what_is_not_to_be_written_and_is_overtaken_stays_different(
    servers: Pair, run: RunCommand, setting: str
) -> None:
    begin(servers, *OVERTAKEN)
    ended = run(*servers, "apply", setting, f"mapping:{ME}")
    assert ended.code == 1
    assert operations(ended) == [f"update {ANYONE}"]
    assert f"[BLOCKED] reorder mapping {ME} -> me:read" in ended.out
    assert f"take it out of {setting}, or accept it: --accept 'mapping:{ME}'" in ended.out
    assert "### Stays different (1)" in ended.summary
    assert "as protected by the settings" not in ended.summary
    assert ended.cases("failure")


@pytest.mark.parametrize("setting", ["--protect", "--ignore"])
def test_that_it_is_overtaken_can_be_accepted(servers: Pair, run: RunCommand, setting: str) -> None:
    begin(servers, *OVERTAKEN)
    ended = run(*servers, "apply", setting, f"mapping:{ME}", "--accept", f"mapping:{ME}")
    assert ended.code == 0, ended.out
    assert f"[ACCEPTED] reorder mapping {ME} -> me:read" in ended.out
    assert "### Stays different, as accepted in the settings (1)" in ended.summary


def test_that_it_is_overtaken_is_told_besides_what_is_protected(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment(ANYONE, ME, users="new", me="new"), OVERTAKEN[1])
    ended = run(*servers, "apply", "--protect", f"mapping:{ME}")
    assert ended.code == 1
    assert f"[PROTECTED] mapping {ME} -> me:read (description)" in ended.out
    assert f"[BLOCKED] reorder mapping {ME} -> me:read" in ended.out


def test_the_remedy_names_the_mapping_and_no_other(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment(ME, ANYONE), environment(ANYONE, ME))
    protecting = ("apply", "--protect", "mapping:*")
    accepting = "mapping:GET /users/([[]^/]+)$"
    assert f"--accept '{accepting}'" in run(*servers, *protecting).out
    assert run(*servers, *protecting, "--accept", accepting).code == 0


def test_how_something_ignored_stands_is_no_difference(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment(ANYONE, ME), environment(ME, ANYONE))
    assert run(*servers, "plan", "--ignore", f"mapping:{ME}", "--detailed-exitcode").code == 0
    assert run(*servers, "plan", "--ignore", "mapping:GET /users/(*", "--detailed-exitcode").code == 0


def test_a_failed_reorder_leaves_what_was_announced_and_the_next_run_mends_it(
    servers: Pair, run: RunCommand
) -> None:
    begin(servers, *UPDATED)
    servers[1].add_fault(Answer(status=500, body='{"error": "no"}'), methods=["PUT"], nth=2)
    failed = run(*servers, "apply")
    assert failed.code == 1
    assert f"[FAILED] reorder mapping {ME} -> me:read" in failed.out
    assert "✗ Not equal: the target still differs from the source: 1 change still needed" in failed.out
    mended = run(*servers, "apply", "--resume")
    assert mended.code == 0, mended.out
    assert decide_alike(servers)


def test_a_snapshot_restores_the_order(servers: Pair, run: RunCommand) -> None:
    wanted, before = environment(EVERYTHING, ANYONE, ME), environment(ME, ANYONE, EVERYTHING)
    begin(servers, wanted, before)
    applied = run(*servers, "apply")
    assert applied.code == 0
    [backup] = applied.folder.glob("backup-*.json")
    assert json.loads(backup.read_text())["precedence"] == [ANYONE, ME, EVERYTHING]
    servers[0].reset(before)
    restored = run(*servers, "apply", "--source-url", str(backup))
    assert restored.code == 0, restored.out
    assert decide_alike(servers)


@pytest.mark.parametrize("command", ["apply", "export"])
def test_a_snapshot_that_does_not_say_the_order_is_refused(
    servers: Pair, run: RunCommand, tmp_path: Path, command: str
) -> None:
    both = environment(EVERYTHING, ANYONE, ME)
    begin(servers, both, both)
    file = tmp_path / "cut.json"
    file.write_text(both.model_copy(update={"precedence": (EVERYTHING, ANYONE)}).canonical_json())
    refused = run(*servers, command, "--source-url", str(file))
    assert refused.code == 1
    assert "its precedence lacks 1 of 3, GET /users/me$ among them" in refused.out
    assert "take a file that export or apply has written" in refused.out
    assert writes(servers[1]) == []


def test_a_snapshot_in_which_nothing_overlaps_needs_no_order(
    servers: Pair, run: RunCommand, tmp_path: Path
) -> None:
    both = environment(ME)
    begin(servers, both, both)
    file = tmp_path / "narrow.json"
    file.write_text(both.model_copy(update={"precedence": ()}).canonical_json())
    assert run(*servers, "apply", "--source-url", str(file)).code == 0


def test_a_foreign_change_of_order_is_refused(servers: Pair, run: RunCommand, tmp_path: Path) -> None:
    wanted = environment(EVERYTHING, ANYONE, ME, me="said otherwise")
    begin(servers, wanted, environment(EVERYTHING, ANYONE, ME))
    approved = approve(run(*servers, "plan"), tmp_path)
    put_in_front(servers[1], ANYONE)
    for more in ([], ["--resume"]):
        refused = run(*servers, "apply", *approved, *more)
        assert refused.code == 3
        assert "the plan is no longer what was approved (target has changed since)" in refused.out
        assert f"[CHANGED] update mapping {ME}" in refused.out
    put_in_front(servers[1], EVERYTHING)
    refused = run(*servers, "apply", *approved, "--resume")
    assert refused.code == 3
    assert f"[NEW SINCE THE APPROVAL] reorder mapping {ANYONE}" in refused.out
    assert writes(servers[1]) == []


def put_in_front(sandbox: Sandbox, name: str) -> None:
    """Write a mapping as it is, by hand."""
    url, headers = f"{sandbox.url}/api/v1/mappings", {"Authorization": f"Bearer {sandbox.token}"}
    rows = requests.get(f"{url}/list", headers=headers, timeout=10).json()
    (row,) = (row for row in rows if f"{row['method']} {row['path_pattern']}" == name)
    body = {"description": row["description"] or ""}
    requests.put(f"{url}/{row['id']}", json=body, headers=headers, timeout=10).raise_for_status()
    sandbox.clear_requests()


def let_both_paths_be_cached(servers: Pair) -> None:
    """Ask for the only path of an overlap, and for the same with a line break, while others win them."""
    begin(servers, environment(EVERYTHING, ANYONE, ME), environment(ME, ANYONE, EVERYTHING))
    assert ask(servers[1], "GET /users/me\n") == EVERYTHING
    put_in_front(servers[1], ANYONE)


class TestCaches:
    """An exact path is answered for 300 seconds as it was, whatever is written."""

    def test_a_second_path_settles_what_the_first_can_not(self, servers: Pair, run: RunCommand) -> None:
        begin(servers, environment(ANYONE, ME), environment(ME, ANYONE))
        assert ask(servers[1], "GET /users/me") == ANYONE
        ended = run(*servers, "apply")
        assert ended.code == 0
        assert "cache" not in ended.out
        assert ask(servers[1], "GET /users/me") == ANYONE
        assert decide_alike(servers)

    def test_an_order_that_a_restart_has_lost_is_told_at_once(self, servers: Pair, run: RunCommand) -> None:
        both = environment(ANYONE, ME)
        begin(servers, both, both)
        assert run(*servers, "drift").code == 0
        servers[1].order_rows((ME, ANYONE))
        servers[1].restart()
        drifted = run(*servers, "drift")
        assert drifted.code == 2
        assert "its order differs from the order of the last writes" in drifted.out
        assert run(*servers, "apply").code == 0
        assert decide_alike(servers)

    def test_where_the_patterns_allow_it_no_cache_is_asked(self, servers: Pair, run: RunCommand) -> None:
        """Somebody has asked for what the tool would ask for first, and the order has changed since."""
        begin(servers, environment(EVERYTHING, SECTION), environment(SECTION, EVERYTHING))
        for path in ("GET /users/", "GET /users/x"):
            assert ask(servers[1], path) == EVERYTHING
        ended = run(*servers, "apply")
        assert ended.code == 0
        assert "cache" not in ended.out
        assert ask(servers[1], "GET /users/x") == EVERYTHING
        assert decide_alike(servers)

    def test_an_answer_that_may_be_old_is_named(self, servers: Pair, run: RunCommand) -> None:
        let_both_paths_be_cached(servers)
        ended = run(*servers, "apply")
        assert ended.code == 0
        assert (
            f"⚠ GET /users/me in the target: {EVERYTHING} wins, but the list shows {ME}; the answer may "
            "come from a cache, which holds it for 300 seconds at most"
        ) in ended.out
        assert "the answer may come from a cache" in ended.summary
        assert decide_alike(servers)

    def test_it_can_be_waited_for(
        self, servers: Pair, run: RunCommand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Waiting(Impatient):
            def sleep(self, seconds: float) -> None:
                slept.append(seconds)
                servers[1].advance(seconds)

        slept: list[float] = []
        let_both_paths_be_cached(servers)
        run(*servers, "plan")
        assert cli.main(["apply", "--wait-for-caches"], Waiting()) == 0
        out = capsys.readouterr().out
        assert slept == [CACHE_SECONDS]
        assert "Waiting 300 s for caches to expire: 1 of the answers may come from one" in out
        assert "may come from a cache" not in out
        assert "the answer may come" not in (tmp_path / "report" / "summary.md").read_text(encoding="utf-8")


class TestTheServerIsRight:
    """Where it decides otherwise than its list shows."""

    def test_what_a_cascade_left_behind_is_told_and_overtaken(self, servers: Pair, run: RunCommand) -> None:
        wanted = environment(EVERYTHING, ANYONE)
        actions = tuple(action for action in wanted.actions if action.name != ACTIONS[SECTION])
        begin(
            servers,
            wanted.model_copy(update={"actions": actions}),
            environment(EVERYTHING, ANYONE, SECTION),
        )
        delete_action(servers[1], ACTIONS[SECTION])
        assert ask(servers[1], "GET /users/someone") == SECTION
        ended = run(*servers, "apply")
        assert ended.code == 0, ended.out
        assert "this mapping was deleted with its action, but wins until the server restarts" in ended.out
        assert operations(ended) == [f"reorder {EVERYTHING}", f"reorder {ANYONE}"]
        servers[1].advance(CACHE_SECONDS)
        assert ask(servers[1], "GET /users/someone") == ANYONE

    @pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
    def test_an_order_that_the_list_does_not_show(self, servers: Pair, run: RunCommand, side: int) -> None:
        both = environment(EVERYTHING, SECTION)
        begin(servers, both, both)
        says = {"mapping_id": 1, "action": "any:read", "path_pattern": "/(.*)", "method": "GET"}
        servers[side].add_fault(Answer(body=json.dumps(says)), path=r"/mappings/\?path", times=None)
        planned = run(*servers, "plan")
        assert "its order differs from the order of the last writes" in planned.out
        assert operations(planned) == [f"reorder {SECTION if side else EVERYTHING}"]

    def test_no_mapping_although_one_matches(self, servers: Pair, run: RunCommand) -> None:
        both = environment(EVERYTHING, SECTION)
        begin(servers, both, both)
        nothing = Answer(status=404, body='{"error": "No mapping found"}')
        servers[1].add_fault(nothing, path=r"/mappings/\?path", times=None)
        planned = run(*servers, "plan")
        assert "no mapping wins, although its list shows one that matches" in planned.out
        assert operations(planned) == [f"reorder {EVERYTHING}", f"reorder {SECTION}"]

    @pytest.mark.parametrize(
        ("effect", "hint"),
        [
            (Answer(status=403, body='{"error": "no"}'), "check the server's log, then run again"),
            (Answer(body="[]"), "check that the URL is the URL of a Heimdall"),
            (Answer(body="<html>"), "check that the URL is the URL of a Heimdall"),
        ],
        ids=["403", "a list", "html"],
    )
    def test_an_answer_that_is_none_ends_the_run(
        self, servers: Pair, run: RunCommand, effect: Answer, hint: str
    ) -> None:
        begin(servers, environment(ANYONE, ME), environment(ME, ANYONE))
        servers[1].add_fault(effect, path=r"/mappings/\?path", times=None)
        ended = run(*servers, "apply")
        assert ended.code == 1
        assert hint in ended.out
        assert writes(servers[1]) == []


def delete_action(sandbox: Sandbox, name: str) -> None:
    url, headers = f"{sandbox.url}/api/v1/actions/", {"Authorization": f"Bearer {sandbox.token}"}
    rows = requests.get(url, headers=headers, timeout=10).json()["actions"]
    (number,) = (row["id"] for row in rows if row["name"] == name)
    requests.delete(f"{url}{number}", headers=headers, timeout=10).raise_for_status()
    sandbox.clear_requests()


def test_what_is_wrong_with_the_mappings_is_told(servers: Pair, run: RunCommand) -> None:
    action = Action(name="a", description="a")
    patterns = ("/n", "/users/{id}", "/broken(", "/(a|aa)+$", f"/{'a' * 80}!$")
    mappings = tuple(Mapping(method="GET", path_pattern=pattern, action="a") for pattern in patterns)
    begin(servers, *[Snapshot(actions=(action,), mappings=mappings)] * 2)
    for command in ("plan", "drift"):
        ended = run(*servers, command)
        assert ended.code == 0
        for told in (ended.out, ended.summary.replace("`", "")):
            assert "mapping GET /n: matches more paths than it seems to: /nx" in told
            assert "mapping GET /users/{id}: matches no real path: {id} is text in it" in told
            assert "mapping GET /broken(: is not a valid regular expression" in told
            assert "mapping GET /(a|aa)+$: can take very long to match" in told
        assert "<details><summary><b>Faulty mappings (4)</b></summary>" in ended.summary
        assert not ended.cases("failure")
        said = [skipped.get("message", "") for skipped in ended.junit.iter("skipped")]
        assert [each for each in said if each.startswith("warning: matches more paths than it seems to")]


@pytest.mark.parametrize(
    "pattern",
    ["/\\ud800", "(?a)(?u)/x", f"/x{'(' * 30}{')*' * 30}", "/(?:ab|bc|cd|de|ef)[^/](x|x){40}(?=$)"],
    ids=["half of a pair", "flags that exclude each other", "nested", "slow"],
)
def test_a_pattern_that_nobody_would_write_ends_no_run(servers: Pair, run: RunCommand, pattern: str) -> None:
    """One row of one environment must not keep everybody from a promotion."""
    mappings = tuple(Mapping(method="GET", path_pattern=each, action="a") for each in (pattern, "/.*"))
    snapshot = Snapshot(actions=(Action(name="a", description="a"),), mappings=mappings)
    begin(servers, snapshot, snapshot)
    ended = run(*servers, "plan")
    assert ended.code == 0, ended.out
    assert "There is nothing to change" in ended.summary
