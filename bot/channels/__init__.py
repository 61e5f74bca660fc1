"""One module a channel: the provider's payload in, our messages out."""
