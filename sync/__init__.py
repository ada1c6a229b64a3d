"""Make one Heimdall environment exactly equal to another."""

__version__ = "0.1.0"
