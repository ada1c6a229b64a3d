"""Snapshots on the disk: written so that a person can review and edit them, read so that mistakes are named.

A snapshot is one canonical JSON file, as reports and backups are, or TOML in a file or a folder. All `.toml`
files of a folder and its subfolders together are one snapshot, and each may hold entities of any kind. An
export writes

    actions.toml        every action
    mappings.toml       every mapping
    roles/NAME.toml     one role, an action a line
    groups/NAME.toml    one group, a role a line

Why TOML: Python reads it without a dependency, it has comments, a pattern stands in it without doubled
backslashes, and no text is taken for another type (`no`, `on`, `1e3`). Why a file for each role and group: a
diff shows three lines around a change, and the name of the file says who gains the action.

Order. A snapshot names its overlapping mappings in one list, which nobody can review: where a line stands in
it says little. Here each mapping names those that it `wins_over`, where both match a path. `precedence` makes
one out of the other, and back: the same winners give the same text, and the same list.

`entries` are the models of the text and its schema, `toml` writes text, `lines` finds places in it, `reading`
makes a snapshot of it, `folder` puts an export on the disk.

Imports `model` and `overlaps` only.
"""
