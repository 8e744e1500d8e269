// sim/core/calls.c - calls: the memory that they lie in, walks over all of them, who was made for whom, and what their ways inline in calls.h leave apart.
#include "sim/core/calls.h"

typedef struct { sim_ref next; uint32_t count; } call_chunk;       // and behind it the calls
typedef struct {                               // behind each call of a world that `cancels`: what its slot has been adopted for
    sim_ref  parent, next, previous;           // 0: for nothing; others that were adopted by that
    sim_ref  first, last;                      // that were adopted by this one, or by another tenant of its slot
    uint32_t generation;                       // of the call that was adopted, while it lives
} kin;
enum { CALL_UNITS = (sizeof(sim_call) + 7) >> 3, CHUNK_UNITS = sizeof(call_chunk) >> 3, KIN_UNITS = sizeof(kin) >> 3 };
_Static_assert(sizeof(kin) % 8 == 0, "calls are aligned");

static uint32_t slot_units(const sim_world *w) { return w->cancels ? CALL_UNITS + KIN_UNITS : CALL_UNITS; }
static sim_ref slot_at(const sim_world *w, sim_ref chunk, uint32_t i) { return chunk + CHUNK_UNITS + i * slot_units(w); }
static call_chunk *chunk_at(const sim_world *w, sim_ref chunk) { return SIM_AT(w, call_chunk, chunk); }

// A chunk at a time, doubling: no waste in small worlds, few steps in large ones. As many in any world, so that walks meet them in the same order.
HR_APART void sim_calls_more(sim_world *w)
{
    uint32_t count = ((w->call_chunk_bytes >> 3) - CHUNK_UNITS) / CALL_UNITS;
    sim_ref chunk = sim_take(w, sizeof(call_chunk) + ((size_t)count * slot_units(w) << 3));
    *chunk_at(w, chunk) = (call_chunk){w->call_chunks, count};
    w->call_chunks = chunk;
    for (uint32_t i = count; i-- > 0;) {
        sim_ref call = slot_at(w, chunk, i);
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
    for (; walk->chunk; *walk = (sim_call_walk){chunk_at(w, walk->chunk)->next, 0})
        while (walk->at < chunk_at(w, walk->chunk)->count) {
            sim_ref call = slot_at(w, walk->chunk, walk->at++);
            if (sim_call_at(w, call)->callee != NOBODY)
                return call;
        }
    return 0;
}

// --- who was made for whom ----------------------------------------------------------------------------------------------
// A call that ends leaves its list as it is, so that ending costs nothing: it is taken out when its slot is adopted again, or when the list is looked through.

static kin *kin_of(const sim_world *w, sim_ref call) { return SIM_AT(w, kin, call + CALL_UNITS); }

static void disown(const sim_world *w, sim_ref call)
{
    kin *k = kin_of(w, call), *parent = kin_of(w, k->parent);
    *(k->previous ? &kin_of(w, k->previous)->next : &parent->first) = k->next;
    *(k->next ? &kin_of(w, k->next)->previous : &parent->last) = k->previous;
    k->parent = k->next = k->previous = 0;
}

void sim_call_adopt(sim_world *w, sim_ref parent, sim_ref call)
{
    kin *k = kin_of(w, call), *p = kin_of(w, parent);
    if (k->parent)
        disown(w, call);
    k->parent = parent;
    k->previous = p->last;
    *(p->last ? &kin_of(w, p->last)->next : &p->first) = call;
    p->last = call;
    k->generation = sim_call_at(w, call)->generation;
}

// Whether it is alive, and is still waited for: of a call that has been given up the parent may be another by now, and what an edge fetches may be for others.
static bool is_child(const sim_world *w, sim_ref call, sim_ref parent)
{
    const sim_call *c = sim_call_at(w, call);
    return c->generation == kin_of(w, call)->generation && c->parent == parent && c->caller == sim_call_at(w, parent)->callee && !(c->flags & SIM_CALL_ABANDONED);
}

sim_ref sim_call_child(sim_world *w, sim_ref parent, sim_ref after)
{
    sim_ref call = after ? kin_of(w, after)->next : kin_of(w, parent)->first;
    while (call && !is_child(w, call, parent)) {
        sim_ref next = kin_of(w, call)->next;
        disown(w, call);
        call = next;
    }
    return call;
}

void sim_call_outdate(sim_world *w, sim_ref call)
{
    uint32_t generation = sim_call_at(w, call)->generation++;
    if (w->cancels && kin_of(w, call)->generation == generation)
        kin_of(w, call)->generation++;
}

// Every slot that was adopted stands between its neighbours in the list of that.
void sim_calls_check(const sim_world *w)
{
    for (sim_ref chunk = w->cancels ? w->call_chunks : 0; chunk; chunk = chunk_at(w, chunk)->next)
        for (uint32_t i = 0; i < chunk_at(w, chunk)->count; i++) {
            sim_ref call = slot_at(w, chunk, i);
            const kin *k = kin_of(w, call), *p = kin_of(w, k->parent);
            if (!k->parent)
                continue;
            SIM_ASSERT(w, k->previous ? kin_of(w, k->previous)->next == call && kin_of(w, k->previous)->parent == k->parent : p->first == call);
            SIM_ASSERT(w, k->next ? kin_of(w, k->next)->previous == call && kin_of(w, k->next)->parent == k->parent : p->last == call);
        }
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
