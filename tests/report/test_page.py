"""`report.html`, as a parser reads it; `test_page_in_a_browser.py` opens it."""

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.errors import UnhealthyError
from sync.report.document import Document
from sync.report.markdown import Markdown
from sync.report.page.rendering import Page, policy
from sync.report.wording import printable
from tests.report import examples
from tests.report.examples import PLANNED, SOURCE, STARTED
from tests.report.hostile import HOSTILE, saying
from tests.report.pages import REAL, hostile, read

ROOT = Path(__file__).parents[2]
DOCUMENTS = {name: each for name, each in vars(examples).items() if isinstance(each, Document)} | {
    "REAL": REAL,
    "FAILED_CHECK": replace(STARTED, error=UnhealthyError("the healthcheck failed", "mend it")),
    "EXPORTED": replace(STARTED, target_url="", source=SOURCE, started=datetime(2026, 1, 2, tzinfo=UTC)),
}
EVERY_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
EVERY_TEXT = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@EVERY_DOCUMENT
def test_the_page_allows_its_own_script_and_style_and_nothing_else(document: Document) -> None:
    page = read(Page(document).render())
    script, style = page.text_of("script"), page.text_of("style")
    allowed = next(each["content"] for tag, each in page.tags if each.get("http-equiv"))
    assert allowed == policy()
    assert allowed == (
        f"default-src 'none'; script-src {hash_of(script)}; style-src {hash_of(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


@EVERY_DOCUMENT
def test_nothing_in_the_page_leads_away(document: Document) -> None:
    page = read(Page(document).render())
    for tag, name, value in page.attributes():
        assert name not in {"src", "style", "srcset", "action"}, tag
        assert not name.startswith("on")
        assert name != "href" or value.startswith("#")
    ids = [each["id"] for _, each in page.tags if each.get("id")]
    assert len(ids) == len({*ids})
    targets = {value[1:] for _, name, value in page.attributes() if name == "href"}
    assert targets <= {*ids}
    assert "://" not in page.text_of("style")
    assert re.findall(r"\w+://[^\"']+", page.text_of("script")) == ["http://www.w3.org/2000/svg"]


@EVERY_TEXT
def test_a_hostile_text_stays_text(text: str) -> None:
    """What a server says changes neither the elements of a page nor what its script is given."""
    calm = read(Page(saying("x")).render())
    page = read(Page(saying(text)).render())
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in calm.tags]
    assert printable(text.encode(errors="replace").decode()) in "".join(page.texts[""])


@EVERY_TEXT
def test_a_hostile_name_stays_a_name(text: str) -> None:
    html = Page(hostile(text)).render()
    page, calm = read(html), read(Page(hostile("x")).render())
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in calm.tags]
    name = printable(text.encode(errors="replace").decode())
    assert name in page.access["groups"]
    assert f"{name}2" in page.access["actions"]
    assert not {*"<>&"} & {*page.text_of("access-data")}
    assert html.encode()  # half a surrogate pair could not be written


@EVERY_DOCUMENT
def test_it_begins_as_the_summary_does(document: Document) -> None:
    summary = re.sub(r"[`*]", "", Markdown(document).render())
    page = read(Page(document).render())
    title = summary.splitlines()[0].removeprefix("## ")
    assert page.text_of("title") == title
    text = page.text_of()
    if document.plan and not document.deviations:
        lead = re.search(
            r"^(?:❌ |✅ )?((?:Drift|No|There|All|The|\d[\d,]* (?:of|changes?))\b.*)$", summary, re.MULTILINE
        )
        assert lead
        assert lead[1] in text


def test_without_a_script_it_says_who_gains_and_who_loses_what() -> None:
    text = read(Page(REAL).render()).text_of()
    assert (
        "group gains through role and action because "
        "data_team POST /data/(a|b)$ data_scientist data:analyze the group is created or deleted" in text
    )
    assert "Open to everyone afterwards 1 endpoint" in text
    assert "GET /legacy$ legacy:action legacy_team , office no mapping matches everyone" in text


def test_it_says_who_gains_and_who_loses_in_the_words_of_the_summary() -> None:
    summary = re.sub(r"[`*]", "", Markdown(REAL).render())
    said = re.sub(r" ([,;:.])", r"\1", read(Page(REAL).render()).text_of())
    sentences = re.findall(r"^(?:> )?- (groups? .*)$", summary, re.MULTILINE)
    assert len(sentences) >= 4
    assert [sentence for sentence in sentences if sentence not in said] == []


def test_without_a_script_it_shows_each_operation_in_its_wave() -> None:
    page = read(Page(REAL).render())
    text = page.text_of()
    assert REAL.plan
    assert f"Wave 1: {REAL.plan.waves[0].phase}" in text
    assert "update mapping POST /data/(a|b)$ -> data:analyze action legacy:action action data:analyze" in text
    assert REAL.plan.digest in text


def test_the_data_tells_who_holds_what_on_both_sides() -> None:
    access = read(Page(REAL).render()).access
    groups, roles = access["groups"], access["roles"]
    held = {
        groups[at]: {roles[code >> 2]: code & 3 for code in codes}
        for at, codes in enumerate(access["groupRoles"])
    }
    assert held == {
        "data_team": {"data_scientist": 2},
        "legacy_team": {"auditor": 1},
        "office": {"auditor": 3},
    }
    assert dict(zip(groups, access["groupSides"], strict=True)) == {
        "data_team": 2,
        "legacy_team": 1,
        "office": 3,
    }


def test_a_plan_that_is_resumed_has_its_page_whatever_is_done_already() -> None:
    """What the plan creates is there by then, and what it deletes is gone."""
    access = read(Page(replace(REAL, target=SOURCE)).render()).access
    assert access["groups"] == ["data_team", "legacy_team", "office"]
    assert access["groupSides"] == [3, 0, 3]


def test_after_half_a_plan_the_page_says_that_it_shows_the_whole() -> None:
    said = "This is what the whole plan changes. Not all of it is done: see below."
    assert said in read(Page(DOCUMENTS["INTERRUPTED"]).render()).text_of()
    assert said not in read(Page(DOCUMENTS["APPLIED"]).render()).text_of()


def test_a_page_without_a_plan_has_no_matrix() -> None:
    for document in (STARTED, DOCUMENTS["EXPORTED"], DOCUMENTS["STALE"]):
        page = read(Page(document).render())
        assert "matrix" not in {each.get("id") for _, each in page.tags}
    assert PLANNED.plan


def test_the_package_contains_what_the_page_is_made_of(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.iterdir()
    names = {*zipfile.ZipFile(wheel).namelist()}
    assert {f"sync/report/page/page.{kind}" for kind in ("html", "css", "js")} <= names
