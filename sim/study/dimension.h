// sim/study/dimension.h - units of what claims compute: which belong together, and how they are written.
// * A metric has its unit, a number none. Products and quotients multiply and divide units; what is of one kind cancels: a ratio has none.
// * Shares and ratios are plain numbers: their "%" or "x" is written only where nothing else is.
// * A time times a rate is a number, as in Little's law.
#ifndef SIM_STUDY_DIMENSION_H
#define SIM_STUDY_DIMENSION_H

#include "sim/study/study.h"

// What is added and compared must be of one kind. Counts are plain numbers, too. OTHER goes with all: 0, and products that no number can be
// written for, such as a cost for each request.
typedef enum { SIM_PLAIN, SIM_TIME, SIM_RATE, SIM_PER_HOUR, SIM_SUM, SIM_OTHER } sim_dimension_kind;

typedef struct {
    int8_t      power[SIM_METRIC_COUNT];       // of the unit of that metric, by the first metric that has it; times are those of p50
    const char *pure;                          // "%" or "x" when there is no power, else NULL
    bool        in_seconds;                    // the time is shown in s, not ms
    bool        is_zero;                       // a 0 is one of everything
} sim_dimension;

sim_dimension sim_dimension_of(sim_metric metric);
// Of a number that is written with a unit of that kind; PLAIN: without, or with "%" when it is `pure`.
sim_dimension sim_dimension_of_number(sim_dimension_kind kind, const char *pure);
sim_dimension sim_dimension_product(sim_dimension a, sim_dimension b, bool divides);
// Of a sum or comparison of both: that of `a`, unless `b` says more.
sim_dimension sim_dimension_join(sim_dimension a, sim_dimension b);

sim_dimension_kind sim_dimension_kind_of(const sim_dimension *unit);
// A value in base units with its unit: "12.1 ms", "0.000125 $/h per /s", "0.41". Returns `out`.
const char *sim_dimension_show(const sim_dimension *unit, double value, char *out, size_t room);

#endif
