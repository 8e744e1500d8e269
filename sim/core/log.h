// sim/core/log.h - the natural logarithm from plain IEEE operations: the same bits with every compiler, C library and processor.
// * x = 2^k z, z in [0.69, 1.38); c is the nearest of 128 centres and r = (z - c) / c, at most 1/256. Then
//   log x = k ln 2 + log c + log(1 + r), the last by its series. z - c is exact, and 1 is a centre: no digits are lost near 1.
// * Two numbers side by side, in every vector unit alike and in the same bits as one by one. Inline, for draws made in numbers.
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <stdint.h>
#include <string.h>

typedef double sim_pair __attribute__((vector_size(16)));

static inline uint64_t sim_bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline double sim_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

typedef struct { double k, r, log_c; } sim_log_parts;              // of one number
static inline sim_log_parts sim_log_split(uint64_t bits)
{
    static const struct { double centre, inverse, log, unused; } table[128] = {   // 32 bytes: an index is shifted, not multiplied
#define SIM_LOG_ROW(centre, inverse, log) {centre, inverse, log, 0},
#include "sim/core/log.def"
#undef SIM_LOG_ROW
    };
    uint64_t above = bits - 0x3FE6100000000000u;                     // the lower end of the first interval
    double z = sim_of_bits(bits - (above & 0xFFF0000000000000u));
    unsigned i = (unsigned)(above >> 45) & 127;
    return (sim_log_parts){(double)((int64_t)above >> 52), (z - table[i].centre) * table[i].inverse, table[i].log};
}

static inline sim_pair sim_log_join(sim_log_parts a, sim_log_parts b)
{
    const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;      // ln 2 in two parts
    sim_pair k = {a.k, b.k}, r = {a.r, b.r}, log_c = {a.log_c, b.log_c}, r2 = r * r;
    // What is known early is summed early, and terms stand side by side, for speed; what is left out is below r^8/8.
    sim_pair series = ((0.5 - r * (1.0 / 3)) + r2 * (0.25 - r * 0.2)) + r2 * r2 * (1.0 / 6 - r * (1.0 / 7));
    return (k * ln2_high + log_c) + ((k * ln2_low + r) - r2 * series);
}

// A word as the bits of a number in (0, 1). The leading zeros are the exponent and what follows is the mantissa: nothing is rounded.
static inline uint64_t sim_fraction_bits(uint64_t word)
{
    word |= 1;                                 // zero has no logarithm
    unsigned zeros = (unsigned)__builtin_clzll(word);
    return ((uint64_t)(1022 - zeros) << 52) + (word << zeros << 1 >> 12);
}

// sim_exponential of two words.
static inline sim_pair sim_exponential_pair(uint64_t a, uint64_t b)
{
    return -sim_log_join(sim_log_split(sim_fraction_bits(a)), sim_log_split(sim_fraction_bits(b)));
}

#endif
