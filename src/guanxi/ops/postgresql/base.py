"""The database backend of the house.

Settings name where the embedded server listens without starting it, so importing them costs nothing. The first
connection starts it, and so does the first one after it was killed: a running site heals by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError
from psycopg import OperationalError as DriverError

from guanxi.ops import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        home = self.settings_dict.get("EMBEDDED_HOME")
        if not home:
            return super().get_new_connection(conn_params)
        server = embedded.Server(Path(home))
        server.hold()
        try:
            return super().get_new_connection(conn_params)
        except (OperationalError, DriverError):
            if server.is_ready():  # it runs; the refusal has another reason
                raise
            server.start()
            return super().get_new_connection(conn_params)
