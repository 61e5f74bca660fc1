"""The only module that reads the environment; every setting is in ``.env.example``."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.clock import Clock, rehearsal_clock, system_clock
from bot.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of one deployment, read from ``KIENNGHI_*`` and ``.env``."""

    model_config = SettingsConfigDict(
        env_prefix="KIENNGHI_", env_file=".env", extra="ignore", frozen=True
    )

    env: Literal["trial", "production"] = "trial"
    locality: str = Field("son-tay-ha", pattern=r"^[a-z0-9-]+$")
    data_dir: Path = ROOT / "var"
    database_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str | None = None

    rasa: Literal["on", "off"] = "on"
    rasa_url: str | None = None
    rasa_secret_file: Path | None = None
    rasa_timeout_seconds: float = Field(3.0, gt=0)

    burst_wait_seconds: float = Field(2.5, ge=0, le=4)
    burst_max_seconds: float = Field(8.0, ge=0, le=8)
    max_upload_megabytes: int = Field(10, ge=1, le=20)
    chat_burst: float = Field(20, ge=1)
    chat_per_second: float = Field(2, gt=0)

    telegram_token: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook_secret: SecretStr | None = None

    zalo_app_id: str | None = None
    zalo_oa_id: str = ""
    zalo_app_secret: SecretStr | None = None
    zalo_oa_secret: SecretStr | None = None
    zalo_polling: bool = False
    zalo_monthly_vnd: int = Field(0, ge=0)
    zalo_form_picture: str = Field("", pattern=r"^(https://\S+\.(png|jpg))?$")
    zalo_api_url: str = "https://openapi.zalo.me"
    zalo_business_url: str = "https://business.openapi.zalo.me"
    zalo_oauth_url: str = "https://oauth.zaloapp.com"
    zalo_media_hosts: str = "https://zdn.vn https://zadn.vn"

    zalo_bot_token: SecretStr | None = None
    zalo_bot_webhook_secret: SecretStr | None = Field(
        None, min_length=8, max_length=256
    )
    zalo_bot_api_url: str = "https://bot-api.zaloplatforms.com"
    zalo_bot_media_hosts: str = "https://zdn.vn https://zadn.vn"

    now: datetime | None = None
    clock: Literal["running", "frozen"] = "running"

    @model_validator(mode="after")
    def _refuse_a_false_clock_in_production(self) -> "Settings":
        if self.env == "production" and (self.now or self.clock == "frozen"):
            raise ValueError("KIENNGHI_NOW and KIENNGHI_CLOCK are for rehearsals only")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy address; SQLite inside ``data_dir`` unless one is set."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'kiennghi.db'}"

    @property
    def profile_path(self) -> Path:
        """The YAML file of the locality."""
        return ROOT / "data" / "localities" / f"{self.locality}.yml"

    def make_clock(self) -> Clock:
        """The system's clock, or the rehearsal clock that ``now`` asks for."""
        if self.now is None and self.clock == "running":
            return system_clock
        start = self.now or system_clock()
        return rehearsal_clock(start, frozen=self.clock == "frozen")


def load_settings() -> Settings:
    """Read the environment; raises ``ConfigurationError('setting_invalid')``."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(
            "setting_invalid",
            setting=f"KIENNGHI_{name}" if name else "KIENNGHI_*",
            problem=first["msg"],
        ) from None
