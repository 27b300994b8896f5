"""Tables from files of strangers: CSV, XLSX, XLS, ODS, with everything found out and everything bounded.

``open_table(path)`` gives a :class:`Table` with its format, encoding, separator and header; ``table.rows()`` streams the
rows with the row numbers the user sees in a spreadsheet. A file that cannot be read raises :class:`TableError` before any row.
"""

from guanxi.kit.streams.errors import Limits, TableError
from guanxi.kit.streams.table import Cell, Row, Table, open_table

__all__ = ["Cell", "Limits", "Row", "Table", "TableError", "open_table"]
