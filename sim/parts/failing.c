// sim/parts/failing.c - what faults do to the replicas of a service: they die and come back, become slow, stop for a while.
// * A fixed replica that is down refuses what comes with `error`, as a port that nobody listens on; what it had is lost, its own cache is empty.
//   One of an autoscaler is gone for good, and another one is started.
// * A pause stops computations, which later go on where they were; whatever else is due meanwhile (an answer, a timer, a cancellation) is seen at its end.
#include "sim/core/random.h"
#include "sim/parts/faults.h"
#include "sim/parts/memory.h"

typedef struct { sim_component_id id; uint32_t slot; hr_time by, until; } stop;

static bool is_of(const sim_world *w, const sim_call *c, const stop *p) { (void)w; return c->callee == p->id && c->replica == p->slot; }

// Computations that a pause stops end so much later; what else is due meanwhile, at its end.
static hr_time moved(const sim_world *w, const sim_event *e, const void *self)
{
    const stop *p = self;
    const sim_service *s = SIM_STATE(w, const sim_service, p->id);
    if (e->component != p->id)
        return e->at;
    hr_time seen = hr_max_time(e->at, p->until);
    const sim_replica *r = sim_replica_at(w, s, p->slot);
    switch (e->what) {
    case SIM_SERVICE_SHARED: return SIM_AT(w, const sim_replica, e->subject) == r ? e->at + p->by : e->at;
    case SIM_SERVICE_RUN: {
        const sim_core_run *run = SIM_AT(w, const sim_core_run, e->subject), *first = SIM_AT(w, const sim_core_run, r->runs);
        return r->runs && run >= first && run < first + r->core_count ? e->at + p->by : e->at;
    }
    case SIM_SERVICE_CORE: return is_of(w, sim_call_at(w, e->subject), p) ? e->at + p->by : e->at;
    case SIM_SERVICE_STEP: case SIM_SERVICE_PATIENCE: case SIM_SERVICE_RETRY: case SIM_SERVICE_HEDGE: case SIM_SERVICE_POLL: case SIM_SERVICE_HEEDED:
        return is_of(w, sim_call_at(w, e->subject), p) ? seen : e->at;
    case SIM_SERVICE_TIMEOUT: case SIM_SERVICE_SEEN: {
        const sim_call *c = sim_call_at(w, e->subject);
        const sim_call *asker = c->flags & SIM_CALL_PART ? c : c->parent ? sim_call_at(w, c->parent) : NULL;
        return asker && is_of(w, asker, p) ? seen : e->at;
    }
    default: return e->what == SIM_SERVICE_HEARS + p->slot ? seen : e->at;
    }
}

static void pause_until(sim_world *w, sim_component_id id, uint32_t slot, hr_time until)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_at(w, s, slot);
    hr_time from = r->is_paused ? r->resumes : w->now;             // one that is paused already stays so for longer
    if (until <= from)
        return;
    r->is_paused = 1;
    r->resumes = until;
    const stop p = {id, slot, until - from, until};
    if (s->sharing)
        sim_sharing_stop(w, r, p.by);
    for (uint32_t i = 0; r->runs && i < r->core_count; i++)
        (SIM_AT(w, sim_core_run, r->runs) + i)->ends += p.by;
    sim_events_move(w, moved, &p);
}

// An answer for a replica that is paused is seen when it goes on.
void sim_service_back(sim_world *w, sim_component_id id, sim_ref child)
{
    sim_call *c = sim_call_at(w, child);
    const sim_replica *r = w->faulty & SIM_FAULTY_PAUSE ? sim_replica_of(w, sim_call_at(w, c->parent)) : NULL;
    if (!r || !r->is_paused) {
        sim_handler_back(w, id, child);
        return;
    }
    w->parts_live++;                           // it is over no link any more, nor at its callee, whatever becomes of that
    c->link = 0;
    sim_schedule(w, r->resumes, id, SIM_SERVICE_SEEN, child, c->generation);
}

void sim_service_seen(sim_world *w, sim_component_id id, sim_ref child)
{
    w->parts_live--;
    if (sim_call_at(w, child)->flags & SIM_CALL_ABANDONED)
        sim_call_free(w, child);
    else
        sim_handler_back(w, id, child);
}

HR_APART hr_time sim_service_slowed(const sim_world *w, const sim_call *c, hr_time time)
{
    const sim_replica *r = sim_replica_of(w, c);
    return r->slow > 0 ? hr_times(time, r->slow) : time;
}

static void die(sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    if (s->lives) {
        sim_lives_replace(w, id, slot);
        return;
    }
    if (s->memory)
        sim_memory_forget(w, id, slot);
    sim_service_cut(w, id, slot, SIM_lost);    // callers may ask again at once: last
}

void sim_service_fault(sim_world *w, sim_component_id id, uint32_t slot, const sim_force *force)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    sim_replica *r = sim_replica_at(w, s, slot);
    bool was_down = r->down, was_killed = r->down & SIM_DOWN_FAULT;
    r->slow = force->slow > 1 ? force->slow : 0;
    if (force->paused)
        pause_until(w, id, slot, force->resumes);
    else if (r->is_paused) {
        r->is_paused = 0;
        sim_service_hand_out_cores(w, id, slot);           // it may have got some meanwhile
        sim_service_hand_out(w, id, slot);
    }
    r->down = (uint8_t)((r->down & SIM_DOWN_CRASH) | (force->down && !s->lives ? SIM_DOWN_FAULT : 0));
    if (force->dies && !was_down)
        die(w, id, slot);
    else if (was_killed && !r->down)
        sim_service_is_up(w, id, slot);
}

static bool is_there(const sim_world *w, sim_component_id id, uint32_t slot)
{
    const sim_service *s = SIM_STATE(w, const sim_service, id);
    return s->lives ? sim_lives_is_ready(w, id, slot) : !sim_replica_at(w, s, slot)->down;
}

uint32_t sim_fault_choose(const sim_world *w, sim_component_id id, double u)
{
    if (sim_component_at(w, id)->kind != SIM_PART_service)
        return 0;
    uint32_t slots = SIM_STATE(w, const sim_service, id)->replica_count, count = 0;
    for (uint32_t i = 0; i < slots; i++)
        count += is_there(w, id, i);
    uint32_t nth = (uint32_t)(u * count);
    for (uint32_t i = 0; i < slots && count; i++)
        if (is_there(w, id, i) && nth-- == 0)
            return i;
    return 0;
}
