// sim/parts/workload.c - requests from outside: open-loop arrivals on an intended schedule, users in a closed loop or sessions, keys,
// a deadline, and the record of it all.
// * Latency counts from the intended start. Answered and timed-out requests are in the histogram; refused and failed ones are only
//   counted, for a quick error would flatter the latency.
// * In a closed loop a user thinks, asks, waits for the answer (or gives up) and thinks again: it asks less often when answers are slow.
//   Turn t of user u is request t * users + u, so that the same turn has the same draws whatever happened before.
// * Partly open: sessions arrive whatever happens; each asks a geometric number of times, waiting and thinking in between (Schroeder,
//   Wierman and Harchol-Balter 2006). Turn t of session s is request s * 2^TURN_BITS + t.
// * Deadlines of one workload fall due in order of arrival, so a ring and one timer serve them all.
#include <string.h>

#include "sim/core/laws.h"
#include "sim/parts/parts.h"

enum { ARRIVAL, DEADLINE, TURN, LATE, CANCEL };       // LATE: a request is sent after its time

typedef struct { sim_ref call; uint32_t generation; hr_time at; } deadline;

enum { TURN_BITS = 12 };                       // of a session: with 100 turns on average, more come once in 10^17

typedef struct {
    sim_arrivals arrivals;
    uint32_t users;
    uint8_t  has_sessions, goes_on, is_plain, unused; // bools; goes_on: whoever has got an answer asks again; is_plain: see asks_plainly
    double   log_stay;                         // of the chance that a session asks once more; 0: never
    sim_dist think;
    uint16_t target, operation;
    sim_keys keys;
    uint32_t size_bytes, priority;
    sim_ref  sizes, operations;                // uint32_t and uint16_t [trace_rows], of a trace that has them
    uint32_t trace_rows;
    uint32_t stream_key, stream_think, stream_session;
    hr_time  timeout, objective;
    uint64_t next_arrival;                     // number of the request, or of the session
    sim_ref  ring;                             // deadline[ring_room], a power of two
    uint32_t ring_head, ring_count, ring_room;
    uint32_t timer_set;
    uint32_t cancels;                          // bool: who stops waiting tells
    uint64_t offered, outcome[SIM_OUTCOME_COUNT], stale, reads, wasted;
    double   stale_age_s;
    hr_time  stale_age_most;
    uint64_t knows_age;                        // bool: the database remembers when versions were committed
    uint64_t sampled_offered, sampled_good, sampled_bad;
    sim_level in_flight;
    uint64_t asked, unsent, given_up;          // since time zero, for the laws; unsent: late, of those asked
    sim_ref  latency, before, lateness;        // histograms; `before`: `latency` when the recent quantiles were last taken
    hr_time  before_at;
    float    recent_p50_ms, recent_p99_ms;
} workload;

static const char *const gauges[] = {"offered_per_s", "good_per_s", "bad_per_s", "p50_ms", "p99_ms", "in_flight", NULL};

static size_t demand(const void *def)
{
    const sim_workload_def *d = def;
    const sim_trace_def *trace = d->arrivals.trace;
    const size_t row = sizeof *trace->time + sizeof *trace->key + sizeof *trace->size + sizeof *trace->op;
    return d->users * sizeof(sim_event) + (trace ? trace->rows * row : 0);
}

static sim_ref copy_in(sim_world *w, const void *from, size_t bytes)
{
    sim_ref ref = sim_take(w, bytes);
    memcpy(SIM_AT(w, char, ref), from, bytes);
    return ref;
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_workload_def *d = def;
    const sim_trace_def *trace = d->arrivals.trace;
    workload *s = SIM_STATE(w, workload, id);
    s->users = d->users;
    s->has_sessions = d->per_session > 0;
    s->goes_on = s->users || s->has_sessions;
    if (d->per_session > 1)
        s->log_stay = sim_log(1 - 1 / d->per_session);
    if (s->goes_on)
        s->think = sim_dist_place(w, &d->think);
    if (!s->users)
        s->arrivals = sim_arrivals_place(w, id, &d->arrivals);
    s->target = d->target;
    s->operation = d->operation;
    s->keys = sim_keys_place(w, &d->keys);
    s->size_bytes = d->size_bytes;
    s->priority = d->priority;
    s->timeout = d->timeout;
    s->objective = d->objective;
    s->cancels = d->cancels;
    s->trace_rows = trace ? trace->rows : 0;
    s->sizes = trace && trace->size ? copy_in(w, trace->size, trace->rows * sizeof *trace->size) : 0;
    s->operations = trace && trace->op ? copy_in(w, trace->op, trace->rows * sizeof *trace->op) : 0;
    s->stream_key = sim_stream(w, id, SIM_DRAW_KEY);
    s->stream_think = sim_stream(w, id, SIM_DRAW_THINK);
    s->stream_session = sim_stream(w, id, SIM_DRAW_SESSION);
    s->latency = sim_take(w, sizeof(sim_histogram));
    s->before = sim_take(w, sizeof(sim_histogram));
}

