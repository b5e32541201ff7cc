"""The command API: `/v1/services/{service}/interactions…`, for senders that speak to the bridge directly.

`app` puts it together; `guard` holds the order in which a request is looked at; what each answer means stands
in `problems` and in `docs/api.md`.
"""
