import pytest

from sync.model.plan import Rules
from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.plan.guardrails import BY_PLAN, BY_URL, objections_to_plan, objections_to_urls
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from sync.run.settings import Settings
from tests.plan.test_laws import no_update_of_roles

HTTPS = ("https://source.example", "https://target.example")


def urls(source: str, target: str, **rules: bool) -> list[tuple[str, str, bool]]:
    return [(o.guardrail, o.setting, o.allowed) for o in objections_to_urls(source, target, Rules(**rules))]


def judged(
    source: Snapshot, target: Snapshot, own_groups: tuple[str, ...] = (), **rules: object
) -> list[str]:
    """Return what is refused, by the guardrail's name."""
    plan = make_plan(
        Environment("s", source),
        Environment("t", target),
        refuses=lambda _: None,
        rules=Rules.model_validate(rules),
    )
    return [o.guardrail for o in objections_to_plan(plan, source, target, own_groups) if not o.allowed]


def actions(count: int, first: int = 0) -> Snapshot:
    return Snapshot(
        actions=tuple(Action(name=f"a{n:03}", description="d") for n in range(first, first + count))
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://127.8.8.8",
        "http://localhost",
        "http://[::1]:80",
        "https://far.example",
    ],
)
def test_plain_http_is_fine_on_this_machine_and_tls_everywhere(url: str) -> None:
    assert urls(url, "https://target.example") == []