static void schedule_arrival(sim_world *w, sim_component_id id, workload *s, hr_time after)
{
    hr_time at = sim_arrivals_next(w, &s->arrivals, s->next_arrival, after);
    if (HR_MOSTLY(at < w->arrivals_end))
        sim_schedule(w, at, id, ARRIVAL, 0, 0);
}

// Somebody thinks, from now on, and then makes the request of this number.
static void schedule_turn(sim_world *w, sim_component_id id, uint64_t number)
{
    const workload *s = SIM_STATE(w, const workload, id);
    hr_time at = w->now + sim_dist_time(w, &s->think, s->stream_think, number, 0);
    if (at < w->arrivals_end)
        sim_schedule(w, at, id, TURN, (sim_ref)(number >> 32), (uint32_t)number);
}

static void start(sim_world *w, sim_component_id id)
{
    if (w->on_wall_clock)
        SIM_STATE(w, workload, id)->lateness = sim_take(w, sizeof(sim_histogram));
    workload *s = SIM_STATE(w, workload, id);
    s->knows_age = w->has_truth && sim_database_has_history(w, w->truth);
    s->is_plain = s->arrivals.is_drawn_ahead && !s->goes_on && s->keys.kind == SIM_KEYS_one && !s->trace_rows && !w->has_truth && !s->lateness;
    if (!s->users)
        schedule_arrival(w, id, s, w->now);
    for (uint32_t user = 0; user < s->users; user++)
        schedule_turn(w, id, user);
}

static HR_APART void make_room(sim_world *w, workload *s)
{
    uint32_t room = s->ring_room ? s->ring_room * 2 : 64;
    sim_ref ring = sim_take(w, room * sizeof(deadline));
    for (uint32_t i = 0; i < s->ring_count; i++)
        SIM_AT(w, deadline, ring)[i] = SIM_AT(w, deadline, s->ring)[(s->ring_head + i) & (s->ring_room - 1)];
    sim_give(w, s->ring, s->ring_room * sizeof(deadline));
    s->ring = ring;
    s->ring_head = 0;
    s->ring_room = room;
}

// `plain`: there is room, and the timer is set.
HR_CLOSE void push_deadline(sim_world *w, sim_component_id id, workload *s, sim_ref call, hr_time at, const bool plain)
{
    if (!plain && s->ring_count == s->ring_room)
        make_room(w, s);
    sim_call_at(w, call)->deadline = at;
    SIM_AT(w, deadline, s->ring)[(s->ring_head + s->ring_count++) & (s->ring_room - 1)] = (deadline){call, sim_call_at(w, call)->generation, at};
    if (!plain && !s->timer_set) {
        s->timer_set = 1;
        sim_schedule(w, at, id, DEADLINE, 0, 0);
    }
}

static HR_APART void follow_trace(const sim_world *w, const workload *s, sim_call *c, uint64_t number)
{
    uint64_t row = number % s->trace_rows;
    if (s->operations)
        c->operation = SIM_AT(w, const uint16_t, s->operations)[row];
    if (s->sizes)
        c->size_bytes = SIM_AT(w, const uint32_t, s->sizes)[row];
}

// The call goes out after its time.
static HR_APART void send_later(sim_world *w, sim_component_id id, sim_ref call, hr_time late)
{
    SIM_STATE(w, workload, id)->unsent++;
    sim_schedule(w, w->now + late, id, LATE, call, sim_call_at(w, call)->generation);
}

