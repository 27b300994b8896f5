"""The database backend of the house.

Settings name where the embedded server listens without starting it, so importing them costs nothing. The first
connection starts it, and so does the first one after it was killed: a running site heals by itself.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError
from psycopg import OperationalError as DriverError

from guanxi.ops import embedded

_PASSING = re.compile(
    r"server closed|starting up|shutting down|recovery mode|refused|No such file|reset by peer", re.IGNORECASE
)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        home = self.settings_dict.get("EMBEDDED_HOME")
        if not home:
            return super().get_new_connection(conn_params)
        server = embedded.Server(Path(home))
        server.hold()
        for patience in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 0.0):
            try:
                return super().get_new_connection(conn_params)
            except (OperationalError, DriverError) as error:
                if not server.is_ready():
                    server.start()
                elif not patience or not _PASSING.search(str(error)):
                    raise
                else:  # it is dying or coming up this very moment
                    time.sleep(patience)
        raise AssertionError("the last attempt returns or raises")
