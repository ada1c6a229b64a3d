"""All that speaks HTTP: to a Heimdall, and to the OAuth server that issues its tokens.

`reader` reads an environment, `asking` asks who wins a request, `writer` sends one operation, `health`
checks both.

Imports `model` and `overlaps`, never `plan`: what is planned is nothing to it.
"""
