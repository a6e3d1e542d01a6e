/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one source of randomness: the SplitMix64 generator (Steele, Lea, Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). Deterministic in its seed; every seed is good.
 */
#ifndef CORE_BASE_PRNG_H
#define CORE_BASE_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

/* The next 64 random bits. */
static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t bits = prng->state += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/* A number in [0, bound), bound > 0. A multiplication, not a division (Lemire 2019, without the
 * rejection step: the bias is below bound / 2^32). */
static inline uint32_t prng_below(struct prng *prng, uint32_t bound)
{
    return (uint32_t)(((prng_next(prng) >> 32) * bound) >> 32);
}

/* True once in `odds` draws on average; odds > 0. */
static inline bool prng_one_in(struct prng *prng, uint32_t odds)
{
    return prng_below(prng, odds) == 0;
}

#endif
