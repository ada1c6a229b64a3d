"""Render the summary of a real run, as GitHub shows Markdown, into `docs/summary.png`: `make picture`.

Takes what the demo's plan says and photographs it with the Chromium that is installed, with names
in the place of the demo's addresses, whose ports change each time. The picture fades where the page goes on.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from sync import cli

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1000, 1120
NAMES = {"source": "https://heimdall.staging.example", "target": "https://heimdall.example"}
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


def named(report: Path) -> str:
    """Return the summary in a folder of reports, with names in the place of the two addresses."""
    summary = (report / "summary.md").read_text(encoding="utf-8")
    plan = json.loads((report / "plan.json").read_text(encoding="utf-8"))
    for side, name in NAMES.items():
        summary = summary.replace(plan[side]["url"], name)
    return summary


def main() -> int:
    """Run the demo and photograph the summary of its plan."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("Chromium is needed: on Debian and Ubuntu, apt install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        code = cli.main(["demo", "--output-dir", folder])
        if code:
            return code
        html = Path(folder, "summary.html")
        html.write_text(page(named(Path(folder, "2-plan"))), encoding="utf-8")
        size = f"--window-size={WIDTH},{HEIGHT}"
        places = (f"--screenshot={HERE / 'summary.png'}", f"--user-data-dir={folder}/browser", html.as_uri())
        headless = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        subprocess.run([chromium, *headless, size, *places], check=True, capture_output=True)  # noqa: S603 - ours
    return 0


if __name__ == "__main__":
    sys.exit(main())
