"""The walks over sparse answers, compiled with numba; imported by `irt.estep` when numba is there.

Each does the same additions in the same order as its numpy twin, so that both give the same bits.
"""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np

COEFFICIENTS: Final = tuple(1.0 / math.factorial(k) for k in range(8, -1, -1))
LOWEST_EXPONENT: Final = -32.0
ROUNDER: Final = 64.0
NEGLIGIBLE: Final = 1e-9  # posterior probability of a point


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_rows(indptr, codes, table, out):  # type: ignore[no-untyped-def] # numba infers them
    """Sum of the table's rows over the answers of each person: `out[p] = table[codes of p].sum(axis=0)`."""
    n_points = table.shape[1]
    for person in range(len(indptr) - 1):
        start, stop = indptr[person], indptr[person + 1]
        for q in range(n_points):
            out[person, q] = 0.0
        at = start
        while at + 4 <= stop:  # four rows at a time stay in registers
            one, two, three, four = codes[at], codes[at + 1], codes[at + 2], codes[at + 3]
            for q in range(n_points):
                total = out[person, q] + table[one, q]
                total += table[two, q]
                total += table[three, q]
                out[person, q] = total + table[four, q]
            at += 4
        while at < stop:
            one = codes[at]
            for q in range(n_points):
                out[person, q] += table[one, q]
            at += 1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def densities(values, top, total):  # type: ignore[no-untyped-def]
    """Turn rows of log-densities into densities of largest value 1, as `irt.estep.densities` does."""
    n_points = values.shape[1]
    for person in range(len(values)):
        row = values[person]
        largest = row[0]
        for q in range(1, n_points):
            largest = max(largest, row[q])
        for q in range(n_points):
            r = max(row[q] - largest, LOWEST_EXPONENT) * (1.0 / 64.0)
            e = COEFFICIENTS[0]
            e = e * r + COEFFICIENTS[1]
            e = e * r + COEFFICIENTS[2]
            e = e * r + COEFFICIENTS[3]
            e = e * r + COEFFICIENTS[4]
            e = e * r + COEFFICIENTS[5]
            e = e * r + COEFFICIENTS[6]
            e = e * r + COEFFICIENTS[7]
            e = e * r + COEFFICIENTS[8]
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e
            row[q] = (e + ROUNDER) - ROUNDER
        mass = 0.0
        for q in range(n_points):
            mass += row[q]
        top[person] = largest
        total[person] = mass


