"""Webhooks: signed JSON from any application, mapped to commands by expressions in the channel's settings."""
