"""The mathematics as code: one function per formula. It knows of no page, no file and no figure."""
