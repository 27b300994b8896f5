"""Signing in, my settings, people, departments, roles, currencies, organisation."""
