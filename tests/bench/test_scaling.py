"""What a rate of commands needs follows from what one costs."""

from bench.scaling import Costs, Need, table

#: A door of 350 µs, a worker of 700 µs, a Redis of 70 µs.
COSTS = Costs(door_s=350e-6, worker_s=700e-6, redis_s=70e-6, operations=50, network=4000, disk=3000, key=100)


def test_a_few_commands_need_one_of_each() -> None:
    """Ten a second keep nothing busy."""
    need = Need.of(10, COSTS)
    assert (need.doors, need.workers, need.nodes, need.partitions) == (1, 1, 1, 1)
    assert round(need.keys_gb, 2) == 0.60, "10 * 604,800 s * 100 bytes"


def test_many_commands_are_counted_by_what_they_keep_busy() -> None:
    """100,000 a second: 35 busy doors, 70 busy workers and 7 busy Redis nodes, each kept to seven tenths."""
    need = Need.of(100_000, COSTS)
    assert (need.doors, need.workers, need.nodes, need.partitions) == (50, 100, 10, 40)
    assert (need.network_mb_s, need.disk_mb_s) == (400, 300)


def test_workers_are_counted_by_their_hands_where_calls_are_slow() -> None:
    """CPU for one worker, but 5,000 calls under way at once: twenty times 256 hands."""
    cheap = Costs(door_s=0, worker_s=1e-9, redis_s=0, operations=0, network=0, disk=0, key=0)
    assert Need.of(100_000, cheap).workers == 20


def test_the_costs_are_those_of_both_halves() -> None:
    """What the bench measured at the door and in the drain is added up for Redis, and not for the others."""
    figures = {
        "accepting a webhook: CPU of the door": 300.0,
        "delivering a command: CPU of the worker": 500.0,
        "Redis for a remembered key": 120.0,
    }
    for what in ("CPU of Redis", "Redis operations", "to Redis", "from Redis", "to Redis' disk"):
        figures |= {f"accepting a webhook: {what}": 10.0, f"delivering a command: {what}": 30.0}
    costs = Costs.of(figures)
    assert (costs.door_s, costs.worker_s, costs.key) == (300e-6, 500e-6, 120)
    assert (round(costs.redis_s * 1e6), costs.operations, costs.network, costs.disk) == (40, 40, 80, 40)
    assert "| commands a second | 10 | 1,000 | 100,000 |" in table(costs)
