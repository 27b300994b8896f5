"""Figures about everything below: marts, measures, dashboards."""
