"""The worker: from an accepted command to its effect at the Open Media API.

The vocabulary stands at this level (floor 0: values, ports, no I/O). Adapters are `api`, `store`,
`telemetry`, `doorbell` and `configuration` (floor 1); use cases are `intake`, `drain` and `tick` (floor 2);
`wiring` is the only place where they meet (floor 3); `tasks` and `app` are Celery's shell (floor 4).
"""
