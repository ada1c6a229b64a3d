"""Members ask the target before and after an apply: the answers change exactly as the plan has announced."""

from typing import Any

import requests

from sync.model.impact import Impact
from sync.model.snapshot import SUPERADMIN, Group
from sync.overlaps.search import overlaps_of
from sync.sandbox.example import production, staging
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from sync.sandbox.tokens import make_token
from tests.e2e.conftest import RunCommand
from tests.servers import lent

GROUPS = ("platform_team", "city_hall", "service_desk", "finance", "legacy_team")
MEMBERS = {group: f"{number:011}" for number, group in enumerate(GROUPS, 1)}
"""One person in each group of the target."""

Answer = tuple[str | None, set[str]]
"""Which mapping wins a request, and whose members get through."""


def asked(sandbox: Sandbox, what: str, token: str, **params: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{sandbox.url}/api/v1{what}", params=params, headers=headers, timeout=10)
    return answer.json() if answer.ok else None


def gateway(sandbox: Sandbox, found: list[tuple[str, str]]) -> dict[str, Answer]:
    """Ask what an enforcement layer asks: the mapping of each request, and what the member's roles allow."""
    allowed = {
        role: {action["name"] for action in asked(sandbox, f"/roles/{role}/actions", sandbox.token)}
        for role in (row["name"] for row in asked(sandbox, "/roles/", sandbox.token, limit="100")["items"])
    }
    tokens = {group: make_token(cpf, superadmin=False) for group, cpf in MEMBERS.items()}
    roles = {group: asked(sandbox, "/users/me", token)["roles"] for group, token in tokens.items()}
    answers = {}
    for method, path in found:
        mapping = asked(sandbox, "/mappings/", tokens["city_hall"], method=method, path=path)
        through = {
            group
            for group in GROUPS
            if mapping is None
            or SUPERADMIN in roles[group]
            or any(mapping["action"] in allowed[role] for role in roles[group])
        }
        winner = f"{mapping['method']} {mapping['path_pattern']}" if mapping else None
        answers[f"{method} {path}"] = winner, through
    return answers


def announced(impact: Impact, before: Answer, after: Answer) -> set[str]:
    """Return who is to get through after it, by what an impact says of who did before it."""
    (won, through), (winning, _) = before, after
    if winning is None:
        return {*GROUPS}
    gained, lost = (
        {
            group
            for change in changes
            if any((r.before, r.after) == (won, winning) for r in change.requests)
            for group in change.groups
        }
        for changes in (impact.gains, impact.losses)
    )
    closed = [each for each in impact.closed for r in each.requests if (r.before, r.after) == (won, winning)]
    if closed:
        return {*closed[0].groups_after, *impact.superadmin}
    return (through | gained | {*impact.superadmin_granted}) - lost


def test_the_answers_change_exactly_as_the_plan_has_announced(run: RunCommand) -> None:
    wanted = staging()
    groups = {group.name: group for group in wanted.groups}
    groups["finance"] = Group(name="finance", description="Accounting", roles=("billing_clerk", "editor"))
    wanted = wanted.model_copy(update={"groups": tuple(groups.values())})
    names = {mapping.name for side in (wanted, production()) for mapping in side.mappings}
    overlaps = overlaps_of(frozenset(names))
    found = [(each.method, each.path) for each in (*overlaps.found, *overlaps.alone)]
    people = People(members={group: (cpf,) for group, cpf in MEMBERS.items()})
    with (
        lent(wanted) as source,
        lent(production(), people=people, first_id=1000, no_cache=True) as target,
    ):
        before = gateway(target, found)
        ended = run(source, target, "apply")
        assert ended.code == 0, ended.out
        impact = Impact.model_validate(ended.plan["impact"])
        after = gateway(target, found)
    assert impact.deleted == ("legacy_team",)
    for request, answer in after.items():
        assert answer[1] == announced(impact, before[request], answer) & {*GROUPS}, request
    assert any("finance" in change.groups for change in impact.gains)
    assert ended.plan["members"]["legacy_team"] == 1
    assert any(each.name == "GET /api/v1/legacy$" for each in impact.newly_open)
    assert set(ended.plan["members"]) == (impact.gaining | impact.losing) - {"data_team"}
