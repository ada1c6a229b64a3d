"""What each write makes of who decides, seen at that moment."""

from sync.sandbox.process import Sandbox

from .world import Api


def _deciders(sandbox: Sandbox) -> list[list[str | None]]:
    return [
        [decision.path_pattern if decision else None for decision in moment.decisions]
        for moment in sandbox.moments()
    ]


def test_each_write_is_a_moment(api: Api, sandbox: Sandbox) -> None:
    sandbox.watch(["GET /docs", "GET /elsewhere"])

    api("POST /api/v1/mappings/", {"path_pattern": "/(.*)", "method": "GET", "action_id": 2})
    api("GET /api/v1/mappings/list")
    api("DELETE /api/v1/mappings/4")

    assert _deciders(sandbox) == [["/(.*)", "/(.*)"], ["/docs$", None]]


def test_what_a_group_may_do_shows(api: Api, sandbox: Sandbox) -> None:
    sandbox.watch(["GET /docs"])

    api("POST /api/v1/roles/groups/staff/roles", {"role_name": "writer"})
    api("DELETE /api/v1/roles/groups/staff/roles/reader")
    api("DELETE /api/v1/roles/writer/actions/docs:write")

    assert [moment.allowed["staff"] for moment in sandbox.moments()] == [
        ("docs:read", "docs:write"),
        ("docs:read", "docs:write"),
        ("docs:read",),
    ]


def test_nothing_is_noted_of_what_nobody_watches(api: Api, sandbox: Sandbox) -> None:
    api("DELETE /api/v1/mappings/2")

    assert sandbox.moments() == ()
