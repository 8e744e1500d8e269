// sim/scenario/rings.c - handlers that call each other in a ring, and how many steps a call runs at most.
#include <stdlib.h>

#include "sim/scenario/reader.h"

typedef struct { uint8_t colour; double steps; } handler_note;     // colour: 1 = on the present path, 2 = known to be free of rings

static void visit(sim_reader *r, uint16_t id, uint16_t operation, int depth, handler_note *notes);

// What a step of handler `h` of service `id` causes: `next` runs `operation`, `times` at most.
static void follow(sim_reader *r, uint16_t id, const sim_handler_def *h, uint16_t next, uint16_t operation, double times, int depth, handler_note *notes)
{
    handler_note *theirs = &notes[next * SIM_MOST_operations + operation];
    const sim_service_def *mine = r->model->components[id].def;
    if (theirs->colour == 1) {
        const sim_service_def *other = r->model->components[next].def;
        SIM_FAIL(r, r->nodes[id], "a ring of calls: %s.%s calls %s.%s, which ends up here again", r->model->components[id].name, h->name,
                 r->model->components[next].name, other->handlers[operation].name);
    } else if (!theirs->colour) {
        visit(r, next, operation, depth + 1, notes);
    }
    notes[id * SIM_MOST_operations + (size_t)(h - mine->handlers)].steps += times * theirs->steps;
}

// The consumers that a message may come to, through dead letters, too.
static void follow_message(sim_reader *r, uint16_t id, const sim_handler_def *h, const sim_step_def *step, double times, int depth, handler_note *notes)
{
    const sim_broker_def *b = r->model->components[sim_model_behind(r->model, step->target)].def;
    for (uint16_t c = 0; c < b->consumer_count; c++)
        if (sim_publish_reaches(r->model, step, &b->consumers[c]))
            follow(r, id, h, b->consumers[c].service, b->consumers[c].operation, times * sim_deliveries_most(r->model, &b->consumers[c]), depth, notes);
}

// Depth-first over handlers. Counts the steps that a call runs at most, with all that it causes.
static void visit(sim_reader *r, uint16_t id, uint16_t operation, int depth, handler_note *notes)
{
    handler_note *mine = &notes[id * SIM_MOST_operations + operation];
    const sim_service_def *s = r->model->components[id].def;
    mine->colour = 1;
    const sim_handler_def *h = &s->handlers[operation];
    if (depth > SIM_MOST_nested)
        SIM_FAIL(r, r->nodes[id], "%s.%s is the end of %d calls, each waiting for the next; at most %d", r->model->components[id].name,
                 h->name, depth, SIM_MOST_nested);
    for (uint16_t i = 0; i < h->count && h->steps && depth <= SIM_MOST_nested; i++) {
        const sim_step_def *step = &h->steps[i];
        const sim_attempts_def *a = step->attempts;
        double times = step->rounds * (a ? 1.0 + a->retry.most + a->hedges : 1);
        mine->steps += step->rounds;
        if (step->kind == SIM_STEP_call)
            follow(r, id, h, sim_model_behind(r->model, step->target), step->operation, times, depth, notes);
        else if (step->kind == SIM_STEP_publish)
            follow_message(r, id, h, step, times, depth, notes);
    }
    mine->colour = 2;
    if (mine->steps > SIM_MOST_STEPS_RUN && !r->failed)
        SIM_FAIL(r, r->nodes[id], "%s.%s: one call may run %.3g steps, its nested calls included; at most %g", r->model->components[id].name,
                 h->name, mine->steps, SIM_MOST_STEPS_RUN);
}

void sim_find_cycles(sim_reader *r, double *steps)
{
    handler_note *notes = hr_alloc(SIM_MAX_COMPONENTS * SIM_MOST_operations * sizeof *notes);
    for (uint16_t i = 0; i < r->model->component_count; i++) {
        const sim_service_def *s = r->model->components[i].def;
        for (uint16_t h = 0; r->model->components[i].kind == SIM_PART_service && h < s->handler_count; h++) {
            handler_note *note = &notes[i * SIM_MOST_operations + h];
            if (!note->colour)
                visit(r, i, h, 1, notes);
            steps[i * SIM_MOST_operations + h] = note->steps;
        }
    }
    free(notes);
}
