// sim/core/calls.h - calls: made and freed, handed from callers to callees and back.
// * What every call passes is inline, and asks for what only some worlds have: a network, faults, late timers, a host.
// * In most worlds nothing of these stands between callers and callees. An operation may ask that once, before it does anything (sim_world_is_plain),
//   and then go the `plain` way, which asks no more and calls nothing that comes back: then nothing need be kept for it.
#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include "sim/core/world.h"

static inline sim_call *sim_call_at(const sim_world *w, sim_ref call) { return SIM_AT(w, sim_call, call); }
// By 16 bytes: for a struct of this size compilers write `rep stos`, which took 5 % of M/M/1's time.
static inline void sim_call_clear(sim_call *c)
{
    typedef uint64_t pair __attribute__((vector_size(16), aligned(8)));
    _Static_assert(sizeof *c == 6 * sizeof(pair), "all of a call");
    pair *at = (pair *)c;
    at[0] = at[1] = at[2] = at[3] = at[4] = at[5] = (pair){0};
}
// There is no free call.
void sim_calls_more(sim_world *w);
// For sim_call_new, and for who has seen that there is a free one.
static inline sim_ref sim_call_reuse(sim_world *w)
{
    sim_ref call = w->free_call;
    sim_call *c = sim_call_at(w, call);
    w->free_call = c->next;
    uint32_t generation = c->generation;
    sim_call_clear(c);
    c->generation = generation;
    c->deadline = HR_FOREVER;
    if (++w->calls_live > w->calls_peak)
        w->calls_peak = w->calls_live;
    return call;
}
static inline sim_ref sim_call_new(sim_world *w)
{
    if (HR_SELDOM(!w->free_call))
        sim_calls_more(w);
    return sim_call_reuse(w);
}
static inline void sim_call_free(sim_world *w, sim_ref call)
{
    sim_call *c = sim_call_at(w, call);
    c->generation++;
    c->next = w->free_call;
    w->free_call = call;
    w->calls_live--;
}
// Every call that is alive, for what seldom happens: a walk begins with sim_calls_walk and ends with 0. Freeing calls on the way is fine,
// making some is not.
typedef struct { sim_ref chunk; uint32_t at; } sim_call_walk;
sim_call_walk sim_calls_walk(sim_world *w);
sim_ref sim_calls_next(const sim_world *w, sim_call_walk *walk);
static inline sim_ref sim_link_between(const sim_world *w, sim_component_id caller, sim_component_id callee)
{
    return w->links + (caller * w->component_count + callee) * (uint32_t)(sizeof(sim_link) / 8);
}
static inline sim_link *sim_link_at(const sim_world *w, sim_component_id caller, sim_component_id callee)
{
    return SIM_AT(w, sim_link, sim_link_between(w, caller, callee));
}
// Of a world that `cancels`: the callee of `parent` has made `call` for that, or it is a part of it. The next of these behind `after` (0: the first) that is
// alive and waited for, in the order in which they were made; 0: no more. None may be made or freed on the way.
void    sim_call_adopt(sim_world *w, sim_ref parent, sim_ref call);
sim_ref sim_call_child(sim_world *w, sim_ref parent, sim_ref after);
// Timers of a call that lives on become stale.
void    sim_call_outdate(sim_world *w, sim_ref call);
void    sim_calls_check(const sim_world *w);
// Tells the callee that nobody waits for `call`, whose caller has it still out. From an event of its own, for other calls may go on at once.
void sim_call_cancel(sim_world *w, sim_ref call);
// For the kind whose `carry` has taken it: the call is at its callee, the answer is back at its caller, the callee hears that nobody waits.
void sim_call_arrive(sim_world *w, sim_ref call);
void sim_call_return(sim_world *w, sim_ref call);
void sim_call_cancelled(sim_world *w, sim_ref call);
// Tells the host's observer, if there is one.
void    sim_note_tell(const sim_world *w, sim_note_kind what, sim_ref call, sim_outcome status);
static inline void sim_note_call(const sim_world *w, sim_note_kind what, sim_ref call, sim_outcome status)
{
    if (HR_SELDOM(w->host && w->host->observe))
        sim_note_tell(w, what, call, status);
}
// For below: whether the call, or its answer, is on its way now (it is with neither side then, and counted at its link); the caller has stopped waiting.
bool sim_call_is_carried(sim_world *w, sim_ref call, bool is_answer);
void sim_call_drop(sim_world *w, sim_ref call);
// This world has no network, no faults of a kind that calls must look for, no late timers and no host.
static inline bool sim_world_is_plain(const sim_world *w) { return !(w->special | (uintptr_t)w->host); }
HR_CLOSE void sim_call_hand_over(sim_world *w, sim_ref call, sim_component_id callee, const bool plain)
{
    if (!plain)
        sim_note_call(w, SIM_NOTE_CALL, call, SIM_ok);
    sim_kind_of(w, callee)->offer(w, callee, call);
}
HR_CLOSE void sim_call_hand_back(sim_world *w, sim_ref call, const bool plain)
{
    const sim_call *c = sim_call_at(w, call);
    if (HR_SELDOM(c->flags & SIM_CALL_ABANDONED)) {
        sim_call_drop(w, call);
        return;
    }
    SIM_AT(w, sim_link, c->link)->answered++;
    if (!plain)
        sim_note_call(w, SIM_NOTE_REPLY, call, (sim_outcome)c->status);
    sim_kind_of(w, c->caller)->reply(w, c->caller, call);
}
HR_CLOSE void sim_call_send_so(sim_world *w, sim_ref call, sim_component_id callee, uint16_t replica, const bool plain)
{
    SIM_CHECK(w, !plain || sim_world_is_plain(w));
    sim_call *c = sim_call_at(w, call);
    c->callee = callee;
    c->replica = replica;
    c->link = sim_link_between(w, c->caller, callee);
    SIM_AT(w, sim_link, c->link)->sent++;
    if (plain || HR_MOSTLY(!w->network) || !sim_call_is_carried(w, call, false))
        sim_call_hand_over(w, call, callee, plain);
}
HR_CLOSE void sim_call_reply_so(sim_world *w, sim_ref call, sim_outcome status, const bool plain)
{
    SIM_CHECK(w, !plain || sim_world_is_plain(w));
    SIM_CHECK(w, sim_call_at(w, call)->link);  // else it has answered already
    sim_call_at(w, call)->status = (uint8_t)status;
    if (plain || HR_MOSTLY(!w->network) || !sim_call_is_carried(w, call, true))
        sim_call_hand_back(w, call, plain);
}
// Hands `call` to `callee` (its caller, operation … are set).
static inline void sim_call_send(sim_world *w, sim_ref call, sim_component_id callee, uint16_t replica) { sim_call_send_so(w, call, callee, replica, false); }
// The callee is finished: the caller gets `call` back, or, if it has stopped waiting, the call is freed.
static inline void sim_call_reply(sim_world *w, sim_ref call, sim_outcome status) { sim_call_reply_so(w, call, status, false); }
// The leaf work of a call has ended: status, version and flags are set. Called by timers and by live adapters.
void sim_leaf_done(sim_world *w, sim_component_id component, sim_ref call);
static inline const sim_leaf *sim_leaf_of(const sim_world *w, sim_component_id id)
{
    return w->host && w->host->leaf[id].begin ? &w->host->leaf[id] : NULL;
}

#endif
