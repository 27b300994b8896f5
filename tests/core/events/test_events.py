"""The outbox: told after the commit, at least once, in order per record, never silently lost."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from guanxi.core import events
from guanxi.core.access import current
from guanxi.core.events import outbox as machinery
from guanxi.core.models import Department, Event


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    monkeypatch.setattr(machinery, "HANDLERS", {})


def due():
    Event.objects.filter(delivered_at=None).update(next_at=timezone.now())


def test_what_was_rolled_back_is_not_told(db):
    told = []
    events.on("test.happened")(lambda e: told.append(e.payload))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        events.emit("test.happened", {"n": 1})
        raise ZeroDivisionError
    events.emit("test.happened", {"n": 2}, change_set=7)
    events.dispatch()
    assert told == [{"n": 2}]
    assert Event.objects.get().delivered_at
    assert events.dispatch() == 0


def test_handlers_act_as_the_system(db):
    who = []
    events.on("test.happened")(lambda e: who.append(current().kind))
    events.emit("test.happened", {})
    events.dispatch()
    assert who == ["system"]


def test_only_the_failed_handler_is_told_again(db):
    told, fail = [], [True]

    @events.on("test.happened")
    def good(e):
        told.append("good")

    @events.on("test.happened")
    def bad(e):
        if fail[0]:
            raise ValueError("not today")
        told.append("bad")

    events.emit("test.happened", {})
    events.dispatch()
    event = Event.objects.get()
    assert event.delivered_at is None and event.attempts == 1
    assert "bad: ValueError: not today" in event.error
    assert event.next_at > timezone.now()
    assert events.dispatch() == 0
    fail[0] = False
    due()
    events.dispatch()
    assert told == ["good", "bad"]
    assert Event.objects.get().delivered_at


def test_what_a_failed_handler_wrote_is_rolled_back(db):
    @events.on("test.happened")
    def half(e):
        Department.objects.create(name="half")
        raise ValueError

    events.emit("test.happened", {})
    events.dispatch()
    assert not Department.objects.filter(name="half").exists()


def test_later_events_of_a_record_wait_for_the_failed_one(db):
    told, fail = [], [True]

    @events.on("test.happened")
    def handler(e):
        if e.payload["record"] == 1 and fail[0]:
            raise ValueError
        told.append((e.payload["record"], e.payload["n"]))

    for n in range(3):
        for record in (1, 2):
            events.emit("test.happened", {"entity": "x", "record": record, "n": n})
    events.dispatch(batch=2)
    assert told == [(2, 0), (2, 1), (2, 2)]
    fail[0] = False
    due()
    events.dispatch(batch=2)
    assert told[3:] == [(1, 0), (1, 1), (1, 2)]


def test_hopeless_event_is_parked_with_its_error_and_the_others_go_on(db):
    told, fail = [], [True]

    @events.on("test.happened")
    def handler(e):
        if e.payload["n"] == 0 and fail[0]:
            raise ValueError("never")
        told.append(e.payload["n"])

    for n in range(2):
        events.emit("test.happened", {"entity": "x", "record": 1, "n": n})
    for _ in range(machinery.MOST):
        due()
        events.dispatch()
    parked = Event.objects.get(parked=True)
    assert "never" in parked.error and parked.attempts == machinery.MOST
    assert told == [1]
    fail[0] = False
    events.unpark(parked)
    events.dispatch()
    assert told == [1, 0]


def test_events_nobody_hears_are_done_at_once(db):
    for n in range(450):
        events.emit("test.unheard", {"n": n})
    assert events.dispatch(batch=200) == 450
    assert not Event.objects.filter(delivered_at=None).exists()


def test_two_dispatchers_never_tell_at_the_same_time(transactional_db):
    told = []
    events.on("test.happened")(lambda e: told.append(e.id))
    made = [events.emit("test.happened", {"entity": "x", "record": 1}).pk for _ in range(60)]

    def deliver():
        try:
            for _ in range(20):
                events.dispatch(batch=5)
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.dispatch()
    assert told == made
