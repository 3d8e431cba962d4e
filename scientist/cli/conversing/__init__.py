"""A conversation on a screen: how turns are read, followed and shown; `ask` and `chat` use it."""