HR_CLOSE void ask(sim_world *w, sim_component_id id, workload *s, uint64_t number, hr_time intended, const bool plain)
{
    sim_ref ref = plain ? sim_call_reuse(w) : sim_call_new(w);
    sim_call *c = sim_call_at(w, ref);
    c->request = (uint64_t)id << 48 | number;
    c->key = plain ? 0 : sim_keys_draw(w, &s->keys, s->stream_key, number);
    c->started = intended;
    c->since = w->now;
    c->caller = id;
    c->operation = s->operation;
    c->size_bytes = s->size_bytes;
    c->priority = (uint8_t)s->priority;
    if (!plain && s->trace_rows)
        follow_trace(w, s, c, number);
    if (!plain && w->has_truth)
        c->floor = sim_database_version(w, w->truth, c->key);
    if (intended >= w->window_from && intended < w->window_to) {
        c->flags |= SIM_CALL_COUNTED;
        s->offered++;
        if (!plain && s->lateness)
            sim_histogram_add(SIM_AT(w, sim_histogram, s->lateness), w->now - intended);
    }
    sim_level_up(w, &s->in_flight);
    s->asked++;
    if (s->timeout != HR_FOREVER)
        push_deadline(w, id, s, ref, intended + s->timeout, plain);
    hr_time late = plain ? 0 : sim_lateness(w, id, number, 0);
    if (HR_SELDOM(late))
        send_later(w, id, ref, late);
    else
        sim_call_send_so(w, ref, s->target, 0, plain);
}

static HR_APART void send_late(sim_world *w, sim_component_id id, sim_ref call)
{
    workload *s = SIM_STATE(w, workload, id);
    s->unsent--;
    sim_call_at(w, call)->since = w->now;
    sim_call_send(w, call, s->target, 0);
}

// Whether the request of this number is like most: of an arrival that comes by a gap which has been drawn, with nothing to look up and room for all.
HR_CLOSE bool asks_plainly(const sim_world *w, const workload *s, uint64_t number)
{
    return HR_MOSTLY(s->is_plain && sim_world_is_plain(w) && w->free_call && sim_arrivals_has_gap(number + 1) &&
                     (s->timeout == HR_FOREVER || (s->timer_set && s->ring_count < s->ring_room)));
}

static HR_APART void arrive_otherwise(sim_world *w, sim_component_id id, hr_time intended)
{
    workload *s = SIM_STATE(w, workload, id);
    uint64_t number = s->next_arrival++;
    schedule_arrival(w, id, s, intended);
    ask(w, id, s, s->has_sessions ? number << TURN_BITS : number, intended, false);
}

HR_CLOSE void arrive(sim_world *w, sim_component_id id, hr_time intended)
{
    workload *s = SIM_STATE(w, workload, id);
    if (!asks_plainly(w, s, s->next_arrival)) {
        arrive_otherwise(w, id, intended);
        return;
    }
    uint64_t number = s->next_arrival++;
    hr_time next = intended + sim_arrivals_gap(&s->arrivals, number + 1);
    if (HR_MOSTLY(next < w->arrivals_end))
        sim_schedule_first(w, next, id, ARRIVAL, 0, 0);
    ask(w, id, s, number, intended, true);
}

// Whether the session of this request asks once more: how often it does is a draw of its own, geometric by inversion.
static bool stays(const sim_world *w, const workload *s, uint64_t number)
{
    uint64_t turn = number & ((1u << TURN_BITS) - 1);
    if (s->log_stay == 0 || turn == (1u << TURN_BITS) - 1)
        return false;
    double u = sim_unit(sim_random(w->seed, s->stream_session, number >> TURN_BITS, 0).word[0]);
    return sim_log(u) < s->log_stay * (double)(turn + 1);
}

// The request of a user or session is over: they go on.
static void go_on(sim_world *w, sim_component_id id, sim_ref call)
{
    const workload *s = SIM_STATE(w, const workload, id);
    uint64_t number = sim_call_at(w, call)->request & 0xFFFFFFFFFFFFu;
    if (s->users)
        schedule_turn(w, id, number + s->users);
    else if (stays(w, s, number))
        schedule_turn(w, id, number + 1);
}

// The answer has a version. How long before the request started it had been overtaken.
static void note_read(const sim_world *w, workload *s, const sim_call *c)
{
    s->reads++;
    if (c->version >= c->floor)
        return;
    s->stale++;
    if (!s->knows_age)
        return;
    hr_time age = c->started - sim_database_overtaken(w, w->truth, c->key, c->version);
    s->stale_age_s += (double)age * 1e-9;
    s->stale_age_most = hr_max_time(s->stale_age_most, age);
}

