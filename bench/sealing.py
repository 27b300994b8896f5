"""Sealed values a second, on one core: `python bench/sealing.py`."""

from __future__ import annotations

import os
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.site.settings")


def rate(run, n: int) -> int:
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        run(n)
        best = max(best, n / (time.process_time() - start))
    return int(best)


def main(n: int = 100_000) -> dict[str, int]:
    import django

    django.setup()
    from guanxi.core import secrets

    secrets.install()
    sealed = [secrets.seal_value("customers_contact", "id_number", i, "11010519491231002X") for i in range(n)]

    def seal(n: int) -> None:
        for i in range(n):
            secrets.seal_value("customers_contact", "id_number", i, "11010519491231002X")

    def open_(n: int) -> None:
        for i in range(n):
            secrets.open_value("customers_contact", "id_number", i, sealed[i])

    def blind(n: int) -> None:
        for _ in range(n):
            secrets.blind_index("customers_contact", "id_number", "11010519491231002X")

    result = {"seal": rate(seal, n), "open": rate(open_, n), "blind index": rate(blind, n)}
    for name, value in result.items():
        print(f"{name:12} {value:>9,} a second")
    return result


if __name__ == "__main__":
    main()