@numba.njit(cache=True, nogil=True, error_model="numpy")
def scatter_rows(indptr, codes, rows, out):  # type: ignore[no-untyped-def]
    """Add the row of each person to the rows of `out` of that person's answers, where it is not 0."""
    n_points = rows.shape[1]
    for person in range(len(indptr) - 1):
        low, high = 0, n_points
        while low < high and rows[person, low] == 0.0:
            low += 1
        while high > low and rows[person, high - 1] == 0.0:
            high -= 1
        row = rows[person, low:high]
        for at in range(indptr[person], indptr[person + 1]):
            target = out[codes[at], low:high]
            for q in range(high - low):
                target[q] += row[q]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def score_products(indptr, codes, extra, scores, index, posterior, weight, want, covariance, cross):  # type: ignore[no-untyped-def]
    r"""Add :math:`\sum_p w_p Cov_p(S)` and :math:`\sum_p w_p E_p(S) E_p(S)^T` to lower triangles.

    `scores` (n_codes, width, n_points) is the gradient of each answer's log-probability, `index` (n_codes, width) the
    parameter of each of its rows, -1 for none; `extra` is one more code per person. `want`: 1 covariance, 2 cross, 3
    both. The sums are laid out (n / 2, n, 2), rows in pairs, so that two parameters of one item and two of another
    share a line of the cache.
    """
    width = scores.shape[1]
    n_points = posterior.shape[1]
    longest = 1
    for person in range(len(indptr) - 1):
        longest = max(longest, indptr[person + 1] - indptr[person] + 1)
    held = np.zeros((n_points + 3, longest * width))
    gram = np.empty((longest * width, longest * width))
    means = np.empty(longest * width)
    which = np.empty(longest * width, dtype=np.int64)
    roots = np.empty(n_points)
    shares = np.empty(n_points)
    for person in range(len(indptr) - 1):
        if weight[person] == 0.0:
            continue
        low, high = 0, n_points
        while low < high and posterior[person, low] < NEGLIGIBLE:
            low += 1
        while high > low and posterior[person, high - 1] < NEGLIGIBLE:
            high -= 1
        span = high - low
        mass = 0.0
        for q in range(low, high):
            mass += posterior[person, q]
        for q in range(span):
            shares[q] = posterior[person, low + q] / mass
            roots[q] = np.sqrt(weight[person] * shares[q])
        count = 0
        for at in range(indptr[person], indptr[person + 1] + 1):
            code = extra[person] if at == indptr[person + 1] else codes[at]
            for j in range(width):
                if index[code, j] < 0:
                    continue
                row = scores[code, j, low:high]
                mean = 0.0
                for q in range(span):
                    mean += shares[q] * row[q]
                for q in range(span):
                    held[q, count] = roots[q] * (row[q] - mean)
                means[count] = mean
                which[count] = index[code, j]
                count += 1
        if want & 1:
            steps = (span + 3) // 4
            held[span : 4 * steps, :count] = 0.0
            for one in range(count):
                target = gram[one]
                for two in range(one + 1):
                    target[two] = 0.0
                for step in range(steps):
                    q0, q1, q2, q3 = (
                        held[4 * step],
                        held[4 * step + 1],
                        held[4 * step + 2],
                        held[4 * step + 3],
                    )
                    s0, s1, s2, s3 = q0[one], q1[one], q2[one], q3[one]
                    for two in range(one + 1):
                        target[two] += (s0 * q0[two] + s1 * q1[two]) + (s2 * q2[two] + s3 * q3[two])
                for two in range(one + 1):
                    row_, column = max(which[one], which[two]), min(which[one], which[two])
                    twice = 2.0 if one != two and row_ == column else 1.0
                    covariance[row_ >> 1, column, row_ & 1] += twice * target[two]
        if want & 2:
            for one in range(count):
                scaled = weight[person] * means[one]
                for two in range(one + 1):
                    row_, column = max(which[one], which[two]), min(which[one], which[two])
                    twice = 2.0 if one != two and row_ == column else 1.0
                    cross[row_ >> 1, column, row_ & 1] += twice * scaled * means[two]


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def block_products(indptr, codes, scores, density, total, weight, cross):  # type: ignore[no-untyped-def]
    """Add the products of each answer's mean scores, (n_codes, width, width): the blocks of `score_products`.

    `density / total` is the posterior of each person. The additions over the points are in whatever order fills the
    registers, which is the same wherever a person stands; those over persons are in their order.
    """
    width = scores.shape[1]
    n_points = density.shape[1]
    means = np.empty(width)
    for person in range(len(indptr) - 1):
        if weight[person] == 0.0:
            continue
        least = NEGLIGIBLE * total[person]
        low, high = 0, n_points
        while low < high and density[person, low] < least:
            low += 1
        while high > low and density[person, high - 1] < least:
            high -= 1
        held = density[person, low:high]
        mass = 0.0
        for q in range(high - low):
            mass += held[q]
        share = weight[person] / (mass * mass)
        for at in range(indptr[person], indptr[person + 1]):
            code = codes[at]
            own = cross[code]
            if width == 2:  # both at once, so that the posterior is read once
                slope, intercept = scores[code, 0, low:high], scores[code, 1, low:high]
                first, second = 0.0, 0.0
                for q in range(high - low):
                    first += held[q] * slope[q]
                    second += held[q] * intercept[q]
                own[0, 0] += share * first * first
                own[1, 0] += share * second * first
                own[1, 1] += share * second * second
            else:
                for j in range(width):
                    row = scores[code, j, low:high]
                    mean = 0.0
                    for q in range(high - low):
                        mean += held[q] * row[q]
                    means[j] = mean
                for j in range(width):
                    for k in range(j + 1):
                        own[j, k] += share * means[j] * means[k]
