"""One loss per file: a pure function of tensors, and the Keras class over it."""
