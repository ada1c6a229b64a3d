"""What differs and in which order to change it: pure, no I/O, no clock."""
