"""A Heimdall admin API to run on loopback: the demo's environments and the tests' server.

It behaves as the real server was seen to behave, quirks included. `process` starts and stops it, `tokens`
makes what it takes as credentials; neither needs the extra `sandbox`, which the server itself does.

Imports `model` only; only the demo imports it.
"""
