// sim/parts/line.c - a queue of calls by one of the disciplines, which calls may leave from the middle.
// * With priorities it knows the last call of each, so joining costs the same however many wait. By deadline who comes looks for its
//   place from the end, where it mostly is.
#include "sim/parts/service.h"

void sim_line_make(sim_line *q, sim_discipline discipline, hr_time lifo_after, bool leaving)
{
    q->discipline = discipline;
    q->lifo_after = lifo_after;
    q->is_plain = discipline == SIM_DISCIPLINE_fifo && !leaving;
    q->both_ways = leaving || discipline == SIM_DISCIPLINE_adaptive_lifo || discipline == SIM_DISCIPLINE_deadline;
}

// Puts `call` behind `before`, or at the head when that is 0.
static void insert(sim_world *w, sim_line *q, sim_ref call, sim_ref before)
{
    sim_call *c = sim_call_at(w, call);
    sim_ref *link = before ? &sim_call_at(w, before)->next : &q->fifo.head;
    c->next = *link;
    *link = call;
    if (q->both_ways)
        c->previous = before;
    if (!c->next)
        q->fifo.tail = call;
    else if (q->both_ways)
        sim_call_at(w, c->next)->previous = call;
    sim_level_up(w, &q->fifo.length);
}

// The last who waits of a priority of at least `least`, or 0.
static sim_ref last_from(const sim_line *q, unsigned least)
{
    for (unsigned p = least; p < SIM_PRIORITIES; p++)
        if (q->last[p])
            return q->last[p];
    return 0;
}

// The last who waits that is not later than `deadline`, or 0.
static sim_ref last_due(const sim_world *w, const sim_line *q, hr_time deadline)
{
    sim_ref at = q->fifo.tail;
    while (at && sim_call_at(w, at)->deadline > deadline)
        at = at == q->fifo.head ? 0 : sim_call_at(w, at)->previous;    // of the first, that may have been served
    return at;
}

HR_APART void sim_line_insert(sim_world *w, sim_line *q, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    if (!q->fifo.head)
        q->busy_since = w->now;
    switch ((sim_discipline)q->discipline) {
    case SIM_DISCIPLINE_lifo: insert(w, q, call, 0); break;
    case SIM_DISCIPLINE_deadline: insert(w, q, call, last_due(w, q, c->deadline)); break;
    case SIM_DISCIPLINE_priority:
        insert(w, q, call, last_from(q, c->priority));
        q->last[c->priority] = call;
        break;
    default: insert(w, q, call, q->fifo.tail); break;
    }
}

void sim_line_push_first(sim_world *w, sim_line *q, sim_ref call)
{
    SIM_CHECK(w, q->discipline == SIM_DISCIPLINE_priority);
    unsigned priority = sim_call_at(w, call)->priority;
    insert(w, q, call, last_from(q, priority + 1));
    if (!q->last[priority])
        q->last[priority] = call;
}

HR_APART sim_ref sim_line_remove(sim_world *w, sim_line *q)
{
    bool newest = q->discipline == SIM_DISCIPLINE_adaptive_lifo && q->fifo.head && w->now - q->busy_since >= q->lifo_after;
    sim_ref call = newest ? q->fifo.tail : sim_fifo_pop(w, &q->fifo);
    if (newest)
        sim_line_leave(w, q, call);
    if (q->discipline == SIM_DISCIPLINE_priority && call && q->last[sim_call_at(w, call)->priority] == call)
        q->last[sim_call_at(w, call)->priority] = 0;
    return call;
}

void sim_line_leave(sim_world *w, sim_line *q, sim_ref call)
{
    SIM_ASSERT(w, q->both_ways);
    const sim_call *c = sim_call_at(w, call);
    sim_ref before = q->fifo.head == call ? 0 : c->previous;       // who was before it may have been served
    *(before ? &sim_call_at(w, before)->next : &q->fifo.head) = c->next;
    if (c->next)
        sim_call_at(w, c->next)->previous = before;
    else
        q->fifo.tail = before;
    if (q->discipline == SIM_DISCIPLINE_priority && q->last[c->priority] == call)
        q->last[c->priority] = before && sim_call_at(w, before)->priority == c->priority ? before : 0;
    sim_level_down(w, &q->fifo.length);
}

// Nobody waits behind a call of lower priority or later deadline, the last of each priority is known, and links and length are right.
void sim_line_check(const sim_world *w, const sim_line *q)
{
    unsigned least = SIM_PRIORITIES - 1;
    uint32_t count = 0;
    for (sim_ref call = q->fifo.head, before = 0; call; before = call, call = sim_call_at(w, call)->next, count++) {
        const sim_call *c = sim_call_at(w, call);
        SIM_ASSERT(w, !q->both_ways || !before || c->previous == before);
        SIM_ASSERT(w, c->next || q->fifo.tail == call);
        SIM_ASSERT(w, q->discipline != SIM_DISCIPLINE_deadline || !before || sim_call_at(w, before)->deadline <= c->deadline);
        if (q->discipline != SIM_DISCIPLINE_priority)
            continue;
        bool ends = !c->next || sim_call_at(w, c->next)->priority != c->priority;
        SIM_ASSERT(w, c->priority <= least && (q->last[c->priority] == call) == ends);
        least = c->priority;
    }
    SIM_ASSERT(w, count == q->fifo.length.level && (count > 0 || !q->fifo.tail) && !(q->is_plain && q->both_ways));
}
