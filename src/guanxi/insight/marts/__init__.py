"""Small tables for figures, in a DuckDB file beside the database: pulled, rebuilt and swapped by a job, read by pages.

`shape` says which columns, `pull` brings what changed from PostgreSQL into Parquet, `build` makes the file, `store` keeps and swaps it,
`ask` answers questions from it.
"""
