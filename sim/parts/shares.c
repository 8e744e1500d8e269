// sim/parts/shares.c - see shares.h: a binary heap.
#include "sim/parts/shares.h"

static bool before(const sim_share *a, const sim_share *b)
{
    return a->done_at < b->done_at || (a->done_at <= b->done_at && a->order < b->order);
}

void sim_shares_push(sim_world *w, sim_shares *s, double done_at, sim_ref call)
{
    if (s->count == s->room) {
        uint32_t room = s->room ? s->room * 2 : 16;
        s->heap = sim_grow(w, s->heap, s->room * sizeof(sim_share), room * sizeof(sim_share));
        s->room = room;
    }
    sim_share *heap = SIM_AT(w, sim_share, s->heap), share = {done_at, call, s->order++};
    uint32_t i = s->count++;
    for (; i > 0 && before(&share, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = share;
}

sim_ref sim_shares_pop(sim_world *w, sim_shares *s)
{
    sim_share *heap = SIM_AT(w, sim_share, s->heap), last = heap[--s->count];
    sim_ref call = heap[0].call;
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < s->count; i = child) {
        if (child + 1 < s->count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return call;
}

void sim_shares_check(const sim_world *w, const sim_shares *s)
{
    const sim_share *heap = SIM_AT(w, const sim_share, s->heap);
    for (uint32_t i = 1; i < s->count; i++)
        SIM_ASSERT(w, !before(&heap[i], &heap[(i - 1) / 2]));
}
