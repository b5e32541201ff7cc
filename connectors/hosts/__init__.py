"""Hosts: the protocols deliveries come in by. A host reads, asks reception, and answers in its words."""
