"""Importing files, as pages."""
