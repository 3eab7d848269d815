"""What may be concluded from replicates: means and intervals, pairs by seed, which steps count."""
