"""Telemetry: instruments that listen to what the bridge reports."""
