"""The generic pages that every entity of the catalogue gets: list, record, form, delete, bulk, export; and the home page."""
