"""Conformance: what an Open Media endpoint really answers where the vendor's reference is silent."""
