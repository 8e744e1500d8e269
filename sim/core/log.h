// sim/core/log.h - the natural logarithm from plain IEEE operations: the same bits with every compiler, C library and processor.
// * x = 2^k z, z in [0.70, 1.41); c is the nearest of 16 centres and r = (z - c) / c, at most 1/32. Then
//   log x = k ln 2 + log c + log(1 + r), the last by its series. z - c is exact, and 1 is a centre: no digits are lost near 1.
// * The last step is written once, for one number as for several side by side (exponential.c): a macro, for these are of different types.
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <stdint.h>
#include <string.h>

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

#define SIM_LOG_FROM     0x3FE6800000000000u   // bits of the lower end of the first centre's interval; each is 2^48 long
#define SIM_LOG_EXPONENT 0xFFF0000000000000u   // of the bits of a number: sign and exponent
enum { SIM_LOG_ROWS = 16, SIM_LOG_SHIFT = 48, SIM_LOG_DIGITS = 52 };
// Three columns, for sixteen numbers fit into two of the widest registers.
static const double sim_log_centre[SIM_LOG_ROWS] = {
#define SIM_LOG_ROW(centre, inverse, log) centre,
#include "sim/core/log.def"
#undef SIM_LOG_ROW
};
static const double sim_log_inverse[SIM_LOG_ROWS] = {
#define SIM_LOG_ROW(centre, inverse, log) inverse,
#include "sim/core/log.def"
#undef SIM_LOG_ROW
};
static const double sim_log_log[SIM_LOG_ROWS] = {
#define SIM_LOG_ROW(centre, inverse, log) log,
#include "sim/core/log.def"
#undef SIM_LOG_ROW
};

typedef struct { double k, r, log_c; } sim_log_parts;
static inline sim_log_parts sim_log_split(uint64_t bits)
{
    uint64_t above = bits - SIM_LOG_FROM;
    unsigned row = (unsigned)(above >> SIM_LOG_SHIFT) % SIM_LOG_ROWS;
    double z = sim_of_bits(bits - (above & SIM_LOG_EXPONENT));
    return (sim_log_parts){(double)((int64_t)above >> SIM_LOG_DIGITS), (z - sim_log_centre[row]) * sim_log_inverse[row], sim_log_log[row]};
}

// (r - log(1 + r)) / r^2 with r2 = r^2. Terms stand side by side, for speed; what is left out is below r^9 / 11.
#define SIM_LOG_SERIES(r, r2)                                                                                                   \
    (((0.5 - (r) * (1.0 / 3)) + (r2) * (0.25 - (r) * 0.2)) +                                                                    \
     ((r2) * (r2)) * (((1.0 / 6 - (r) * (1.0 / 7)) + (r2) * (0.125 - (r) * (1.0 / 9))) + ((r2) * (r2)) * 0.1))
// The logarithm of a number with these parts. What is known early is summed early.
#define SIM_LOG_JOIN(k, r, r2, log_c)                                                                                           \
    (((k) * 6.93147180369123816490e-01 + (log_c)) + (((k) * 1.90821492927058770002e-10 + (r)) - (r2) * SIM_LOG_SERIES(r, r2)))  // ln 2 in two parts

#endif
