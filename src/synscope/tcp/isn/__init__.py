"""Initial sequence numbers: how they are generated, and how a generator is told by its numbers.

`generators` has the models, `samples` what was seen of a peer, `classify` says which model fits it.
"""
