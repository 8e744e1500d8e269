// sim/stats/paired.h - which of two variants is better, and does a claim hold: verdicts that may also be "undecided".
// * Element i of both arrays is replication i of both variants, run on the same random numbers (same seed). Pairing
//   pays because what the seed does to both cancels in the difference (Law, Simulation Modeling and Analysis, 11.2).
// * A verdict is read off the confidence interval alone, so that the picture of the interval and the word agree.
// * Looking at the data several times and stopping when it suits is cheating, unless the confidence is shared among
//   the looks: sim_look_confidence.
#ifndef SIM_PAIRED_H
#define SIM_PAIRED_H

#include <stddef.h>

#include "sim/stats/estimate.h"

// One list: the enum, and the words in reports and --json.
#define SIM_VERDICTS(row) \
    row(SIM_UNDECIDED, "undecided") \
    row(SIM_HOLDS, "holds") \
    row(SIM_FAILS, "fails") \
    row(SIM_BETTER, "better") \
    row(SIM_WORSE, "worse") \
    row(SIM_EQUIVALENT, "equivalent")

typedef enum {
#define SIM_VERDICT_ROW(id, word) id,
    SIM_VERDICTS(SIM_VERDICT_ROW)
#undef SIM_VERDICT_ROW
} sim_verdict;

typedef enum { SIM_LOWER_IS_BETTER, SIM_HIGHER_IS_BETTER } sim_direction;

typedef struct {
    sim_estimate difference;                   // mean of b - a with its interval, in the unit of the data
    sim_verdict verdict;                       // of b against a: better, worse, equivalent or undecided
} sim_paired;

// The word of a verdict. Static.
const char *sim_verdict_name(sim_verdict v);

// Compares b with a in `n` paired replications. Equivalent: the interval of b - a lies within ± smallest_effect (>= 0,
// in the unit of the data), the difference that nobody would care about; this comes first, so a difference that is
// certain but negligible is equivalent. Better or worse: the interval excludes zero. Undecided: everything else, also n
// < 2 or NaN. Without any spread the interval is the difference itself: identical variants are equivalent, even at
// smallest_effect 0.
sim_paired sim_compare_paired(const double *a, const double *b, size_t n, double confidence, double smallest_effect,
                              sim_direction direction);

// Does a claim hold whose margin in replication i is margin[i], positive where it is met with room to spare (for x < y
// the margin is y - x)? Holds when the whole interval of the mean margin is above 0, fails when it is below, else
// undecided. Without any spread the margin itself decides; margins that are all exactly 0 are undecided, since neither
// the claim nor its opposite was ever seen.
sim_verdict sim_decide_sign(const double *margin, size_t n, double confidence);

// The confidence to use at each of `looks` (>= 1) looks, so that all of them together are right with `confidence`:
// the risk divided by the number of looks (Bonferroni). Never too bold, whatever the looks have in common.
double sim_look_confidence(double confidence, int looks);

#endif
