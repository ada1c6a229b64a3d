"""What makes the target equal to the source, in which order, and whether that is safe.

`diff` compares, `order` sorts into waves, `guarantee` holds each operation against the strategy, `drafting`
leaves out what can't be done, `planner` puts the plan together, `guardrails` can refuse it.

Imports `model` and `overlaps`. Pure: no HTTP, no file, no clock.
"""
