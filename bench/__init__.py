"""The bench: what we claim about speed, measured beside a yardstick in the same run, by anybody.

`make bench`, or `python -m bench --help`.
"""
