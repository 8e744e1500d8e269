// sim/study/rule.c - see rule.h.
#include "sim/study/rule.h"

#include <math.h>

static const double risk = 0.05;

double sim_rule_confidence(const sim_study *study, int look, bool is_last)
{
    HR_ASSERT(look >= 1);
    double share = study->claim_count == 0 ? 1 : is_last ? look : (double)look * (look + 1);
    return 1 - risk / share;
}

// The half-width, relative to the value, that keeps the value within `precision` of the true one: |x - m| <= w |x| gives |x - m| <= w/(1-w) |m|.
static double width_for(double precision)
{
    return isfinite(precision) ? precision / (1 + precision) : INFINITY;
}

double sim_study_reached(const sim_study *study)
{
    double worst = 0;
    for (size_t v = 0; v < study->variant_count; v++)
        for (int m = 0; m < SIM_METRIC_COUNT; m++)
            if (study->watched[m] && !isnan(study->variants[v].estimate[m].value))
                worst = fmax(worst, sim_relative_half_width(study->variants[v].estimate[m]));
    return worst < 1 ? worst / (1 - worst) : INFINITY;             // the inverse of width_for
}

static bool is_decided(const sim_study *study)
{
    for (size_t i = 0; i < study->claim_count; i++)
        if (study->claims[i].verdict == SIM_UNDECIDED)
            return false;
    return true;
}

// A value of exactly 0 without spread is as precise as can be; one that does not exist here (NaN) asks for nothing.
static void judge_widths(sim_study *study)
{
    double width = width_for(study->precision);
    size_t n = (size_t)study->replications;
    bool foreseen = true;
    study->is_precise = true;
    study->wanted = n;
    for (size_t v = 0; v < study->variant_count; v++)
        for (int m = 0; m < SIM_METRIC_COUNT; m++) {
            sim_estimate e = study->variants[v].estimate[m];
            if (!study->watched[m] || isnan(e.value) || sim_relative_half_width(e) <= width)
                continue;
            size_t wanted = sim_replications_wanted(e, n, width);
            study->is_precise = false;
            foreseen = foreseen && wanted > 0;
            study->wanted = wanted > study->wanted ? wanted : study->wanted;
        }
    if (!foreseen || study->pieces)            // of one long run: not a question of replications
        study->wanted = study->is_precise ? n : 0;
}

int sim_rule_next(sim_study *study, const sim_study_options *options)
{
    judge_widths(study);
    int n = study->replications, next = n;
    if (!study->is_precise)
        next = study->wanted == 0 || study->wanted > 4 * (size_t)n ? 4 * n : (int)study->wanted;   // a plan from few is vague: look on the way
    if (next > n && next < n + n / 8)
        next = n + n / 8;                      // many looks would help nobody
    if (!is_decided(study) && next < 2 * n)
        next = 2 * n;
    return next < options->most ? next : options->most > n ? options->most : n;
}

bool sim_rule_is_too_short(const sim_study *study)
{
    static const struct { sim_metric metric; double p; } quantile[] = {{SIM_METRIC_p50, 0.50}, {SIM_METRIC_p95, 0.95}, {SIM_METRIC_p99, 0.99}};
    const double bucket = 0.008;               // what the histogram itself may be off: no more can be asked of a duration
    double most = fmax(width_for(study->precision) / 2, bucket);
    for (size_t v = 0; v < study->variant_count; v++)
        for (size_t i = 0; i < HR_COUNT(quantile); i++) {
            double mean = study->variants[v].estimate[quantile[i].metric].value;
            // The quantile of few requests is off on average, by something like 1/n; that of all replications together hardly is.
            double together = (double)sim_histogram_quantile(&study->variants[v].latency, quantile[i].p) * 1e-9;
            if (study->watched[quantile[i].metric] && fabs(mean - together) > most * together)
                return true;
        }
    return false;
}
