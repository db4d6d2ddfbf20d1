"""Reading: files and data frames in any usual format, with every id and time checked."""
