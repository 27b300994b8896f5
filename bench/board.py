"""The board at size: its page, further cards of a column, the heads, and a card dropped."""

from __future__ import annotations

from typing import Any


def measure(bench: Any) -> None:
    """`bench`: the house with its customers. Two boards: of all of them, and of a part small enough to add up with the page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    base = "/customers/account/board"
    client, get = bench.client, bench.client.get
    ids = list(
        bench.accounts.model.all_rows.filter(deleted_in__isnull=True).order_by("-pk").values_list("pk", flat=True)[:400]
    )
    for by in ("status", "source"):
        page = get(f"{base}?by={by}").content
        what = f"board by {by}, {page.count(b'data-column=')} × ≤ 20, {page.count(b'data-card=')} cards"
        bench.requests_of(what, lambda i, by=by: get(f"{base}?by={by}"))
    bench.requests_of("board, figures of all columns", lambda i: get(f"{base}/figures?by=status"))
    bench.requests_of("board, the same added up exactly", lambda i: get(f"{base}/figures?by=status&exact=1"))
    bench.requests_of("board, 40 more cards", lambda i: get(f"{base}/cards?by=status&col=active"))
    codes = ("lead", "active", "dormant", "lost")

    def drop(i: int) -> Any:
        id_ = ids[i % len(ids)]
        version = bench.accounts.model.all_rows.values_list("version", flat=True).get(pk=id_)
        return client.post(f"{base}/move?by=status", {"_id": id_, "_version": version, "_to": codes[i % 4]})

    bench.requests_of("board, a card dropped", drop)
    with CaptureQueriesContext(connection) as captured:
        get(f"{base}?by=status")
    print(f"  {'queries of a board by status':<38}{len(captured):>10}", flush=True)
