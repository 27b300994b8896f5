"""What a site may vary, from `GUANXI_*` environment variables: typed, with a clear error for a wrong value."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from guanxi.ops.errors import Unavailable


def default_home() -> Path:
    """The platform's folder for a person's program data; for root, the system's."""
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        # PostgreSQL runs as its own user then, and /root is closed to it.
        return Path("/var/lib/guanxi")
    return Path(platformdirs.user_data_dir("guanxi", appauthor=False))


class Config(BaseSettings):
    """Every setting with its default; `docs/dev` explains each."""

    model_config = SettingsConfigDict(env_prefix="GUANXI_", extra="ignore")

    home: Path = Field(default_factory=default_home)
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = ""
    allowed_hosts: list[str] = ["localhost", "127.0.0.1", "[::1]"]
    time_zone: str = "Asia/Shanghai"
    max_file_mb: int = Field(default=25, ge=1, le=2000)
    trusted_proxies: int = Field(default=0, ge=0)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "SSO"
    oidc_trust_email: bool = False
    log: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("home", mode="before")
    @classmethod
    def _given(cls, value: Any) -> Any:
        return value or default_home()  # an empty GUANXI_HOME means none, not the folder one happens to stand in

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - links stay as the administrator set them

    @property
    def trusted_origins(self) -> list[str]:
        return [self.base_url] if self.base_url else []

    def single_sign_on(self) -> dict[str, Any]:
        """django-allauth's provider table: one OpenID Connect provider if one is configured, else none."""
        if not self.oidc_issuer:
            return {}
        if not self.oidc_client_id:
            raise ValueError("GUANXI_OIDC_ISSUER is set, so GUANXI_OIDC_CLIENT_ID is needed too.")
        app = {
            "provider_id": "sso",
            "name": self.oidc_name,
            "client_id": self.oidc_client_id,
            "secret": self.oidc_client_secret,
            "settings": {"server_url": self.oidc_issuer},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}

    def secret_key(self) -> str:
        """The key that signs sessions, made once at install and kept with rights 0600."""
        path = self.home / "keys" / "secret_key"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _no_rights(path, error) from error
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            path.parent.mkdir(exist_ok=True, mode=0o700)
            # Written aside and linked into place: of two first starts one wins, and nobody reads half a key.
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as draft:
                draft.write(secrets.token_urlsafe(48) + "\n")
            try:
                os.link(draft.name, path)
            except FileExistsError:
                pass
            finally:
                os.unlink(draft.name)  # noqa: PTH108
        except OSError as error:
            raise _no_rights(path.parent, error) from error
        return path.read_text().strip()

    def database(self) -> dict[str, Any]:
        """Django's settings of the one database. Starts nothing: the backend does, at the first connection."""
        from guanxi.ops import embedded

        settings = parse_database_url(self.database_url or embedded.url(self.home))
        # Threads live long and keep their connection; a dead one is found before a request uses it.
        settings |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
        if not self.database_url:
            settings |= {"ENGINE": "guanxi.ops.postgresql", "EMBEDDED_HOME": str(self.home)}
        return settings


def _no_rights(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"Cannot use {path}: {error.strerror}.",
        "Start guanxi as the user who owns that folder, or choose another with GUANXI_HOME.",
    )


def parse_database_url(url: str) -> dict[str, Any]:
    """Django's database settings from `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    query = dict(p.split("=", 1) for p in parts.query.split("&") if "=" in p)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise Unavailable(
            "GUANXI_DATABASE_URL does not name a PostgreSQL database.",
            "Write it as postgresql://user:password@host:5432/database, with special characters percent-encoded.",
        )
    try:
        port = str(parts.port or query.pop("port", ""))
    except ValueError:
        raise Unavailable("The port in GUANXI_DATABASE_URL is not a number.", "Write it as …@host:5432/database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", parts.hostname or "")),
        "PORT": port,
        "OPTIONS": {"connect_timeout": 10, **{k: unquote(v) for k, v in query.items()}},
    }


@lru_cache
def load() -> Config:
    try:
        return Config()
    except ValidationError as errors:
        lines = [f"GUANXI_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in errors.errors()]
        raise Unavailable("A setting in the environment is wrong.", "\n".join(lines)) from None