// A request has ended, answered or given up: counts how. Returns the outcome.
static inline sim_outcome record(const sim_world *w, workload *s, const sim_call *c, sim_outcome outcome)
{
    hr_time latency = w->now - c->started;
    sim_level_down(w, &s->in_flight);
    if (outcome == SIM_ok && latency > s->objective)
        outcome = SIM_late;
    if (HR_MOSTLY(c->flags & SIM_CALL_COUNTED)) {
        s->outcome[outcome]++;
        if (outcome <= SIM_timeout)
            sim_histogram_add(SIM_AT(w, sim_histogram, s->latency), latency);
    }
    return outcome;
}

// What else follows from that in some worlds: somebody watches, what was read may be stale, its user goes on.
static HR_APART void follow_up(sim_world *w, sim_component_id id, sim_ref call, sim_outcome outcome)
{
    workload *s = SIM_STATE(w, workload, id);
    const sim_call *c = sim_call_at(w, call);
    sim_note_call(w, SIM_NOTE_END, call, outcome);
    if (c->version && c->flags & SIM_CALL_COUNTED && outcome <= SIM_late)
        note_read(w, s, c);
    if (s->goes_on)
        go_on(w, id, call);
}

static HR_APART void follow_up_and_free(sim_world *w, sim_component_id id, sim_ref call, sim_outcome outcome)
{
    follow_up(w, id, call, outcome);
    sim_call_free(w, call);
}

static void reply(sim_world *w, sim_component_id id, sim_ref call)
{
    workload *s = SIM_STATE(w, workload, id);
    const sim_call *c = sim_call_at(w, call);
    sim_outcome outcome = record(w, s, c, (sim_outcome)c->status);
    if (HR_SELDOM(w->host || c->version || s->goes_on))
        follow_up_and_free(w, id, call, outcome);
    else
        sim_call_free(w, call);
}

static HR_APART void expire(sim_world *w, sim_component_id id)
{
    workload *s = SIM_STATE(w, workload, id);
    while (s->ring_count) {
        deadline d = SIM_AT(w, deadline, s->ring)[s->ring_head];
        sim_call *c = sim_call_at(w, d.call);
        bool answered = c->generation != d.generation;
        if (!answered && d.at > w->now) {
            sim_schedule(w, d.at, id, DEADLINE, 0, 0);
            return;
        }
        s->ring_head = (s->ring_head + 1) & (s->ring_room - 1);
        s->ring_count--;
        if (answered)
            continue;
        follow_up(w, id, d.call, record(w, s, c, SIM_timeout));
        s->given_up++;
        c->flags |= SIM_CALL_ABANDONED;        // unless the callee is told it works on
        if (s->cancels)
            sim_schedule(w, w->now, id, CANCEL, d.call, d.generation);
    }
    s->timer_set = 0;
}

static void unwanted(sim_world *w, sim_component_id id, sim_ref call)
{
    const sim_call *c = sim_call_at(w, call);
    SIM_STATE(w, workload, id)->wasted += c->status == SIM_ok && c->flags & SIM_CALL_COUNTED;
}

static HR_APART void cancel_request(sim_world *w, const sim_event *event)
{
    if (sim_call_at(w, event->subject)->generation == event->generation)
        sim_call_cancel(w, event->subject);
}

static HR_APART void take_turn(sim_world *w, sim_component_id id, const sim_event *event)
{
    ask(w, id, SIM_STATE(w, workload, id), (uint64_t)event->subject << 32 | event->generation, event->at, false);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event)
{
    if (HR_MOSTLY(event->what == ARRIVAL))
        arrive(w, id, event->at);
    else if (event->what == TURN)
        take_turn(w, id, event);
    else if (event->what == LATE)
        send_late(w, id, event->subject);
    else if (event->what == CANCEL)
        cancel_request(w, event);
    else
        expire(w, id);
}

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    workload *s = SIM_STATE(w, workload, id);
    double per_s = 1e9 / (double)step;
    uint64_t good = s->outcome[SIM_ok], bad = 0;
    for (int i = SIM_late; i < SIM_OUTCOME_COUNT; i++)
        bad += s->outcome[i];
    const sim_histogram *latency = SIM_AT(w, const sim_histogram, s->latency);
    sim_histogram *before = SIM_AT(w, sim_histogram, s->before);
    // Quantiles want a second's worth of requests, and enough of them to say something.
    if (w->now - s->before_at >= HR_SEC && latency->count >= before->count + 100) {
        static const double p[] = {0.50, 0.99};
        hr_time value[2];
        sim_histogram_advance(latency, before, p, 2, value);
        s->recent_p50_ms = (float)((double)value[0] * 1e-6);
        s->recent_p99_ms = (float)((double)value[1] * 1e-6);
        s->before_at = w->now;
    }
    out[0] = (float)((double)(s->offered - s->sampled_offered) * per_s);
    out[1] = (float)((double)(good - s->sampled_good) * per_s);
    out[2] = (float)((double)(bad - s->sampled_bad) * per_s);
    out[3] = s->recent_p50_ms;
    out[4] = s->recent_p99_ms;
    out[5] = (float)sim_level_sample(w, &s->in_flight, step);
    s->sampled_offered = s->offered;
    s->sampled_good = good;
    s->sampled_bad = bad;
}

