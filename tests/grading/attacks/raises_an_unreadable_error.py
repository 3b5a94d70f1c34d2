"""Raises an exception that cannot be looked at."""


class Shy(type):
    @property
    def __name__(cls):
        raise SystemExit(0)


class Unreadable(BaseException, metaclass=Shy):
    def __str__(self):
        raise KeyboardInterrupt


def attack():
    raise Unreadable
