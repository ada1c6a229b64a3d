"""All that speaks HTTP to a Heimdall."""
