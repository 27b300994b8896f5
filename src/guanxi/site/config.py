"""What a site may vary, from `GUANXI_*` environment variables: typed, with a clear error for a wrong value."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GUANXI_", extra="ignore")

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("guanxi", appauthor=False)))
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    allowed_hosts: list[str] = ["localhost", "127.0.0.1", "[::1]"]
    time_zone: str = "Asia/Shanghai"

    @property
    def trusted_origins(self) -> list[str]:
        return [self.base_url] if self.base_url else []

    def secret_key(self) -> str:
        """The key that signs sessions, made once at install and kept with rights 0600."""
        path = self.home / "keys" / "secret_key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().strip()

    def database(self) -> dict[str, Any]:
        from guanxi.ops import embedded

        url = self.database_url or embedded.ensure(self.home)
        return parse_database_url(url)


def parse_database_url(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = dict(p.split("=", 1) for p in parts.query.split("&") if "=" in p)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", parts.hostname or "")),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": {**{k: unquote(v) for k, v in query.items()}},
    }


@lru_cache
def load() -> Config:
    return Config()
