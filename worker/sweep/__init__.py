"""Sweeps: open interactions that went stale are stopped, and nothing that anybody works on.

`hours` and `policy` decide, `orders` puts the decision into commands, `search` pages through the index of
activity; `run` is one sweep from its turn to its record.
"""
