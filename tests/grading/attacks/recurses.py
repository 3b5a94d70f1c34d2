"""Calls itself until Python has had enough."""


def attack():
    return attack()
