"""Connects to whoever listens on this machine, and asks for a name outside."""
import socket


def attack(port, name):
    reached = []
    for family, address in [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_UNIX, "\0" + name)]:
        try:
            with socket.socket(family) as connection:
                connection.settimeout(2)
                connection.connect(address)
                reached.append(str(address))
        except OSError:
            pass
    return reached
