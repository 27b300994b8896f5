"""The first minutes of a house: an administrator, a second step, a passkey."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache

from tests.journeys.conftest import PASSWORD


def code_for(secret: str) -> str:
    """What the app on the phone shows now. A code counts once, so what was used before is forgotten for the test."""
    cache.clear()
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def confirm(me: Any) -> None:
    """What changes the way of signing in asks for the password once more."""
    if me.page.locator("input[name=password]").count():
        me.look("again")
        me.page.fill("[name=password]", PASSWORD)
        with me.leaving():
            me.page.press("[name=password]", "Enter")


def test_first_run_and_second_step(visitor: Any, settings: Any) -> None:
    settings.MFA_TOTP_TOLERANCE = 20  # half minutes: the machine may be slower than a person with a phone
    me = visitor()
    page = me.go("/")
    assert page.url.endswith("/first-run")
    me.look("first-run")
    page.fill("[name=organisation]", "海天贸易有限公司")
    page.fill("[name=name]", "王管理")
    page.fill("[name=username]", "wang")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", "something else")
    with me.leaving():
        page.press("[name=again]", "Enter")
    assert page.locator(".gx-problem").count() == 1
    me.look("first-run-wrong")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    with me.leaving():
        page.press("[name=again]", "Enter")
    assert page.locator("h1").inner_text().endswith("王管理")
    me.look("home-empty")
    assert page.goto(me.address + "/first-run").status == 404
    me.look("404", refused=404)

    me.go("/me")
    me.look("me")
    with me.leaving():
        page.click('a[href="/me/app"]')
    confirm(me)
    me.look("app")
    secret = page.locator("code").inner_text().strip()
    page.fill("[name=code]", "000000")
    with me.leaving():
        page.press("[name=code]", "Enter")
    me.look("app-wrong")
    page.fill("[name=code]", code_for(secret))
    with me.leaving():
        page.press("[name=code]", "Enter")
    me.look("codes")
    recovery = page.locator(".gx-codes li").first.inner_text().strip()

    page.click('[popovertarget="gx-me"]')
    with me.leaving():
        page.click("#gx-me button[type=submit]")
    assert page.url.endswith("/sign-in")
    me.look("sign-in")
    page.fill("[name=login]", "wang")
    page.fill("[name=password]", "not this one")
    with me.leaving():
        page.press("[name=password]", "Enter")
    me.look("sign-in-wrong")
    page.fill("[name=login]", "wang")
    page.fill("[name=password]", PASSWORD)
    with me.leaving():
        page.press("[name=password]", "Enter")
    me.look("second-step")
    page.fill("[name=code]", code_for(secret))
    with me.leaving():
        page.press("[name=code]", "Enter")
    assert page.locator("h1").inner_text().endswith("王管理")

    # The phone is lost: a recovery code lets in, once.
    other = visitor()
    page = other.go("/sign-in")
    page.fill("[name=login]", "wang")
    page.fill("[name=password]", PASSWORD)
    with other.leaving():
        page.press("[name=password]", "Enter")
    page.fill("[name=code]", recovery)
    with other.leaving():
        page.press("[name=code]", "Enter")
    assert page.locator("h1").inner_text().endswith("王管理")
    other.calm()


def test_passkey(visitor: Any, person: Any) -> None:
    person("li", "sales", name="李敏")
    me = visitor()
    page = me.go("/sign-in")
    device = me.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.fill("[name=login]", "li")
    page.fill("[name=password]", PASSWORD)
    with me.leaving():
        page.press("[name=password]", "Enter")

    me.go("/me/passkeys/add")
    confirm(me)
    me.look("add")
    page.fill("[name=name]", "我的电脑")
    if page.locator("[name=passwordless]").count():
        page.check("[name=passwordless]")
    with me.leaving():
        page.click("[data-passkey]")
    me.go("/me")
    assert page.get_by_text("我的电脑").count() == 1
    page.click('[popovertarget="gx-me"]')
    with me.leaving():
        page.click("#gx-me button[type=submit]")
    with me.leaving():
        page.click("[data-passkey]")
    assert page.locator("h1").inner_text().endswith("李敏")
    me.calm()