@pytest.mark.parametrize("url", ["http://far.example", "http://10.0.0.1", "http://localhost.far.example"])
def test_plain_http_to_elsewhere_is_refused(url: str) -> None:
    assert urls("https://source.example", url) == [("plain HTTP", "--allow-http", False)]
    assert urls("https://source.example", url, allow_http=True) == [("plain HTTP", "--allow-http", True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h.example", "https://h.example"),
        ("https://h.example", "https://H.EXAMPLE:443/"),
        ("https://h.example/base", "https://h.example./base/"),
        ("http://localhost:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://127.0.0.1:8000"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
    ],
)
def test_the_same_environment_is_refused_however_it_is_spelt(one: str, other: str) -> None:
    assert urls(one, other) == [("same environment", "--allow-same-environment", False)]
    assert urls(one, other, allow_same_environment=True)[0][2]


@pytest.mark.parametrize(
    ("one", "other"),
    [HTTPS, ("https://h.example/one", "https://h.example/two"), ("http://[::1]:1", "http://[::1]:2")],
)
def test_different_environments_are_not_the_same(one: str, other: str) -> None:
    assert urls(one, other) == []


def test_an_empty_kind_in_the_source_is_refused() -> None:
    target = Snapshot(roles=(Role(name="viewer"), Role(name=SUPERADMIN)))
    source = Snapshot(roles=(Role(name=SUPERADMIN),))
    assert judged(source, target) == ["empty source"]
    assert judged(source, target, allow_empty_source=True) == []
    assert judged(source, source) == []


@pytest.mark.parametrize(
    ("kept", "total", "refused"),
    [(7, 10, False), (6, 10, True), (1, 9, False), (70, 100, False), (69, 100, True)],
)
def test_many_deletions_are_refused_from_ten_on(kept: int, total: int, refused: bool) -> None:
    assert (judged(actions(kept), actions(total)) == ["many deletions"]) is refused


def test_how_many_is_a_setting() -> None:
    assert judged(actions(5), actions(10), max_delete_percent=50) == []
    assert judged(actions(5), actions(8), delete_guard_minimum=8) == ["many deletions"]
    assert judged(actions(9), actions(10), max_delete_percent=0) == ["many deletions"]


def test_edges_count_as_kinds() -> None:
    names = tuple(f"a{n:03}" for n in range(12))
    everything = actions(12)

    def holding(held: tuple[str, ...]) -> Snapshot:
        return everything.model_copy(update={"roles": (Role(name="r", actions=held),)})

    assert judged(holding(names[:5]), holding(names)) == ["many deletions"]
    assert judged(holding(names[:10]), holding(names)) == []


SUPER = Role(name=SUPERADMIN)


def test_giving_a_group_superadmin_is_refused() -> None:
    source = Snapshot(roles=(SUPER,), groups=(Group(name="team", roles=(SUPERADMIN,)),))
    target = Snapshot(roles=(SUPER,), groups=(Group(name="team"),))
    assert judged(source, target) == ["superadmin grant"]
    assert judged(source, target, allow_superadmin_grant=True) == []


def test_locking_oneself_out_is_refused() -> None:
    target = Snapshot(roles=(SUPER,), groups=(Group(name="ours", roles=(SUPERADMIN,)), Group(name="kept")))
    source = Snapshot(roles=(SUPER,), groups=(Group(name="kept"),))
    assert judged(source, target, ("ours",)) == ["self-lockout"]
    assert judged(source, target, ("theirs",)) == []
    assert judged(source, target, ("ours",), allow_self_lockout=True) == []


def test_unprotected_endpoints_are_refused_where_that_is_asked_for() -> None:
    mappings = tuple(Mapping(method="GET", path_pattern=f"/{n}$", action="a000") for n in range(2))
    target = actions(1).model_copy(update={"mappings": mappings})
    source = actions(1).model_copy(update={"mappings": mappings[:1]})
    assert judged(source, target) == []
    assert judged(source, target, fail_on_unprotected=True) == ["unprotected endpoints"]


def test_a_transient_exposure_is_refused_where_that_is_asked_for() -> None:
    def environment(description: str) -> Snapshot:
        return Snapshot(
            actions=(Action(name="own"), Action(name="others")),
            roles=(Role(name="r", actions=("others",)),),
            mappings=(
                Mapping(method="GET", path_pattern="/(.*)", action="others", description=description),
                Mapping(method="GET", path_pattern="/me$", action="own"),
            ),
            groups=(Group(name="g", roles=("r",)),),
            precedence=("GET /(.*)", "GET /me$"),
        )

    assert judged(environment("new"), environment("old")) == []
    assert judged(environment("new"), environment("old"), fail_on_transient_exposure=True) == [
        "transient exposure"
    ]
    assert judged(environment("old"), environment("old"), fail_on_transient_exposure=True) == []


@pytest.mark.parametrize("setting", [guardrail.setting for guardrail in (*BY_URL, *BY_PLAN)])
def test_the_setting_of_a_guardrail_is_a_rule_of_the_plan_and_an_option(setting: str) -> None:
    assert {setting} <= Rules.model_fields.keys() & Settings.model_fields.keys()


def with_endpoint(*patterns: str, roles: tuple[str, ...] = ("r",)) -> Snapshot:
    return Snapshot(
        actions=(Action(name="a"),),
        roles=(Role(name="r", actions=("a",)), Role(name=SUPERADMIN)),
        mappings=tuple(Mapping(method="DELETE", path_pattern=each, action="a") for each in patterns),
        groups=(Group(name="g", roles=roles),),
    )


USERS = "/api/v1/users/([^/]+)$"


def test_new_access_is_refused_where_that_is_asked_for() -> None:
    before, after = with_endpoint(USERS, roles=()), with_endpoint(USERS)
    assert judged(after, before) == []
    assert judged(after, before, fail_on_new_access=True) == ["new access"]
    assert judged(before, after, fail_on_new_access=True) == []
    opening = with_endpoint("/n$"), with_endpoint("/n$", USERS)
    assert judged(*opening, fail_on_new_access=True) == ["new access"]


@pytest.mark.parametrize(
    ("pattern", "endpoint"),
    [
        ("DELETE /api/v1/users*", USERS),
        ("* /api/v1/users/*", USERS),
        (f"DELETE {USERS}", USERS),
        ("DELETE /api/v1/users*", "/(.*)"),
        ("DELETE /api/v1/users*", "/api/v1/**"),
        ("DELETE /api/v1/users/{id}", "/api/v1/users/([^/]+)$"),
    ],
)
def test_a_group_that_gains_what_is_sensitive_refuses_the_plan(pattern: str, endpoint: str) -> None:
    pair = with_endpoint(endpoint), with_endpoint(endpoint, roles=())
    assert judged(*pair, sensitive=(pattern,)) == ["sensitive endpoint"]
    assert judged(*pair, sensitive=(pattern,), allow_sensitive=True) == []
    assert judged(pair[1], pair[0], sensitive=(pattern,)) == []


def test_what_is_sensitive_may_also_open_be_mapped_anew_or_come_with_superadmin() -> None:
    sensitive = ("DELETE /api/v1/users*",)
    none, some = with_endpoint("/n$"), with_endpoint("/n$", USERS)
    assert judged(none, some, sensitive=sensitive) == ["sensitive endpoint"]
    assert judged(some, none, sensitive=sensitive) == ["sensitive endpoint"]
    grant = with_endpoint(USERS, roles=(SUPERADMIN,)), with_endpoint(USERS)
    assert judged(*grant, sensitive=sensitive, allow_superadmin_grant=True) == ["sensitive endpoint"]
    assert judged(none, with_endpoint("/n$", roles=()), sensitive=sensitive) == []


def test_what_is_recreated_is_not_deleted() -> None:
    def roles(description: str) -> Snapshot:
        holding = tuple(Role(name=f"r{n:02}", description=description, actions=("a",)) for n in range(10))
        team = Group(name="team", roles=tuple(role.name for role in holding))
        return Snapshot(actions=(Action(name="a"),), roles=holding, groups=(team,))

    plan = make_plan(
        Environment("s", roles("new")),
        Environment("t", roles("old")),
        refuses=no_update_of_roles,
        rules=Rules(recreate=("role:*",)),
    )
    assert len(plan.operations) == 10 * 6
    assert [*objections_to_plan(plan, roles("new"), roles("old"))] == []
