"""People and their roles."""

import pytest

from console.people import LOCAL, NotAllowed, Person, Role, require


def test_each_role_may_do_what_those_before_it_may() -> None:
    """A viewer least, an admin most; labels lead back to roles."""
    assert sorted(Role) == [Role.VIEWER, Role.OPERATOR, Role.ADMIN]
    assert [Role.labelled(role.label) for role in Role] == list(Role)
    require(LOCAL, Role.ADMIN, what="reading the audit log")


def test_who_may_not_is_told_what_it_takes() -> None:
    """In one sentence."""
    with pytest.raises(NotAllowed, match="ann is a viewer, and replay takes an operator"):
        require(Person("ann", Role.VIEWER, "account"), Role.OPERATOR, what="replay")
