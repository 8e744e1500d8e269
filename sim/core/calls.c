// sim/core/calls.c - calls: the memory that they lie in, walks over all of them, and what their ways inline in calls.h leave apart.
#include "sim/core/calls.h"

typedef struct { sim_ref next; uint32_t count; } call_chunk;       // and behind it the calls
enum { CALL_UNITS = (sizeof(sim_call) + 7) >> 3, CHUNK_UNITS = sizeof(call_chunk) >> 3 };

// A chunk at a time, doubling: no waste in small worlds, few steps in large ones.
HR_APART void sim_calls_more(sim_world *w)
{
    sim_ref chunk = sim_take(w, w->call_chunk_bytes);
    uint32_t count = ((w->call_chunk_bytes >> 3) - CHUNK_UNITS) / CALL_UNITS;
    *SIM_AT(w, call_chunk, chunk) = (call_chunk){w->call_chunks, count};
    w->call_chunks = chunk;
    for (uint32_t i = count; i-- > 0;) {
        sim_ref call = chunk + CHUNK_UNITS + i * CALL_UNITS;
        sim_call_at(w, call)->next = w->free_call;
        w->free_call = call;
    }
    if (w->call_chunk_bytes < 1u << 20)
        w->call_chunk_bytes *= 2;
}

// The free ones are marked first, by a callee that there is not: so freeing a call costs no mark.
enum { NOBODY = UINT16_MAX };

sim_call_walk sim_calls_walk(sim_world *w)
{
    for (sim_ref call = w->free_call; call; call = sim_call_at(w, call)->next)
        sim_call_at(w, call)->callee = NOBODY;
    return (sim_call_walk){w->call_chunks, 0};
}

sim_ref sim_calls_next(const sim_world *w, sim_call_walk *walk)
{
    for (; walk->chunk; *walk = (sim_call_walk){SIM_AT(w, const call_chunk, walk->chunk)->next, 0})
        while (walk->at < SIM_AT(w, const call_chunk, walk->chunk)->count) {
            sim_ref call = walk->chunk + CHUNK_UNITS + walk->at++ * CALL_UNITS;
            if (sim_call_at(w, call)->callee != NOBODY)
                return call;
        }
    return 0;
}

HR_APART void sim_note_tell(const sim_world *w, sim_note_kind what, sim_ref call, sim_outcome status)
{
    const sim_call *c = sim_call_at(w, call);
    uint16_t from = c->parent ? sim_call_at(w, c->parent)->replica : 0;
    sim_note n = {(uint8_t)what, (uint8_t)status, c->caller, c->callee, from, c->replica, call};
    w->host->observe(w->host->observer, w, &n);
}

// --- calls on their way -------------------------------------------------------------------------------------------------

HR_APART bool sim_call_is_carried(sim_world *w, sim_ref call, bool is_answer)
{
    if (!sim_kind_of(w, w->network)->carry(w, w->network, call, is_answer))
        return false;
    sim_call *c = sim_call_at(w, call);
    sim_link *link = SIM_AT(w, sim_link, c->link);
    ++*(is_answer ? &link->coming : &link->going);
    c->link = 0;
    return true;
}

// The workload of the request hears of an answer that is dropped. What no request causes belongs to another kind, or to nobody.
static void tell_unwanted(sim_world *w, sim_ref call)
{
    uint64_t by = sim_call_at(w, call)->request >> 48;
    if (by < w->component_count && sim_kind_of(w, (sim_component_id)by)->unwanted)
        sim_kind_of(w, (sim_component_id)by)->unwanted(w, (sim_component_id)by, call);
}

HR_APART void sim_call_drop(sim_world *w, sim_ref call)
{
    SIM_AT(w, sim_link, sim_call_at(w, call)->link)->dropped++;
    tell_unwanted(w, call);
    sim_call_free(w, call);
}

void sim_call_arrive(sim_world *w, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->link = sim_link_between(w, c->caller, c->callee);
    c->since = w->now;
    SIM_AT(w, sim_link, c->link)->going--;
    sim_call_hand_over(w, call, c->callee, false);
}

// A call without a link is with neither side: not sent yet, on its way, or answered.
void sim_call_cancel(sim_world *w, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    if (c->cancelled || !sim_kind_of(w, c->callee)->cancel)
        return;
    if (w->network && sim_kind_of(w, w->network)->tell(w, w->network, call))
        c->cancelled = SIM_CANCEL_SENT;
    else if (c->link)
        sim_call_cancelled(w, call);
}

void sim_call_cancelled(sim_world *w, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->cancelled = SIM_CANCEL_THERE;
    sim_kind_of(w, c->callee)->cancel(w, c->callee, call);
}

void sim_call_return(sim_world *w, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->link = sim_link_between(w, c->caller, c->callee);
    SIM_AT(w, sim_link, c->link)->coming--;
    sim_call_hand_back(w, call, false);
}

void sim_leaf_done(sim_world *w, sim_component_id component, sim_ref call)
{
    sim_kind_of(w, component)->done(w, component, call);
}
