"""What every lab shares: flags, the run and its folder, weights, progress, pictures."""
