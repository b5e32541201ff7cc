"""Hooks: events to the addresses of subscriptions, by Standard Webhooks.

The specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""
