"""The operator: who works at this terminal, as the audit log knows them."""

import getpass

from console.people import Person, Role


def operator() -> Person:
    """Return who types. Whoever can read the settings and reach the store may do everything."""
    try:
        name = getpass.getuser()
    except OSError:  # a container may have a user that no file knows
        name = "unknown"
    return Person(name, Role.ADMIN, "terminal")
