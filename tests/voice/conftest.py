"""The product is built once; every test has a copy of its empty database."""

from tests.web.conftest import built, logs, product

__all__ = ["built", "logs", "product"]
