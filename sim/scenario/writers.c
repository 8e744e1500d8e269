// sim/scenario/writers.c - see writers.h.
#include "sim/scenario/writers.h"

#include <stdlib.h>

static bool step_writes(const sim_model *model, const sim_step_def *step, bool *const *known)
{
    if (step->kind == SIM_STEP_query)
        return ((const sim_database_def *)model->components[sim_model_behind(model, step->target)].def)->statements[step->operation].writes;
    if (step->kind == SIM_STEP_set && step->writes)
        return true;
    return step->kind == SIM_STEP_call && known[sim_model_behind(model, step->target)][step->operation];
}

bool **sim_writers_find(const sim_model *model)
{
    bool **known = hr_alloc(model->component_count * sizeof *known);
    for (uint16_t i = 0; i < model->component_count; i++)
        if (model->components[i].kind == SIM_PART_service)
            known[i] = hr_alloc(((const sim_service_def *)model->components[i].def)->handler_count * sizeof(bool) + 1);
    for (bool learned = true; learned;) {      // rounds until no handler learns anything new
        learned = false;
        for (uint16_t i = 0; i < model->component_count; i++) {
            const sim_service_def *s = model->components[i].def;
            for (uint16_t h = 0; known[i] && h < s->handler_count; h++)
                for (uint16_t k = 0; !known[i][h] && k < s->handlers[h].count; k++)
                    learned |= known[i][h] = step_writes(model, &s->handlers[h].steps[k], known);
        }
    }
    return known;
}

void sim_writers_free(const sim_model *model, bool **writers)
{
    for (uint16_t i = 0; i < model->component_count; i++)
        free(writers[i]);
    free(writers);
}
