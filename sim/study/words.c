// sim/study/words.c - a study in words: numbers with their intervals, and one sentence that says which variant to take.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/study.h"

// Digits behind the point so that the half-width has two significant ones.
static int decimals_for(double half, double value)
{
    double scale = isfinite(half) && half > 0 ? half : fabs(value) / 100;
    if (!(scale > 0))
        return 0;
    int d = 1 - (int)floor(log10(scale));
    return d < 0 ? 0 : d > 6 ? 6 : d;
}

const char *sim_estimate_text(sim_estimate e, double factor, char *out, size_t room)
{
    double value = e.value * factor, half = (e.high - e.low) / 2 * factor;
    if (isnan(value))
        snprintf(out, room, "-");
    else if (!isfinite(half))
        snprintf(out, room, "%.3g ±?", value);
    else
        snprintf(out, room, "%.*f ±%.*f", decimals_for(half, value), value, decimals_for(half, value), half);
    return out;
}

bool sim_study_meets_objectives(const sim_study *study, size_t variant)
{
    for (size_t i = 0; i < study->objective_count; i++)
        if (study->objectives[i].variant == variant && study->objectives[i].verdict != SIM_HOLDS)
            return false;
    return true;
}

static bool is_known(const sim_study *study, sim_metric metric)
{
    for (size_t v = 0; v < study->variant_count; v++)
        if (isnan(study->variants[v].estimate[metric].value))
            return false;
    return true;
}

// Adds "a", "a and b", "a, b and c".
static void add_names(const sim_study *study, const size_t *chosen, size_t count, hr_text *out)
{
    for (size_t i = 0; i < count; i++)
        hr_text_add(out, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ", study->variants[chosen[i]].name);
}

// The best candidate by `metric`, then those that the pairs do not show to be worse. Returns how many; *alike: all of these are equivalent.
static size_t leaders(const sim_study *study, const size_t *candidate, size_t count, sim_metric metric, size_t *leader, bool *alike)
{
    size_t best = candidate[0], n = 0;
    for (size_t i = 1; i < count; i++)
        if (study->variants[candidate[i]].estimate[metric].value < study->variants[best].estimate[metric].value)
            best = candidate[i];
    leader[n++] = best;
    *alike = true;
    for (size_t i = 0; i < count; i++) {
        sim_verdict verdict = candidate[i] == best ? SIM_WORSE : sim_study_compare(study, best, candidate[i], metric).verdict;
        if (verdict == SIM_WORSE)
            continue;
        leader[n++] = candidate[i];
        *alike = *alike && verdict == SIM_EQUIVALENT;
    }
    return n;
}

static void praise(const sim_study *study, const size_t *candidate, size_t count, size_t *leader, hr_text *out)
{
    bool by_cost = is_known(study, SIM_METRIC_cost_per_million), alike;
    sim_metric by = by_cost ? SIM_METRIC_cost_per_million : SIM_METRIC_p99;
    size_t n = leaders(study, candidate, count, by, leader, &alike);
    char number[64];
    hr_text_add(out, "%s %s", study->variants[leader[0]].name, by_cost ? "costs least" : "has the lowest p99");
    if (study->objective_count && count == study->variant_count)
        hr_text_add(out, " of %zu variants, which all meet every objective", count);
    else if (study->objective_count && count == 1)
        hr_text_add(out, ", being the only one of %zu variants that meets every objective", study->variant_count);
    else if (study->objective_count)
        hr_text_add(out, " of the %zu variants (of %zu) that meet every objective", count, study->variant_count);
    if (n > 1) {
        hr_text_add(out, ", ");
        add_names(study, leader + 1, n - 1, out);
        hr_text_add(out, alike ? " practically the same" : " perhaps the same");
    }
    hr_text_add(out, ": %s %s%s", sim_estimate_text(study->variants[leader[0]].estimate[by], sim_metrics[by].factor, number, sizeof number),
                sim_metrics[by].unit, by_cost ? " for a million good requests" : "");
}

static void say_choice(const sim_study *study, hr_text *out)
{
    size_t *candidate = hr_alloc(study->variant_count * sizeof *candidate), *leader = hr_alloc(study->variant_count * sizeof *leader), count = 0;
    for (size_t v = 0; v < study->variant_count; v++)
        if (sim_study_meets_objectives(study, v))
            candidate[count++] = v;
    if (count)
        praise(study, candidate, count, leader, out);
    else
        hr_text_add(out, "No variant is shown to meet every objective");
    free(candidate);
    free(leader);
}

void sim_study_sentence(const sim_study *study, hr_text *out)
{
    if (study->variant_count > 1)
        say_choice(study, out);
    else if (study->objective_count)
        hr_text_add(out, sim_study_meets_objectives(study, 0) ? "The design meets every objective" : "The design is not shown to meet every objective");
    size_t held = 0, failed = 0;
    for (size_t i = 0; i < study->claim_count; i++) {
        held += study->claims[i].verdict == SIM_HOLDS;
        failed += study->claims[i].verdict == SIM_FAILS;
    }
    const char *link = out->used ? "; " : "";
    if (study->claim_count && held == study->claim_count)
        hr_text_add(out, "%s%s %zu claim%s", link, held == 1 ? "the" : "all", held, held == 1 ? " holds" : "s hold");
    else if (study->claim_count)
        hr_text_add(out, "%s%zu of %zu claims hold, %zu fail%s, %zu %s undecided", link, held, study->claim_count, failed, failed == 1 ? "s" : "",
                    study->claim_count - held - failed, study->claim_count - held - failed == 1 ? "is" : "are");
    if (!out->used)
        hr_text_add(out, "The scenario asks nothing: it has neither objectives nor claims");
    hr_text_add(out, ".");
}
