"""How long the page of 10,000 mappings and 500 groups takes: to write, to show for the first time, to filter.

Shown by the Chromium that is installed, from a file, as by a double click.
"""

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from sync.report.document import Document
from sync.report.page.rendering import Page

MAPPINGS, ACTIONS, ROLES, GROUPS = 10_000, 5_000, 500, 500
FILTERS = {"filter-endpoints": "thing_01", "filter-groups": "group_07", "operations-filter": "role_12"}
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
SHOWN = """() => {
    const { domContentLoadedEventEnd: end } = performance.getEntriesByType('navigation')[0];
    return end > 0 ? end : null;
}"""
FILTER = """([id, text]) => new Promise((done) => {
    const field = document.getElementById(id), start = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input'));
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""


def environment(chance: random.Random, *, changed: bool) -> Snapshot:
    """Return an environment; a changed one has other actions for a tenth of its mappings, and other roles."""
    actions = [f"action_{number:04}" for number in range(ACTIONS)]
    roles = [f"role_{number:03}" for number in range(ROLES)]

    def some(names: Sequence[str], number: int, count: int) -> tuple[str, ...]:
        start = number * count + (1 if changed and number % 10 == 0 else 0)
        return tuple(sorted({names[(start + step * 7) % len(names)] for step in range(count)}))

    return Snapshot(
        actions=tuple(Action(name=name) for name in actions),
        roles=tuple(Role(name=name, actions=some(actions, number, 20)) for number, name in enumerate(roles)),
        mappings=tuple(
            Mapping(
                method="GET",
                path_pattern=f"/api/v1/resource_{number // 50:03}/thing_{number:05}$",
                action=actions[(number + (chance.random() < 0.1 and changed)) % ACTIONS],
            )
            for number in range(MAPPINGS)
        ),
        groups=tuple(
            Group(name=f"group_{number:03}", roles=some(roles, number, 3)) for number in range(GROUPS)
        ),
    )


def document() -> Document:
    """Return what planning finds between two such environments."""
    source, target = (environment(random.Random(1), changed=changed) for changed in (True, False))
    plan = make_plan(Environment("", source), Environment("", target), refuses=lambda _: None)
    return Document(
        source_url="https://staging.example",
        target_url="https://example",
        source=source,
        target=target,
        plan=plan,
    )


def times_of(tab: Tab) -> dict[str, float]:
    """Return what the browser took, in milliseconds."""
    painted = tab.wait_for_function(FIRST_PAINT).json_value()
    ready = tab.wait_for_function(SHOWN).json_value()
    times = {"first paint": painted, "ready": ready}
    for field, text in FILTERS.items():
        times[f"filter {text!r}"] = tab.evaluate(FILTER, [field, text])
        tab.evaluate(FILTER, [field, ""])
    tab.select_option("#filter-show", "all")
    times["filter 'thing_01' of everything"] = tab.evaluate(FILTER, ["filter-endpoints", "thing_01"])
    return times


def main() -> int:
    """Print the times and the size."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stdout.write("The page is not measured: Chromium is not installed\n")
        return 0
    found = document()
    start = time.perf_counter()
    text = Page(found).render()
    seconds = time.perf_counter() - start
    operations = len(found.plan.operations) if found.plan else 0
    sys.stdout.write(
        f"a page of {MAPPINGS:,} mappings, {GROUPS:,} groups, {operations:,} operations: "
        f"{len(text) / 1e6:.1f} MB, written in {seconds:.1f} s\n"
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder, "report.html")
        path.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(path.as_uri())
        for what, milliseconds in times_of(tab).items():
            sys.stdout.write(f"  {what}: {milliseconds:.0f} ms\n")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
