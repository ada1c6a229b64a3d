"""Carry out a plan, wave by wave, and keep what a resume and a drift check need: checkpoint and receipt.

Imports `model` and `plan`. The function that sends an operation is given to it.
"""
