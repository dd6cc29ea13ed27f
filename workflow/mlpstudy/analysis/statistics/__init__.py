"""The statistics of the study: pure functions on 1-D arrays and counts.

Modules: `intervals` (medians, shares, means and their differences, at a given level), `shifts`
(the test and the interval of a difference between two samples of runs), `shares` (exact tests and
intervals of shares and of their differences), `families` (several tests at once).

Every function takes arrays of shape (replicates,) or counts and ignores NaN. None of them raises
for a small sample: a bound that n runs cannot give is NaN or infinite, and a p is 1.
Two-sample functions describe `second` relative to `first`: a difference is second - first, a
superiority is P(second > first). docs/intervals.md has the simulations behind each choice.
"""
