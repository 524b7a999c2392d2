"""DP-SGD: training by clipped, noisy sums over Poisson batches."""
