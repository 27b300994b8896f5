"""Addresses of signing in, my settings and the settings of the house."""

from __future__ import annotations

from django.urls import URLPattern, path

from guanxi.web import brand, health
from guanxi.web.screens.core import (
    branding,
    departments,
    jobs,
    me,
    organisation,
    overview,
    people,
    people_bulk,
    roles,
    sign_in,
    view_as,
)

urlpatterns: list[URLPattern] = [
    *sign_in.urlpatterns,
    path("me", me.me, name="me"),
    path("me/security", me.me, name="mfa_index"),
    path("me/passkeys", me.me, name="mfa_list_webauthn"),
    path("me/password", me.password, name="me-password"),
    path("me/sign-out-elsewhere", me.sign_out_elsewhere, name="me-sign-out-elsewhere"),
    path("settings/", overview.overview, name="settings"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:pk>", jobs.job, name="job"),
    path("jobs/<int:pk>/act", jobs.act, name="job-act"),
    path("settings/people", people.people, name="settings-people"),
    path("settings/people/new", people.person_new, name="settings-person-new"),
    path("settings/people/bulk", people_bulk.bulk, name="settings-people-bulk"),
    path("settings/people/<int:pk>", people.person, name="settings-person"),
    path("settings/people/<int:pk>/hand-over", people.hand_over, name="settings-person-hand-over"),
    path("settings/people/<int:pk>/password", people.person_password, name="settings-person-password"),
    path("settings/people/<int:pk>/state", people.person_state, name="settings-person-state"),
    path("settings/people/<int:pk>/second-step", people.person_second_step, name="settings-person-second-step"),
    path("settings/departments", departments.departments, name="settings-departments"),
    path("settings/departments/new", departments.department_new, name="settings-department-new"),
    path("settings/departments/move", departments.department_move, name="settings-department-move"),
    path("settings/departments/<int:pk>", departments.department, name="settings-department"),
    path("settings/departments/<int:pk>/merge", departments.department_merge, name="settings-department-merge"),
    path("settings/roles", roles.roles, name="settings-roles"),
    path("settings/roles/<slug:key>", roles.role, name="settings-role"),
    path("settings/roles/<slug:key>/edit", roles.role_edit, name="settings-role-edit"),
    path("settings/currencies", organisation.currencies, name="settings-currencies"),
    path("settings/currencies/missing", organisation.rates_missing, name="settings-rates-missing"),
    path("settings/currencies/paste", organisation.rates_paste, name="settings-rates-paste"),
    path("settings/currencies/reporting", organisation.reporting, name="settings-reporting-currency"),
    path("settings/currencies/rates/<int:pk>/delete", organisation.rate_delete, name="settings-rate-delete"),
    path("settings/look", branding.branding, name="settings-branding"),
    path("settings/view-as", view_as.start, name="view-as"),
    path("view-as/end", view_as.end, name="view-as-end"),
    path("health", health.health, name="health"),
    path("health/live", health.health, name="health-live"),
    path("health/ready", health.health, name="health-ready"),
    path("brand.css", brand.css, name="brand-css"),
    path("brand/logo", brand.logo, name="brand-logo"),
    path("settings/organisation", organisation.organisation, name="settings-organisation"),
]
