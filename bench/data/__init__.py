"""How fast data are read, split and guarded, and how much memory that takes, at the size of SocSci210."""
