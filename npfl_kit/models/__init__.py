"""Parts of detectors that several labs share: features in, features or answers out."""
