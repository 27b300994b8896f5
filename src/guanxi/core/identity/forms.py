"""allauth's forms for the second step, under our brake instead of its own."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm

from guanxi.core.access.actor import ANONYMOUS
from guanxi.core.identity import audit, brake
from guanxi.core.identity.adapter import AccountAdapter, code_attempt


class _Braked:
    user: Any

    def clean_code(self) -> str:
        name = code_attempt(self.user)
        verdict = brake.count(name)
        if not verdict.allowed:
            raise AccountAdapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except Exception:
            detail = {"step": "code"}
            audit.record(ANONYMOUS, "sign-in-failed", entity="core.user", record=self.user.pk, detail=detail)
            if verdict.tripped:
                audit.record(ANONYMOUS, "locked-out", entity="core.user", record=self.user.pk, detail=detail)
            raise
        brake.clear(name)
        return code


class CodeForm(_Braked, AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(_Braked, ReauthenticateForm):  # type: ignore[misc]
    pass
