"""Values that all rooms share: what an environment holds, what is planned, what became of it.

`snapshot` is an environment, `plan` what makes one equal to another, `outcome` what an apply and its
verification found, `scope` which names a pattern means. Nothing here reads a clock, a file or a socket.

Imports no other room.
"""
