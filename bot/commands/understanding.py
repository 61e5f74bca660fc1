"""Which Rasa a command talks to: the one that answers, or one for its own life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.bootstrap import Product
from bot.conversation.rasa import RasaClient
from bot.errors import ConfigurationError
from bot.rasa_server import RasaServer, new_address
from bot.settings import Settings


@asynccontextmanager
async def rasa_for(product: Product) -> AsyncIterator[RasaClient | None]:
    """The Rasa at ``KIENNGHI_RASA_URL`` if one is set, else one of our own; none when
    ``KIENNGHI_RASA=off``."""
    settings = product.settings
    if settings.rasa == "off":
        yield None
        return
    if settings.rasa_url:
        client = await given_rasa(product, settings.rasa_url)
        if client is not None:
            yield client
            await client.close()
            return
    server = RasaServer(settings, new_address())
    try:
        await server.start()
        client = product.rasa(server.address.url, server.address.secret)
        yield client
        await client.close()
    finally:
        server.stop()


async def given_rasa(product: Product, url: str) -> RasaClient | None:
    """A client for a Rasa that somebody else runs; none when it does not answer."""
    secret = shared_secret(product.settings)
    client = product.rasa(url.rstrip("/"), secret)
    if await client.is_ready():
        return client
    await client.close()
    return None


def shared_secret(settings: Settings) -> str:
    """The secret of a Rasa that runs elsewhere, from ``KIENNGHI_RASA_SECRET_FILE``."""
    path = settings.rasa_secret_file or settings.data_dir / "rasa" / "secret"
    try:
        return path.read_text().strip()
    except OSError:
        raise ConfigurationError(
            "setting_invalid",
            setting="KIENNGHI_RASA_SECRET_FILE",
            problem=f"{path} cannot be read",
        ) from None
