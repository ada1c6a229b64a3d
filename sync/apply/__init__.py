"""Carry out a plan and prove the result."""
