from __future__ import annotations

from django.urls import include, path

from guanxi.web import errors
from tests.web.styleguide import views

urlpatterns = [
    path("", views.guide, name="guide"),
    path("list", views.table, name="list"),
    path("record", views.record, name="record"),
    path("form", views.form, name="form"),
    path("origin", views.origin, name="origin"),
    path("options", views.options, name="options"),
    path("boom", views.boom, name="boom"),
    path("conflict", views.conflict, name="conflict"),
    path("customers", views.allowed, name="allowed"),
    path("of/<room>/<noun>", views.by_url, name="by-url"),
    path("mine", views.mine, name="mine"),
    path("forgotten", views.forgotten, name="forgotten"),
    path("first", views.first, name="first-run"),
    path("error/<int:status>", views.error, name="error"),
    path("", include("guanxi.web.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/3rdparty/", include("allauth.socialaccount.urls")),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
