// sim/core/exponential.h - ways of making exponential times of words, which random.h's sim_exponential_times chooses from; for it and its test.
#ifndef SIM_EXPONENTIAL_H
#define SIM_EXPONENTIAL_H

#include "sim/core/random.h"

// SIM_AHEAD words to times of this mean, in nanoseconds, rounded: each is sim_exponential of its word. By eight is false where the processor
// cannot (AVX-512 F and DQ): then nothing is done.
void sim_exponentials_by_two(const uint64_t word[SIM_AHEAD], double mean_ns, hr_time time[SIM_AHEAD]);
bool sim_exponentials_by_eight(const uint64_t word[SIM_AHEAD], double mean_ns, hr_time time[SIM_AHEAD]);

#endif
