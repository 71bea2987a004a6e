//! Link layers: one file each, one row in the table.
