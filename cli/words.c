// cli/words.c - see words.h.
#include "cli/words.h"

#include <stddef.h>

const cli_word cli_words[] = {
#define SIM_STEP(name, argument, help) {"steps", #name, argument, help},
#include "sim/parts/step.def"
#undef SIM_STEP
#define SIM_CONDITION(name, argument, help) {"conditions", #name, argument, help},
#include "sim/parts/condition.def"
#undef SIM_CONDITION
#define SIM_DISCIPLINE(name, word, help) {"disciplines", word, "", help},
#include "sim/parts/discipline.def"
#undef SIM_DISCIPLINE
#define SIM_DISTRIBUTION(name, arguments, help) {"distributions", #name, arguments, help},
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
#define SIM_RATE(name, arguments, help) {"rates", #name, arguments, help},
#include "sim/parts/rates.def"
#undef SIM_RATE
#define SIM_ARRIVAL(name, arguments, help) {"arrivals", #name, arguments, help},
#include "sim/parts/arrivals.def"
#undef SIM_ARRIVAL
#define SIM_POPULARITY(name, arguments, help) {"keys", #name, arguments, help},
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
#define SIM_FAULT(verb, of, kinds, uses, help) {"faults", #verb, "", help},
#include "sim/parts/fault.def"
#undef SIM_FAULT
    {0}};
