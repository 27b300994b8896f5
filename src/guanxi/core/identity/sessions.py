"""Server-side sessions in the database that know whose they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone

from guanxi.core.identity.models import Session, User

ADDRESS, AGENT, STARTED = "guanxi_address", "guanxi_agent", "guanxi_started"


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        """As Django's own, without the ORM: this runs at every request."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_data FROM core_session WHERE session_key = %s AND expire_date > %s",
                [self.session_key, timezone.now()],
            )
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return dict(self.decode(row[0]))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        data.setdefault(STARTED, timezone.now().isoformat())
        row = super().create_model_instance(data)
        assert isinstance(row, Session)
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id is not None else None
        row.started_at = datetime.fromisoformat(data[STARTED])
        row.address = str(data.get(ADDRESS, ""))[:45]
        row.agent = str(data.get(AGENT, ""))[:300]
        return row


def end_sessions(user: User, *, keep: str | None = None) -> int:
    """Sign `user` out everywhere, but for the session `keep`; returns how many sessions ended."""
    sessions = Session.objects.filter(user=user)
    if keep:
        sessions = sessions.exclude(session_key=keep)
    return sessions.delete()[0]
