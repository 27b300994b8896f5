"""The pictures that the journeys took, on one page: `GUANXI_SHOTS=1 make test`, then `python tools/contact_sheet.py`.

Each row is one page of the site as it looks at a desk and on a phone, in Chinese and English, light and dark.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

PICTURES = Path(__file__).resolve().parent.parent / "artefacts" / "journeys"
_NAME = re.compile(r"(?P<story>.+)-(?P<n>\d{2})-(?P<page>.+)-(?P<theme>light|dark)\.png")
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; background: #eef0f3; color: #1b2430 }
section { margin-bottom: 2rem } figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top }
img { max-height: 260px; max-width: 420px; border: 1px solid #c5cbd3; display: block } figcaption { color: #4b5563 }
"""


def sheet(pictures: list[Path]) -> str:
    """HTML of all pictures, those of one page together."""
    rows: dict[str, list[tuple[str, Path]]] = {}
    for picture in sorted(pictures):
        if match := _NAME.fullmatch(picture.name):
            story = match["story"]
            group = f"{match['page']}" if story.startswith("every_page") else f"{story} · {match['n']} {match['page']}"
            rows.setdefault(group, []).append((f"{story.removeprefix('every_page-')} · {match['theme']}", picture))
    parts = [f"<!doctype html><meta charset=utf-8><title>Contact sheet</title><style>{_STYLE}</style>"]
    parts.append(f"<h1>{len(pictures)} pictures, {len(rows)} pages and steps</h1>")
    for group, shown in sorted(rows.items()):
        parts.append(f"<section><h2>{html.escape(group)}</h2>")
        for caption, picture in shown:
            source = html.escape(f"{PICTURES.name}/{picture.name}")
            parts.append(
                f'<figure><a href="{source}"><img loading="lazy" src="{source}" alt=""></a>'
                f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            )
        parts.append("</section>")
    return "\n".join(parts)


def main() -> int:
    pictures = list(PICTURES.glob("*.png"))
    if not pictures:
        print("There are no pictures; run the journeys with GUANXI_SHOTS=1.")
        return 1
    target = PICTURES.parent / "contact-sheet.html"
    target.write_text(sheet(pictures), encoding="utf-8")
    print(
        f"{len(pictures)} pictures: {target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
