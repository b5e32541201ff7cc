"""Hands are lent for calls, in the order in which lanes came, and counted from the claim on."""

import asyncio

from worker.drain.hands import Hand, Hands


def test_a_lane_needs_its_hand_from_its_claim_until_it_has_its_answer() -> None:
    """A hand is not free while a lane waits to take it, and is free again while the lane is written down."""

    async def scene() -> None:
        hands = Hands(2, freed=lambda: None)
        hand = Hand(hands)
        assert hands.free == 1
        async with hand as waited:
            assert not waited
            assert hands.free == 1
        assert hands.free == 2

    asyncio.run(scene())


def test_a_lane_that_goes_on_needs_a_hand_again() -> None:
    """Its next command counts like another lane's."""

    async def scene() -> None:
        hands = Hands(1, freed=lambda: None)
        hand = Hand(hands)
        for _ in range(2):
            async with hand:
                assert hands.free == 0
            assert hands.free == 1
        assert hands.freed == 2

    asyncio.run(scene())


def test_who_waits_is_told_so_and_served_in_turn() -> None:
    """With one hand for three lanes, two of them wait, and each gets it after the one before it."""

    async def scene() -> None:
        hands, turns = Hands(1, freed=lambda: None), []

        async def call(name: int, hand: Hand) -> None:
            async with hand as waited:
                turns.append((name, waited))
                await asyncio.sleep(0)

        await asyncio.gather(*(call(name, Hand(hands)) for name in range(3)))
        assert turns == [(0, False), (1, True), (2, True)]
        assert hands.free == 1

    asyncio.run(scene())


def test_a_lane_that_never_calls_drops_its_need_once() -> None:
    """However often it is dropped, one hand comes free, and whoever wants to know is told once."""
    told: list[str] = []
    hands = Hands(1, freed=lambda: told.append("free"))
    hand = Hand(hands)
    assert hands.free == 0
    hand.drop()
    hand.drop()
    assert hands.free == 1
    assert told == ["free"]
