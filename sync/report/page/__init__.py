"""`report.html`: one file that opens by double click and shows who can reach what, before and after.

`rendering` fills `page.html` with the sections that every format shows, `access` makes the data that
`page.js` draws the matrix and the ways from. The page asks nobody for anything and reads without its script.
"""
