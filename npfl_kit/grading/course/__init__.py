"""The course as a whole: what is packed, handed in, graded, and who has what."""
