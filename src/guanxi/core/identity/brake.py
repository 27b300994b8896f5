"""A brake on guessing passwords that strangers cannot pull for others.

Failures are counted where the guessing comes from, never for an account alone:

- *pair*: this account, tried from this block of addresses. A few free tries, then each failure doubles the wait.
- *network*: everything tried from this block of addresses. Many free tries (an office shares one address), short waits.
- *device*: this account, tried from a browser that signed in to it before (it holds a signed cookie). Such a browser
  skips the other two, so whatever strangers do, from wherever, the owner of an account signs in from where they work.
- *code*: the second step. Whoever gets here knows the password, and six digits are few: counted for the whole account,
  except from a known device.

A try is counted before the password is looked at, in a transaction with the row locked, so that a thousand tries at
once are a thousand tries; the right password gives the try back. Accounts are named by a keyed hash of what was typed:
unknown accounts brake exactly as known ones, and nothing typed by mistake (a password in the wrong box) is stored.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from guanxi.core.identity.models import SignInBrake, clean_login

FORGET = timedelta(hours=24)


@dataclass(frozen=True)
class Rule:
    """`free` failures without a wait; then `first`, doubling up to `most`."""

    free: int
    first: timedelta
    most: timedelta

    def wait(self, failures: int) -> timedelta:
        """How long the next try has to wait after this many failures."""
        if failures < self.free:
            return timedelta(0)
        return min(self.first * (1 << min(failures - self.free, 20)), self.most)


RULES = {
    "pair": Rule(5, timedelta(minutes=1), timedelta(hours=1)),
    "network": Rule(60, timedelta(seconds=2), timedelta(minutes=1)),
    "device": Rule(10, timedelta(minutes=1), timedelta(hours=1)),
    "code": Rule(10, timedelta(minutes=1), timedelta(hours=1)),
}


@dataclass(frozen=True)
class Verdict:
    """Whether a try may go on; if not, how long to wait. `tripped`: this try is the one after which waiting begins."""

    allowed: bool
    wait: timedelta = timedelta(0)
    tripped: bool = False


def network(address: str) -> str:
    """The block an address belongs to: /24 for IPv4, /56 for IPv6; what is not an address is its own block."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address or "unknown"
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        ip = mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))


def key(kind: str, *parts: str) -> str:
    """The stored name of one counter."""
    text = "\0".join(clean_login(part).casefold() for part in parts)
    return f"{kind}:{salted_hmac('guanxi.brake', text, algorithm='sha256').hexdigest()[:48]}"


def count(name: str) -> Verdict:
    """Count one try against the counter `name` (made by `key`), unless it has to wait."""
    rule = RULES[name.partition(":")[0]]
    with transaction.atomic():
        now = timezone.now()
        row, _ = SignInBrake.objects.select_for_update().get_or_create(
            key=name, defaults={"failures": 0, "at": now, "until": now}
        )
        if row.until > now:
            return Verdict(False, row.until - now)
        row.failures = 1 if row.at < now - FORGET else row.failures + 1
        wait = rule.wait(row.failures)
        row.at, row.until = now, now + wait
        row.save()
    return Verdict(True, tripped=wait > timedelta(0))


def take_back(name: str) -> None:
    """The try was right: uncount it."""
    with transaction.atomic():
        row = SignInBrake.objects.select_for_update().filter(key=name).first()
        if row is not None and row.failures > 0:
            row.failures -= 1
            row.until = timezone.now()
            row.save()


def clear(*names: str) -> None:
    """Forget these counters (their owner has shown who they are)."""
    SignInBrake.objects.filter(key__in=names).delete()


def forget_old(now: datetime | None = None) -> int:
    """Delete counters that no longer count; returns how many."""
    return SignInBrake.objects.filter(at__lt=(now or timezone.now()) - FORGET).delete()[0]


class Attempt:
    """One try to sign in to `account` (as typed) from `address`, by a browser known for that account or not."""

    def __init__(self, account: str, address: str, *, device: str = "") -> None:
        block = network(address)
        self.pair = key("pair", block, account)
        self.network = key("network", block)
        self.device = key("device", device, account) if device else ""
        self._counted: list[str] = []

    def enter(self) -> Verdict:
        """Count the try; the verdict says whether the password may be looked at."""
        if self.device:
            verdict = count(self.device)
            if verdict.allowed:
                self._counted = [self.device]
                return verdict
            # A known browser that guesses too much is from now on as good as any other.
        first = count(self.pair)
        if not first.allowed:
            return first
        self._counted = [self.pair]
        second = count(self.network)
        if not second.allowed:
            take_back(self.pair)
            return second
        self._counted.append(self.network)
        return Verdict(True, tripped=first.tripped or second.tripped)

    def succeeded(self) -> None:
        """The password was right. The network only loses this try: signing in to one's own must not wash it clean."""
        for name in self._counted:
            if name == self.network:
                take_back(name)
            else:
                clear(name)
