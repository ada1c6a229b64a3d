"""One module a format; each returns text and prints nothing, but for `terminal` and `files`."""
