"""One Keras layer per file, thin over a pure function of the same name."""
