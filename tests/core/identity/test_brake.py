"""The brake stops guessing and cannot be pulled for others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from guanxi.core.identity import brake
from guanxi.core.identity.models import SignInBrake


def tries(account: str, address: str, n: int, *, device: str = "") -> int:
    """How many of `n` wrong tries were let through to the password."""
    return sum(brake.Attempt(account, address, device=device).enter().allowed for _try in range(n))


@pytest.fixture
def clock(monkeypatch):
    now = [timezone.now()]
    monkeypatch.setattr("guanxi.core.identity.brake.timezone.now", lambda: now[0])

    def forward(**by):
        now[0] += timedelta(**by)

    return forward


@pytest.mark.django_db
class TestGuessing:
    def test_a_thousand_tries_at_once_are_five(self, clock):
        assert tries("lily", "203.0.113.9", 1000) == 5

    def test_waiting_doubles_up_to_an_hour(self, clock):
        assert tries("lily", "203.0.113.9", 6) == 5
        waits = []
        for _round in range(9):
            row = SignInBrake.objects.get(key=brake.Attempt("lily", "203.0.113.9").pair)
            waits.append(int((row.until - row.at).total_seconds()))
            clock(seconds=waits[-1])
            assert tries("lily", "203.0.113.9", 2) == 1
        assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]

    def test_a_day_of_guessing_from_one_block_is_few_guesses(self, clock):
        through = 0
        for minute in range(24 * 60):
            through += tries("lily", f"203.0.113.{minute % 250}", 2)
            clock(minutes=1)
        assert through <= 35

    def test_many_accounts_from_one_address_are_slowed(self, clock):
        through = sum(tries(f"person{n}", "203.0.113.9", 1) for n in range(500))
        assert through == brake.RULES["network"].free

    def test_a_day_without_failure_forgets(self, clock):
        tries("lily", "203.0.113.9", 50)
        clock(hours=25)
        assert tries("lily", "203.0.113.9", 50) == 5
        clock(hours=25)
        assert brake.forget_old() == 2
        assert SignInBrake.objects.count() == 0

    def test_writing_the_account_differently_is_no_way_round(self):
        tries("lily", "203.0.113.9", 10)
        assert tries(" LILY", "203.0.113.9", 1) == 0
        assert tries("ｌｉｌｙ", "203.0.113.9", 1) == 0


@pytest.mark.django_db
class TestStrangers:
    def test_a_thousand_failures_from_elsewhere_do_not_stop_the_owner(self):
        for n in range(100):
            tries("lily", f"198.51.{n}.7", 10)
        assert tries("lily", "203.0.113.9", 1) == 1

    def test_a_thousand_failures_from_the_same_office_do_not_stop_a_known_browser(self):
        tries("lily", "203.0.113.9", 1000)
        assert tries("lily", "203.0.113.9", 1) == 0
        assert tries("lily", "203.0.113.9", 1, device="abc") == 1

    def test_a_stolen_device_cookie_is_worth_ten_guesses(self):
        assert tries("lily", "203.0.113.9", 1000, device="abc") == 10 + 5

    def test_success_gives_the_try_back_but_does_not_wash_the_network_clean(self):
        tries("lily", "203.0.113.9", 5)
        mine = brake.Attempt("mallory", "203.0.113.9")
        assert mine.enter().allowed
        mine.succeeded()
        network = SignInBrake.objects.get(key=mine.network)
        assert network.failures == 5
        assert not SignInBrake.objects.filter(key=mine.pair).exists()


def test_blocks_of_addresses():
    assert brake.network("203.0.113.9") == brake.network("203.0.113.200") != brake.network("203.0.114.9")
    assert brake.network("2001:db8:1:1::5") == brake.network("2001:db8:1:ff::9")
    assert brake.network("::ffff:203.0.113.9") == brake.network("203.0.113.1")
    assert brake.network("") == brake.network("unknown")


@pytest.mark.django_db(transaction=True)
def test_tries_in_parallel_are_counted_each():
    def one(_n: int) -> bool:
        try:
            return brake.Attempt("lily", "203.0.113.9").enter().allowed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 5
