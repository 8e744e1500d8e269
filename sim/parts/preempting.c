// sim/parts/preempting.c - cores by priority: a computation takes a core from one of lower priority, which later goes on where it was.
// * Nothing is lost and no core idles while somebody waits for one. Who was interrupted goes on before those of its priority that have
//   not begun; of several the one that began last is interrupted.
// * A timer's subject is the core, so the timer of an interrupted computation is stale by the core's generation.
#include "sim/parts/service.h"

_Static_assert(sizeof(sim_core_run) % 8 == 0, "the timer's subject is a core's place in the arena, counted in units of 8 bytes");

static sim_core_run *run_of(const sim_world *w, const sim_replica *r, uint32_t core) { return SIM_AT(w, sim_core_run, r->runs) + core; }

static void start(sim_world *w, sim_component_id id, sim_replica *r, uint32_t core, sim_ref call)
{
    sim_core_run *run = run_of(w, r, core);
    *run = (sim_core_run){.call = call, .alarm = run->alarm + 1, .begun = w->now, .ends = w->now + sim_call_at(w, call)->left};
    sim_level_up(w, &r->cores);
    sim_schedule(w, run->ends, id, SIM_SERVICE_RUN, r->runs + (sim_ref)(core * sizeof *run / 8), run->alarm);
}

// A free core; otherwise that of the computation with the lowest priority, of several the one that began last.
static uint32_t best_core(const sim_world *w, const sim_replica *r)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < r->core_count; i++) {
        const sim_core_run *a = run_of(w, r, i), *b = run_of(w, r, best);
        if (!a->call)
            return i;
        unsigned p = sim_call_at(w, a->call)->priority, q = sim_call_at(w, b->call)->priority;
        if (p < q || (p == q && a->begun > b->begun))
            best = i;
    }
    return best;
}

void sim_preempting_join(sim_world *w, sim_component_id id, sim_replica *r, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->left = sim_service_cpu_demand(w, call) + sim_lateness(w, id, c->request, c->path + sim_service_step(w, c)->ordinal);
    uint32_t core = best_core(w, r);
    sim_ref other = run_of(w, r, core)->call;
    if (other && sim_call_at(w, other)->priority >= c->priority) {
        sim_line_push(w, &r->core_queue, call);
        return;
    }
    if (other) {
        sim_call_at(w, other)->left = run_of(w, r, core)->ends - w->now;
        sim_level_down(w, &r->cores);
        sim_line_push_first(w, &r->core_queue, other);
    }
    start(w, id, r, core, call);
}

void sim_preempting_wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    sim_core_run *run = SIM_AT(w, sim_core_run, event->subject);
    if (run->alarm != event->generation)
        return;
    sim_ref call = run->call;
    sim_replica *r = sim_replica_of(w, sim_call_at(w, call));
    run->call = 0;
    sim_level_down(w, &r->cores);
    sim_ref next = sim_line_pop(w, &r->core_queue);
    if (next)
        start(w, id, r, (uint32_t)(run - run_of(w, r, 0)), next);
    sim_handler_next(w, id, call);
}

// Every core is counted, and nobody of higher priority waits for one.
void sim_preempting_check(const sim_world *w, const sim_replica *r)
{
    uint32_t busy = 0;
    sim_ref first = r->core_queue.fifo.head;
    for (uint32_t i = 0; i < r->core_count; i++) {
        const sim_core_run *run = run_of(w, r, i);
        busy += run->call != 0;
        SIM_ASSERT(w, !run->call || (run->ends >= w->now && run->begun <= w->now));
        SIM_ASSERT(w, !run->call || !first || sim_call_at(w, first)->priority <= sim_call_at(w, run->call)->priority);
    }
    SIM_ASSERT(w, busy == r->cores.level);
}
