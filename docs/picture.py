"""Photograph what a real run says: its summary, as GitHub shows Markdown, and its page: `make picture`.

Takes what the demo's plan says and photographs it with the Chromium that is installed, with names
in the place of the demo's addresses, whose ports change each time. The picture fades where the page goes on.
"""

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright

from sync import cli

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1000, 1120
NAMES = {"source": "https://heimdall.staging.example", "target": "https://heimdall.example"}
REPORT = 1220, 1860
ALERTS = {"CAUTION": ("#d1242f", "Caution"), "WARNING": ("#9a6700", "Warning"), "NOTE": ("#0969da", "Note")}
STYLE = """
body { font: 16px/1.5 'Noto Sans', 'DejaVu Sans', sans-serif; color: #1f2328; margin: 24px 32px; }
h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: 6px; }
code { background: #eff1f3; border-radius: 6px; padding: 2px 6px; font: 85% 'DejaVu Sans Mono', monospace; }
h2 code { font-size: 80%; }
table { border-collapse: collapse; margin-bottom: 16px; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; }
blockquote { border-left: 4px solid; margin: 0 0 16px; padding: 4px 16px; }
blockquote p { color: #1f2328; margin: 4px 0; }
blockquote strong.title { color: inherit; display: block; font-weight: 600; }
.more { position: fixed; inset: auto 0 0 0; height: 140px; background: linear-gradient(transparent, white); }
"""


def page(markdown: str) -> str:
    """Return a page that shows Markdown much as GitHub does."""
    body = str(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
    for kind, (colour, title) in ALERTS.items():
        body = re.sub(
            rf"<blockquote>\s*<p>\[!{kind}\]\s*",
            f'<blockquote style="border-color: {colour}"><strong class="title" style="color: {colour}">'
            f"{title}</strong><p>",
            body,
        )
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{body}<div class="more"></div>'


def named(report: Path, file: str) -> str:
    """Return a file in a folder of reports, with names in the place of the two addresses."""
    text = (report / file).read_text(encoding="utf-8")
    plan = json.loads((report / "plan.json").read_text(encoding="utf-8"))
    for side, name in NAMES.items():
        text = text.replace(plan[side]["url"], name)
    return text


def photograph(chromium: str, html: Path, file: str, size: tuple[int, int], at: str = "") -> None:
    """Photograph a page at a place into a file beside this one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.goto(html.as_uri() + at)
        tab.screenshot(path=HERE / file)
        browser.close()


def main() -> int:
    """Run the demo and photograph the summary and the page of its plan."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("Chromium is needed: on Debian and Ubuntu, apt install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        code = cli.main(["demo", "--output-dir", folder])
        if code:
            return code
        summary, report = Path(folder, "summary.html"), Path(folder, "report.html")
        summary.write_text(page(named(Path(folder, "2-plan"), "summary.md")), encoding="utf-8")
        report.write_text(named(Path(folder, "2-plan"), "report.html"), encoding="utf-8")
        photograph(chromium, summary, "summary.png", (WIDTH, HEIGHT))
        photograph(chromium, report, "report.png", REPORT, "#endpoint=GET+/api/v1/users/export")
    return 0


if __name__ == "__main__":
    sys.exit(main())
