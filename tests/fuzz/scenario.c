// tests/fuzz/scenario.c - any text: refused with a message, or read into a model that is sane, explained, built and run for a moment.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/keys.h"
#include "sim/study/study.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_EVENTS = 1000 };

// What the table promises of a value must be so, however it was written.
static void check_values(const char *owner, const void *def)
{
    for (const sim_key *k = sim_key_table; k->owner; k++) {
        const void *at = (const char *)def + k->offset;
        double x = k->least;
        if (strcmp(k->owner, owner) != 0 || (k->fallback && !*k->fallback))
            continue;                          // absent ones stay zero
        switch (k->type) {
        case SIM_TYPE_COUNT: case SIM_TYPE_BYTES32: x = *(const uint32_t *)at; break;
        case SIM_TYPE_COUNT64: case SIM_TYPE_BYTES64: x = (double)*(const uint64_t *)at; break;
        case SIM_TYPE_REAL: case SIM_TYPE_BYTES: case SIM_TYPE_RATE: x = *(const double *)at; break;
        case SIM_TYPE_TIME: x = (double)*(const hr_time *)at * 1e-9; break;
        case SIM_TYPE_TIME_OR_NONE: x = *(const hr_time *)at == HR_FOREVER ? k->most : (double)*(const hr_time *)at * 1e-9; break;
        case SIM_TYPE_DIST:
            HR_ASSERT(sim_dist_mean(at) >= 0 && sim_dist_mean(at) <= 1e6);
            continue;
        default: continue;
        }
        if (fuzz_planted)
            x = NAN;
        HR_ASSERT(x >= k->least - 1e-9 && x <= k->most);
    }
}

static void check_model(const sim_model *model)
{
    HR_ASSERT(model->component_count >= 2 && model->component_count <= SIM_MAX_COMPONENTS && *model->name);
    HR_ASSERT(model->duration > 0 && model->duration != HR_FOREVER && model->warmup < model->duration && sim_model_grid(model) > 0);
    HR_ASSERT(isfinite(model->prices.core) && isfinite(model->prices.storage));
    for (int i = 0; i < model->component_count; i++)
        check_values(sim_kinds[model->components[i].kind]->name, model->components[i].def);
}

static void run_a_moment(const sim_model *model)
{
    sim_world *w = sim_model_build(model, 1);
    w->arrivals_end = w->window_to = model->duration;
    sim_world_start(w, sim_model_grid(model));
    const hr_time latest = (hr_time)1e17;      // as in world.c
    for (int i = 0; i < MOST_EVENTS && sim_world_next(w) < latest && sim_world_step(w); i++) {
    }
    sim_world_check(w);
    sim_world_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hr_error e = {0};
    sim_model *model;
    char *text = hr_alloc(size + 1);
    memcpy(text, data, size);
    hr_status status = sim_model_parse("fuzz.yaml", text, size, NULL, &model, &e);
    free(text);
    if (status) {
        HR_ASSERT(status == HR_BAD_INPUT && e.count > 0 && strstr(e.text, "fuzz.yaml"));
        return 0;
    }
    HR_ASSERT(e.count == 0);
    fuzz_accepted++;
    check_model(model);
    hr_text ledger = {0};
    sim_model_ledger(model, &ledger);
    free(ledger.data);
    (void)!sim_claims_check(model, &e);
    run_a_moment(model);
    sim_model_free(model);
    return 0;
}
