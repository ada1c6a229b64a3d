"""`report.html` as a person meets it: opened from a file in Chromium, with its script and without."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, sync_playwright
from playwright.sync_api import Page as Tab

from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.plan.closure import Edges, Register
from sync.report.document import Document
from sync.report.page.rendering import Page
from sync.report.wording import printable
from tests.report.examples import TARGET
from tests.report.hostile import HOSTILE
from tests.report.pages import CHROMIUM, IN_CI, REAL, hostile, planned

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and not IN_CI, reason="Chromium is not installed: apt install chromium"
    ),
]

Open = Callable[..., Tab]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return what opens a page; nobody has complained when the test ends, nor asked for anything."""
    said: list[str] = []
    asked: list[str] = []
    tabs: list[Tab] = []

    def shown(document: Document, at: str = "", *, script: bool = True, dark: bool = False) -> Tab:
        path = tmp_path / "report.html"
        path.write_text(Page(document).render(), encoding="utf-8")
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        tab = browser.new_context(java_script_enabled=script, color_scheme=scheme).new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.goto(path.as_uri() + at)
        tabs.append(tab)
        return tab

    yield shown
    for tab in tabs:
        tab.context.close()
    assert said == []
    assert {*asked} == {(tmp_path / "report.html").as_uri()}


def texts(found: Locator) -> list[str]:
    return [" ".join(text.split()).replace("\N{MINUS SIGN}", "-") for text in found.all_inner_texts()]


def columns(tab: Tab) -> list[str]:
    return [text.strip() for text in tab.locator("#matrix-head th").all_text_contents()]


def rows(tab: Tab) -> list[str]:
    return texts(tab.locator("#matrix-body tr:not(.spacer)"))


def test_the_matrix_holds_what_differs_folded_by_resource(show: Open) -> None:
    tab = show(REAL)
    assert columns(tab) == ["Endpoint", "everyone", "data_team", "legacy_team", "office"]
    assert rows(tab) == [
        "▸ /data 1 endpoint +1 -1 -1",
        "▸ /legacy 1 endpoint +1 =1",
        "▸ /users 2 endpoints -1 -1 =1",
    ]


def test_a_resource_unfolds_by_keyboard_and_folds_again(show: Open) -> None:
    tab = show(REAL)
    fold = tab.get_by_role("button", name="/data")
    fold.focus()
    tab.keyboard.press("Enter")
    assert rows(tab)[:2] == ["▾ /data 1 endpoint +1 -1 -1", "POST /data/(a|b)$ + gained - lost - lost"]
    assert fold.get_attribute("aria-expanded") == "true"
    tab.keyboard.press("Enter")  # the focus stays where it was
    assert rows(tab)[0] == "▸ /data 1 endpoint +1 -1 -1"


@pytest.mark.parametrize(
    ("field", "text", "seen"),
    [
        ("Endpoints or actions", "POST", ["Endpoint", "everyone", "data_team", "legacy_team", "office"]),
        ("Endpoints or actions", "users:READ", ["Endpoint", "everyone", "legacy_team"]),
        ("Groups", "data", ["Endpoint", "everyone", "data_team"]),
    ],
)
def test_a_filter_leaves_what_it_names(show: Open, field: str, text: str, seen: list[str]) -> None:
    tab = show(REAL)
    tab.get_by_label(field, exact=True).fill(text)
    assert columns(tab) == seen
    assert len([row for row in rows(tab) if row.startswith(("▸", "▾"))]) == 1


def test_everything_can_be_shown_and_nothing_is_told(show: Open) -> None:
    tab = show(REAL)
    tab.get_by_label("Show").select_option("everything")
    assert columns(tab) == ["Endpoint", "everyone", "data_team", "legacy_team", "office"]
    assert "▸ /users 2 endpoints -1 -1 =1" in rows(tab)
    tab.get_by_label("Groups", exact=True).fill("nobody")
    tab.get_by_label("Endpoints or actions").fill("nothing")
    assert tab.get_by_text("Nothing matches the filter.").is_visible()


def test_where_nothing_differs_the_matrix_says_so(show: Open) -> None:
    tab = show(planned(TARGET, TARGET))
    assert tab.get_by_text("Nothing differs here. Show everything to see who reaches what.").is_visible()
    assert not tab.locator("#matrix-box").is_visible()
    tab.get_by_label("Show").select_option("everything")
    assert columns(tab) == ["Endpoint", "everyone", "legacy_team", "office"]


def test_a_link_opens_what_was_looked_at(show: Open) -> None:
    tab = show(REAL)
    tab.get_by_label("Endpoints or actions").fill("data")
    tab.get_by_label("Show").select_option("what is gained")
    tab.get_by_role("link", name="POST /data/(a|b)$").click()
    tab.get_by_role("heading", name="Who reaches POST /data/(a|b)$").wait_for()
    assert "endpoints=data" in tab.evaluate("location.hash")
    tab.get_by_label("Groups", exact=True).fill("data_team")
    again = show(REAL, tab.evaluate("location.hash"))
    assert again.get_by_role("heading", name="Who reaches POST /data/(a|b)$").is_visible()
    assert again.get_by_label("Endpoints or actions").input_value() == "data"
    assert again.get_by_label("Groups", exact=True).input_value() == "data_team"
    assert again.get_by_label("Show").input_value() == "gained"
    assert rows(again) == rows(tab)


