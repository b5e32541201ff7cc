"""The store: everything the bridge remembers, on Redis (`redis`) or, for tests and trials, in `memory`."""