static void reset(sim_world *w, sim_component_id id)
{
    workload *s = SIM_STATE(w, workload, id);
    s->stale_age_s = 0;
    s->stale_age_most = 0;
    s->offered = s->stale = s->reads = s->wasted = s->sampled_offered = s->sampled_good = s->sampled_bad = 0;
    for (int i = 0; i < SIM_OUTCOME_COUNT; i++)
        s->outcome[i] = 0;
    *SIM_AT(w, sim_histogram, s->latency) = (sim_histogram){0};
    *SIM_AT(w, sim_histogram, s->before) = (sim_histogram){0};
    if (s->lateness)
        *SIM_AT(w, sim_histogram, s->lateness) = (sim_histogram){0};
    sim_level_reset(w, &s->in_flight);
}

// Conservation: what was offered has ended in one way, or is still in flight.
static void check(const sim_world *w, sim_component_id id)
{
    const workload *s = SIM_STATE(w, workload, id);
    uint64_t ended = 0;
    for (int i = 0; i < SIM_OUTCOME_COUNT; i++)
        ended += s->outcome[i];
    SIM_ASSERT(w, ended <= s->offered && s->offered <= ended + s->in_flight.level);
    SIM_ASSERT(w, s->stale <= s->reads && s->reads <= s->outcome[SIM_ok] + s->outcome[SIM_late]);
    SIM_ASSERT(w, SIM_AT(w, const sim_histogram, s->latency)->count ==
                      s->outcome[SIM_ok] + s->outcome[SIM_late] + s->outcome[SIM_timeout]);
    SIM_ASSERT(w, sim_histogram_adds_up(SIM_AT(w, const sim_histogram, s->latency)));
}

static bool account(const sim_world *w, sim_component_id id, uint32_t station, sim_account *a)
{
    const workload *s = SIM_STATE(w, const workload, id);
    *a = (sim_account){.knows_sent = true, .sent = s->asked - s->unsent, .unsent = s->unsent, .waiting = s->in_flight.level, .given_up = s->given_up,
                       .level = {{"requests in flight <= users", &s->in_flight, s->users}}, .levels = 1};
    return station == 0;
}

uint64_t sim_workload_user(const sim_world *w, uint64_t request)
{
    sim_component_id id = (sim_component_id)(request >> 48);
    if (sim_component_at(w, id)->kind != SIM_PART_workload)
        return SIM_EVERYONE;                   // a cache that writes behind does so for nobody
    const workload *s = SIM_STATE(w, const workload, id);
    uint64_t number = request & 0xFFFFFFFFFFFFu;
    if (!s->goes_on)
        return SIM_EVERYONE;
    return (request >> 48) << 48 | (s->users ? number % s->users : number >> TURN_BITS);
}

sim_workload_view sim_workload_look(const sim_world *w, sim_component_id id)
{
    const workload *s = SIM_STATE(w, workload, id);
    sim_workload_view v = {.offered = s->offered, .stale = s->stale, .reads = s->reads, .wasted = s->wasted,
                           .knows_age = s->knows_age, .stale_age_s = s->stale_age_s, .stale_age_most = s->stale_age_most,
                           .latency = SIM_AT(w, const sim_histogram, s->latency),
                           .lateness = s->lateness ? SIM_AT(w, const sim_histogram, s->lateness) : NULL};
    for (int i = 0; i < SIM_OUTCOME_COUNT; i++)
        v.outcome[i] = s->outcome[i];
    return v;
}

const sim_kind sim_kind_workload = {
    .name = "workload", .summary = "requests from outside: arrivals, keys, timeouts; keeps latency and outcomes",
    .state_size = sizeof(workload), .def_size = sizeof(sim_workload_def), .gauges = gauges, .demand = demand, .build = build, .start = start,
    .reply = reply, .wake = wake, .unwanted = unwanted, .sample = sample, .reset = reset, .check = check, .account = account};