def test_the_ways_to_an_endpoint_stand_side_by_side(show: Open) -> None:
    tab = show(REAL, "#endpoint=POST+/data/(a|b)$")
    before, after = (texts(section.locator("li")) for section in tab.locator(".sides section").all())
    assert before == [
        "legacy_team → auditor → legacy:action → POST /data/(a|b)$",
        "office → auditor → legacy:action → POST /data/(a|b)$",
    ]
    assert after == ["data_team → data_scientist → data:analyze → POST /data/(a|b)$"]
    picture = [text.strip() for text in tab.locator("#ways svg .node text").all_text_contents()]
    assert picture == [
        *("data_team", "legacy_team", "office"),
        *("data_scientist", "auditor"),
        *("data:analyze", "legacy:action"),
        "POST /data/(a|b)$",
    ]
    assert tab.locator("#ways path.gained").count() == 3
    assert tab.locator("#ways path.lost").count() == 3
    assert tab.locator("#ways path.kept").count() == 1


def test_a_group_of_the_picture_leads_to_what_it_reaches(show: Open) -> None:
    tab = show(REAL, "#endpoint=POST+/data/(a|b)$")
    tab.locator("#ways svg a", has_text="legacy_team").click()
    tab.get_by_role("heading", name="What legacy_team reaches").wait_for()
    assert tab.get_by_text("It gains 0 endpoints, loses 2 endpoints and keeps 0 endpoints.").is_visible()


def test_operations_can_be_searched(show: Open) -> None:
    tab = show(REAL)
    tab.get_by_label("Filter the operations").fill("DATA_SCIENTIST")
    found = texts(tab.locator("#operations details:not([hidden]) tbody tr:not([hidden])"))
    assert found
    assert all("data_scientist" in row for row in found)
    assert tab.get_by_text(f"{len(found)} operations found").is_visible()


def test_without_a_script_the_page_is_readable(show: Open) -> None:
    tab = show(REAL, script=False)
    assert not tab.locator("#matrix").is_visible()
    assert not tab.get_by_label("Filter the operations").is_visible()
    assert tab.locator("#gains tbody tr").first.is_visible()
    assert tab.locator("#wave-1 tbody tr").first.is_visible()
    assert tab.get_by_text("Open to everyone afterwards").is_visible()


@pytest.mark.parametrize(("dark", "colour"), [(False, "rgb(255, 255, 255)"), (True, "rgb(13, 17, 23)")])
def test_both_themes_have_their_colours(show: Open, dark: bool, colour: str) -> None:
    assert show(REAL, dark=dark).evaluate("getComputedStyle(document.body).backgroundColor") == colour


def test_it_fits_a_narrow_screen_and_prints_all_of_it(show: Open) -> None:
    tab = show(REAL)
    tab.set_viewport_size({"width": 360, "height": 640})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.locator("#gains summary").click()
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("#gains tbody tr").first.is_visible()
    assert not tab.locator("#matrix").is_visible()


def test_landmarks_lead_through_the_page(show: Open) -> None:
    tab = show(REAL)
    for role in ("banner", "navigation", "main", "contentinfo", "search"):
        assert tab.get_by_role(role).count() == 1, role
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_stays_text(show: Open, text: str) -> None:
    name = printable(text.encode(errors="replace").decode())
    tab = show(hostile(text))
    for fold in tab.locator("#matrix-body button").all():
        fold.click()
    groups = tab.locator("#matrix-head th a").all_text_contents()
    assert {*groups} <= {name, f"{name}1", f"{name}2"}
    assert groups
    tab.locator("#matrix-body a").first.click()
    tab.locator("#ways-title").wait_for()
    assert name in "".join(tab.locator("#ways").all_text_contents())
    assert tab.locator("#ways :is(script, img, iframe, b)").count() == 0


def test_what_is_kept_is_what_the_closure_says(show: Open) -> None:
    """The script adds up what nothing changes; who holds what is worked out in one place."""
    source, target = ring(changed=True), ring(changed=False)
    document = planned(source, target)
    assert document.plan
    tab = show(document)
    tab.get_by_label("Show").select_option("everything")
    register = Register([group.name for group in target.groups])
    before = Edges.of(target, register)
    after = before.after(document.plan.operations, *{op.verb for op in document.plan.operations})
    asked = [{mapping.name: mapping.action for mapping in side.mappings} for side in (target, source)]
    kept = dict.fromkeys((group.name for group in target.groups), 0)
    for name, action in asked[0].items():
        for group in register.names(before.holders(action) & after.holders(asked[1][name])):
            kept[group] += 1
    said = {
        group: sum(
            int(text[1:])
            for text in tab.locator(f"#matrix-body tr td:nth-child({at}) .kept").all_inner_texts()
        )
        for at, group in enumerate(columns(tab)[2:], 3)
    }
    assert said == kept


def ring(*, changed: bool) -> Snapshot:
    """Return an environment in which each group holds two roles, each role three actions, of ten each."""
    number = range(10)
    step = 3 if changed else 2
    return Snapshot(
        actions=tuple(Action(name=f"a{at}") for at in number),
        roles=tuple(
            Role(name=f"r{at}", actions=tuple({f"a{at}", f"a{(at + 1) % 10}", f"a{at * step % 10}"}))
            for at in number
        ),
        mappings=tuple(
            Mapping(method="GET", path_pattern=f"/p{at % 3}/{at}$", action=f"a{(at + (at == step)) % 10}")
            for at in number
        ),
        groups=tuple(Group(name=f"g{at}", roles=tuple({f"r{at}", f"r{(at + step) % 10}"})) for at in number),
    )
