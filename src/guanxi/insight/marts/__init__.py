"""Small tables for figures, in a DuckDB file beside the database: brought up to date and swapped by a job, read by pages.

`shape` says which columns, `pull` brings rows from PostgreSQL, `build` makes the file, `update` brings a copy of it up to date, `totals`
are sums of large tables, `store` keeps and swaps the file, `ask` answers questions from it.
"""
