"""Which mapping wins a request.

Terms. A *mapping* is a method, a pattern of paths and the action that it asks for. Patterns *overlap* where
some path matches both; the mapping whose action the server asks for is the *winner*. A mapping that wins
nowhere is *shadowed*. To *reorder* a mapping is to write it as it is, which lets it win against those that
it overlaps.

Premise. For each method the server keeps a list of patterns, the one written last in front. The first that
matches wins (the first layer). Only where none does, the database is asked: patterns are read in another
dialect there, and of the rows that match, the first wins (the fallback).

    GET /users/([^/]+)$  → users:read      written first
    GET /users/me$       → users:self      written last

Both match `/users/me`, so `users:self` is what it takes to call it; written the other way round,
`users:read` is, and `/users/me$` is shadowed. The same two mappings in another order are another
configuration.

What is found. Every set of mappings that some path selects, each with such a path: `search` walks over all
paths at once, segment by segment (`paths`), and compares what a segment may be as automata (`language`).
Nothing is sampled. Crossing patterns (`/a/([^/]+)$` and `/([^/]+)/b$`) are found like nested ones.

What is not, and why. `syntax` refuses what describes more than a set of texts: look-around, back
references, flags, word boundaries. `paths` refuses a repetition that spans several slashes, and more than
512 alternatives with slashes; `search` gives up beyond 200,000 sets. Such mappings are `not_compared`, by
name and with the reason, and nothing is called identical without saying so. Left aside are paths with line
breaks, and paths that spell out an expression (`/me$` with a dollar in it).

What is done with them. `winners` says who wins each overlap in an order of writing. `reordering` finds the
fewest writes that make two sides agree, `questions` what to ask a server because its lists don't say: both
have a loop, and say why it ends. `questions` also proves which answers follow from others, and says what
can't be spared; `tests/judge/test_few_questions.py` holds that the plan is the same. What may happen to a
request between two writes is the guarantee's matter: see `sync/plan/guarantee.py`.

`lint` names patterns that match too much, and `answers` holds what a server answered against what its lists
show.

Imports `model` only.
"""
