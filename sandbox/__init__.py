"""A stand-in for the Genesys Multicloud CX Open Media API: seven endpoints, stateful, with faults on demand.

It is an independent reading of the contract. Nothing here may import `worker`, `connectors` or `bridge`: code
shared between a client and its sandbox would let one misunderstanding pass on both sides.
"""
