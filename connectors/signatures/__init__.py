"""Signatures: proofs that a delivery's exact bytes are genuine. One scheme for each way senders sign."""
