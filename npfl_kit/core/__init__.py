"""Pure functions on boxes, anchors and matches: arrays in, arrays out, no Keras."""
