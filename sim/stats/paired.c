// sim/stats/paired.c - see paired.h.
#include "sim/stats/paired.h"

#include <stdlib.h>

#include "sim/core/base.h"

const char *sim_verdict_name(sim_verdict v)
{
    static const char *const words[] = {
#define SIM_VERDICT_ROW(id, word) [id] = word,
        SIM_VERDICTS(SIM_VERDICT_ROW)
#undef SIM_VERDICT_ROW
    };
    HR_ASSERT((size_t)v < HR_COUNT(words));
    return words[v];
}

// Equivalence by interval inclusion is the two one-sided tests of Schuirmann (J. Pharmacokinet. Biopharm. 15, 1987),
// but with the full interval instead of the one at 1 - 2 alpha: one interval serves every verdict, on the careful side.
static sim_verdict verdict_of(sim_estimate difference, double smallest_effect, sim_direction direction)
{
    if (difference.low >= -smallest_effect && difference.high <= smallest_effect)
        return SIM_EQUIVALENT;
    if (difference.low > 0)
        return direction == SIM_HIGHER_IS_BETTER ? SIM_BETTER : SIM_WORSE;
    if (difference.high < 0)
        return direction == SIM_HIGHER_IS_BETTER ? SIM_WORSE : SIM_BETTER;
    return SIM_UNDECIDED;
}

sim_paired sim_compare_paired(const double *a, const double *b, size_t n, double confidence, double smallest_effect,
                              sim_direction direction)
{
    HR_ASSERT(smallest_effect >= 0);
    double *difference = hr_alloc((n + 1) * sizeof *difference);      // + 1: zero replications are a legal question
    for (size_t i = 0; i < n; i++)
        difference[i] = b[i] - a[i];
    sim_paired result = { .difference = sim_mean_interval(difference, n, confidence) };
    free(difference);
    result.verdict = verdict_of(result.difference, smallest_effect, direction);
    return result;
}

sim_verdict sim_decide_sign(const double *margin, size_t n, double confidence)
{
    sim_estimate mean = sim_mean_interval(margin, n, confidence);
    if (mean.low > 0)
        return SIM_HOLDS;
    return mean.high < 0 ? SIM_FAILS : SIM_UNDECIDED;
}

double sim_look_confidence(double confidence, int looks)
{
    HR_ASSERT(confidence > 0 && confidence < 1 && looks >= 1);
    return 1 - (1 - confidence) / looks;
}
