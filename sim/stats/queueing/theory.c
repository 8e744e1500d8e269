// sim/stats/queueing/theory.c - the tables made from their lists; see theory.h.
#include "sim/stats/queueing/theory.h"

#include <math.h>
#include <string.h>

const sim_theory_model *const sim_theory_models[SIM_THEORY_COUNT + 1] = {
#define SIM_THEORY(name) &sim_theory_##name,
#include "sim/stats/queueing/theory.def"
#undef SIM_THEORY
    NULL};

const sim_quantity_row sim_quantities[SIM_QUANTITY_COUNT] = {
#define SIM_QUANTITY(name, unit, help) {#name, unit, help},
#include "sim/stats/queueing/quantity.def"
#undef SIM_QUANTITY
};

int sim_quantity_find(const char *name)
{
    for (int i = 0; i < SIM_QUANTITY_COUNT; i++)
        if (strcmp(sim_quantities[i].name, name) == 0)
            return i;
    return -1;
}

const sim_theory_model *sim_theory_find(const char *name)
{
    for (size_t i = 0; sim_theory_models[i]; i++)
        if (strcmp(sim_theory_models[i]->name, name) == 0)
            return sim_theory_models[i];
    return NULL;
}

hr_status sim_theory_compute(const sim_theory_model *model, const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    for (int i = 0; i < SIM_QUANTITY_COUNT; i++)
        out->value[i] = NAN;
    return model->compute(a, out, e);
}

hr_status sim_theory_overload(double utilisation, hr_error *e)
{
    return hr_fail(e, HR_BAD_INPUT, "utilisation %.6g: from 1 on an endless queue has no steady state; lower the arrival rate or the "
                   "service time, or take a model that loses requests (mmck, erlang_b, erlang_a)", utilisation);
}
