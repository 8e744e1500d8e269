// sim/core/exponential.c - exponential times: one by one, and side by side by two in registers that every processor has, or by eight.
// All ways are one formula (log.h) from plain IEEE operations on the same words, and give the same bits.
#include "sim/core/exponential.h"

#include "sim/core/log.h"

// A word becomes a number in two halves, each as the last digits of a number so large that those are whole; their sum is rounded once.
#define TWO_52 0x4330000000000000u             // bits of 2^52
#define TWO_84 0x4530000000000000u
#define HIGH_HALF(word) ((word) >> 32 | TWO_84)
#define LOW_HALF(word)  (((word) & UINT32_MAX) | TWO_52)
#define BOTH(high, low) (((high) - (0x1p84 + 0x1p52)) + (low))

double sim_exponential(uint64_t word)
{
    word |= 1;                                 // zero has no logarithm
    sim_log_parts p = sim_log_split(sim_bits_of(BOTH(sim_of_bits(HIGH_HALF(word)), sim_of_bits(LOW_HALF(word)))));
    double k = p.k - 64, r2 = p.r * p.r;
    return -SIM_LOG_JOIN(k, p.r, r2, p.log_c);
}

// Defines `of`, which does the same for `lanes` words at once. LOOK_UP(column, row): what stands in a column of log.h's table, for each lane in the
// row of which `row` has the last four bits. No word is less than 1, so no exponent is negative: as digits of 2^52 they become numbers, too.
#define EXPONENTIAL(of, lanes, target, LOOK_UP)                                                                                         \
    typedef double of##_numbers __attribute__((vector_size(8 * (lanes))));                                                              \
    typedef uint64_t of##_words __attribute__((vector_size(8 * (lanes))));                                                              \
    HR_CLOSE target of##_numbers of(of##_words word)                                                                                    \
    {                                                                                                                                   \
        word |= 1;                                                                                                                      \
        of##_words bits = (of##_words)BOTH((of##_numbers)HIGH_HALF(word), (of##_numbers)LOW_HALF(word));                                \
        of##_words above = bits - SIM_LOG_FROM, row = above >> SIM_LOG_SHIFT;                                                           \
        of##_numbers k = (of##_numbers)(above >> SIM_LOG_DIGITS | TWO_52) - (0x1p52 + 64);                                              \
        of##_numbers z = (of##_numbers)(bits - (above & SIM_LOG_EXPONENT));                                                             \
        of##_numbers r = (z - LOOK_UP(sim_log_centre, row)) * LOOK_UP(sim_log_inverse, row), r2 = r * r;                                \
        return -SIM_LOG_JOIN(k, r, r2, LOOK_UP(sim_log_log, row));                                                                      \
    }

#define LOOK_UP_TWO(column, row) (two_numbers){(column)[(row)[0] % SIM_LOG_ROWS], (column)[(row)[1] % SIM_LOG_ROWS]}
EXPONENTIAL(two, 2, , LOOK_UP_TWO)

void sim_exponentials_by_two(const uint64_t word[SIM_AHEAD], double mean_ns, hr_time time[SIM_AHEAD])
{
    for (unsigned i = 0; i < SIM_AHEAD; i += 2) {
        two_numbers times = two((two_words){word[i], word[i + 1]}) * mean_ns + 0.5;
        time[i] = (hr_time)times[0];
        time[i + 1] = (hr_time)times[1];
    }
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX_512 __attribute__((target("avx512f,avx512dq")))
#define LOOK_UP_EIGHT(column, row) (eight_numbers)_mm512_permutex2var_pd(_mm512_loadu_pd(column), (__m512i)(row), _mm512_loadu_pd((column) + 8))
EXPONENTIAL(eight, 8, AVX_512, LOOK_UP_EIGHT)

AVX_512 static void by_eight(const uint64_t word[SIM_AHEAD], double mean_ns, hr_time time[SIM_AHEAD])
{
    for (unsigned i = 0; i < SIM_AHEAD; i += 8) {
        eight_numbers times = eight((eight_words)_mm512_loadu_si512(word + i)) * mean_ns + 0.5;
        _mm512_storeu_si512(time + i, _mm512_cvttpd_epi64((__m512d)times));
    }
}

bool sim_exponentials_by_eight(const uint64_t word[SIM_AHEAD], double mean_ns, hr_time time[SIM_AHEAD])
{
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq"))
        return false;
    by_eight(word, mean_ns, time);
    return true;
}
#else
bool sim_exponentials_by_eight(const uint64_t word[SIM_AHEAD], double mean_ns, hr_time time[SIM_AHEAD])
{
    (void)word, (void)mean_ns, (void)time;
    return false;
}
#endif

void sim_exponential_times(uint64_t seed, uint32_t stream, uint64_t subject, uint32_t ordinal, double mean_ns, bool shares, hr_time time[SIM_AHEAD])
{
    uint64_t word[SIM_AHEAD];                  // all first: one loop for both would be too long to overlap with itself
    for (unsigned i = 0; i < SIM_AHEAD; i += shares ? 2 : 1) {
        sim_draw draw = sim_random(seed, stream, subject + i, ordinal);
        word[i] = draw.word[0];
        if (shares)
            word[i + 1] = draw.word[1];
    }
    if (!sim_exponentials_by_eight(word, mean_ns, time))
        sim_exponentials_by_two(word, mean_ns, time);
}
