"""A Heimdall admin API to run on loopback: the demo's environments and the tests' server."""
