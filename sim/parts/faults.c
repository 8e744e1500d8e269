// sim/parts/faults.c - see faults.h.
#include <math.h>

#include "sim/core/random.h"
#include "sim/parts/faults.h"
#include "sim/parts/network.h"

#define ON(kind) (1u << SIM_PART_##kind)
const sim_fault_row sim_fault_rows[] = {
#define SIM_FAULT(verb, of, kinds, uses, help) {#verb, kinds, uses, help},
#include "sim/parts/fault.def"
#undef SIM_FAULT
    {0}};

typedef struct {
    sim_dist every, takes, by;
    double   factor, share;
    hr_time  at, until, ends, begins;          // ends: of the present run; begins: the next one, HR_FOREVER: none that is known
    uint32_t verb, places, replicas;           // as in the def
    sim_ref  chosen;                           // uint64_t[]: a bit for each place that the present run is about
    uint16_t target, replica, shard;
    uint8_t  has_at, repeats, lasts, active;   // bool
    uint32_t runs;                             // begun since time zero
    uint32_t entry;                            // of the present run in the journal
} fault;

enum { BEGINS, ENDS, JOURNAL = 1000 };
enum { DRAW_EVERY, DRAW_TAKES, DRAW_REPLICA, DRAW_SHARD };     // ordinals

typedef struct {
    sim_ref  faults, journal;                  // fault[count]; sim_fault_run[JOURNAL]
    uint32_t count, stream, stream_by, runs, active, unused;
} faults;

static const char *const gauges[] = {"active", NULL};

static fault *fault_at(const sim_world *w, const faults *s, uint32_t i) { return SIM_AT(w, fault, s->faults) + i; }
static uint32_t words_of(uint32_t places) { return (places + 63) / 64; }

// Whether it is under way there.
static bool is_on(const sim_world *w, const fault *f, sim_component_id target, uint32_t place)
{
    return f->active && f->target == target && SIM_AT(w, const uint64_t, f->chosen)[place >> 6] >> (place & 63) & 1;
}

static void add_place(const sim_world *w, const fault *f, uint32_t place) { SIM_AT(w, uint64_t, f->chosen)[place >> 6] |= 1ull << (place & 63); }

static size_t demand(const void *def)
{
    const sim_faults_def *d = def;
    size_t bytes = JOURNAL * sizeof(sim_fault_run);
    for (uint32_t i = 0; i < d->count; i++)
        bytes += sizeof(fault) + words_of(d->faults[i].places) * sizeof(uint64_t);
    return bytes;
}

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_faults_def *d = def;
    faults *s = SIM_STATE(w, faults, id);
    s->count = d->count;
    s->stream = sim_stream(w, id, SIM_DRAW_FAULT);
    s->stream_by = sim_stream(w, id, SIM_DRAW_FAULT_BY);
    s->faults = sim_take(w, d->count * sizeof(fault));
    s->journal = sim_take(w, JOURNAL * sizeof(sim_fault_run));
    for (uint32_t i = 0; i < d->count; i++) {
        const sim_fault_def *f = &d->faults[i];
        fault made = {.every = sim_dist_place(w, &f->every), .takes = sim_dist_place(w, &f->takes), .by = sim_dist_place(w, &f->by), .factor = f->factor,
                      .share = f->share, .at = f->at, .until = f->until, .verb = f->verb, .places = f->places, .replicas = f->replicas, .target = f->target,
                      .replica = f->replica, .shard = f->shard, .has_at = f->has_at, .repeats = f->repeats, .lasts = f->lasts};
        made.chosen = sim_take(w, words_of(f->places) * sizeof(uint64_t));
        *fault_at(w, s, i) = made;
        for (uint32_t k = 0; f->ways && k < f->places; k++)
            if (f->ways[k])
                add_place(w, &made, k);
        w->faulty |= f->verb == SIM_FAULT_slow ? SIM_FAULTY_SLOW : f->verb == SIM_FAULT_pause ? SIM_FAULTY_PAUSE :
                     f->verb == SIM_FAULT_kill ? SIM_FAULTY_KILL : 0;
    }
}

static hr_time draw(const sim_world *w, const faults *s, uint32_t i, const sim_dist *dist, uint32_t ordinal)
{
    return sim_dist_time(w, dist, s->stream, (uint64_t)i << 32 | fault_at(w, s, i)->runs, ordinal);
}

static void begin_later(sim_world *w, sim_component_id id, uint32_t i)
{
    const faults *s = SIM_STATE(w, const faults, id);
    fault *f = fault_at(w, s, i);
    hr_time at = f->has_at && !f->runs ? f->at : w->now + draw(w, s, i, &f->every, DRAW_EVERY);
    f->begins = at < f->until ? at : HR_FOREVER;
    if (at < f->until)
        sim_schedule(w, at, id, BEGINS, i, 0);
}

static void start(sim_world *w, sim_component_id id)
{
    for (uint32_t i = 0; i < SIM_STATE(w, const faults, id)->count; i++)
        begin_later(w, id, i);
}

static void add_to(sim_force *force, const fault *f)
{
    const double most_lost = 0.99;             // of packets: TCP must get through some time
    switch (f->verb) {
    case SIM_FAULT_kill:
        force->down = true;
        force->back = hr_max_time(force->back, f->ends);
        break;
    case SIM_FAULT_pause:
        force->paused = true;
        force->resumes = hr_max_time(force->resumes, f->ends);
        break;
    case SIM_FAULT_slow: force->slow *= f->factor; break;
    case SIM_FAULT_full: force->full = true; break;
    case SIM_FAULT_partition:
        force->cut = true;
        force->whole = hr_max_time(force->whole, f->ends);
        break;
    case SIM_FAULT_delay: force->delayed = true; break;
    case SIM_FAULT_lose: force->lost = fmin(1 - (1 - force->lost) * (1 - f->share), most_lost); break;
    case SIM_FAULT_replay_pause: case SIM_FAULT_apply_delay: force->held = true; break;
    default: break;                            // a flush is over at once
    }
}

// All that is under way for a place.
static sim_force force_on(const sim_world *w, sim_component_id id, sim_component_id target, uint32_t place)
{
    const faults *s = SIM_STATE(w, const faults, id);
    sim_force force = {.slow = 1, .teller = id};
    for (uint32_t i = 0; i < s->count; i++)
        if (is_on(w, fault_at(w, s, i), target, place))
            add_to(&force, fault_at(w, s, i));
    return force;
}

// Tells the target of a fault that has begun or is over.
static void tell(sim_world *w, sim_component_id id, uint32_t i, bool begins)
{
    const fault *f = fault_at(w, SIM_STATE(w, const faults, id), i);
    sim_component_id target = f->target;
    for (uint32_t place = 0; place < f->places; place++) {
        if (!(SIM_AT(w, const uint64_t, f->chosen)[place >> 6] >> (place & 63) & 1))
            continue;
        sim_force force = force_on(w, id, target, place);
        force.dies = begins && f->verb == SIM_FAULT_kill;
        force.flushed = begins && f->verb == SIM_FAULT_flush;
        sim_kind_of(w, target)->fault(w, target, place, &force);
    }
}

// --- which one ------------------------------------------------------------------------------------------------------------

static double draw_unit(const sim_world *w, const faults *s, uint32_t i, uint32_t ordinal)
{
    return sim_unit(sim_random(w->seed, s->stream, (uint64_t)i << 32 | fault_at(w, s, i)->runs, ordinal).word[0]);
}

// One for a fault that does not say which.
static uint32_t draw_place(const sim_world *w, const faults *s, uint32_t i, uint32_t shard)
{
    const fault *f = fault_at(w, s, i);
    double u = draw_unit(w, s, i, DRAW_REPLICA);
    if (sim_component_at(w, f->target)->kind != SIM_PART_database)
        return sim_fault_choose(w, f->target, u);
    bool follows = sim_fault_rows[f->verb].uses & SIM_FAULT_STANDBY;
    return follows ? sim_database_follower(w, f->target, shard, u) : sim_database_primary(w, f->target, shard);
}

// The places of one shard that a run is about; what it says of them in the journal.
static uint16_t choose_in(const sim_world *w, const faults *s, uint32_t i, uint32_t shard)
{
    const fault *f = fault_at(w, s, i);
    uint32_t first = shard * f->replicas, from = first, to = first + f->replicas;
    if (f->replica != SIM_ALL_REPLICAS) {
        from = f->replica == SIM_ANY_REPLICA ? draw_place(w, s, i, shard) : first + f->replica;
        to = from + 1;
    }
    for (uint32_t place = from; place < to; place++)
        add_place(w, f, place);
    return f->replica == SIM_ALL_REPLICAS ? SIM_ALL_REPLICAS : (uint16_t)(from - first);
}

static void choose(const sim_world *w, const faults *s, uint32_t i, sim_fault_run *run)
{
    const fault *f = fault_at(w, s, i);
    run->replica = f->replica;
    run->shard = f->shard;
    if (sim_component_at(w, f->target)->kind == SIM_PART_network)
        return;                                // always the same links
    for (uint32_t word = 0; word < words_of(f->places); word++)
        SIM_AT(w, uint64_t, f->chosen)[word] = 0;
    if (f->shard == SIM_ALL_REPLICAS) {
        for (uint32_t shard = 0; shard * f->replicas < f->places; shard++)
            (void)choose_in(w, s, i, shard);
        return;
    }
    bool is_drawn = f->shard == SIM_ANY_REPLICA && f->places > f->replicas;
    run->shard = f->shard != SIM_ANY_REPLICA ? f->shard : is_drawn ? (uint16_t)sim_database_shard(w, f->target, draw_unit(w, s, i, DRAW_SHARD)) : 0;
    run->replica = choose_in(w, s, i, run->shard);
}

// --- runs -----------------------------------------------------------------------------------------------------------------

static void end(sim_world *w, sim_component_id id, uint32_t i)
{
    faults *s = SIM_STATE(w, faults, id);
    fault *f = fault_at(w, s, i);
    f->active = 0;
    s->active--;
    if (f->entry < JOURNAL)
        SIM_AT(w, sim_fault_run, s->journal)[f->entry].to = w->now;
    tell(w, id, i, false);
    if (f->repeats)
        begin_later(w, id, i);
}

static void begin(sim_world *w, sim_component_id id, uint32_t i)
{
    faults *s = SIM_STATE(w, faults, id);
    fault *f = fault_at(w, s, i);
    hr_time takes = f->lasts ? draw(w, s, i, &f->takes, DRAW_TAKES) : f->verb == SIM_FAULT_flush ? 0 : HR_FOREVER;
    sim_fault_run run = {.fault = (uint16_t)i, .from = w->now, .to = HR_FOREVER};
    choose(w, s, i, &run);
    f->ends = takes == HR_FOREVER ? HR_FOREVER : w->now + takes;
    f->begins = HR_FOREVER;
    f->active = 1;
    f->runs++;
    s->active++;
    f->entry = s->runs++;
    if (f->entry < JOURNAL)
        SIM_AT(w, sim_fault_run, s->journal)[f->entry] = run;
    if (takes > 0 && takes != HR_FOREVER)
        sim_schedule(w, f->ends, id, ENDS, i, 0);
    tell(w, id, i, true);
    if (takes == 0)
        end(w, id, i);
}

static void wake(sim_world *w, sim_component_id id, const sim_event *event) { (event->what == BEGINS ? begin : end)(w, id, event->subject); }

static void sample(sim_world *w, sim_component_id id, hr_time step, float *out)
{
    (void)step;
    out[0] = (float)SIM_STATE(w, const faults, id)->active;
}

static void check(const sim_world *w, sim_component_id id)
{
    const faults *s = SIM_STATE(w, const faults, id);
    uint32_t active = 0;
    uint64_t runs = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        active += fault_at(w, s, i)->active;
        runs += fault_at(w, s, i)->runs;
        SIM_ASSERT(w, !fault_at(w, s, i)->active || fault_at(w, s, i)->ends >= w->now);
        SIM_ASSERT(w, fault_at(w, s, i)->active ? fault_at(w, s, i)->begins == HR_FOREVER : fault_at(w, s, i)->begins >= w->now);
    }
    SIM_ASSERT(w, active == s->active && runs == s->runs);
}

sim_fault_view sim_fault_look(const sim_world *w, sim_component_id id, uint32_t nth)
{
    const faults *s = SIM_STATE(w, const faults, id);
    const fault *f = fault_at(w, s, nth);
    sim_fault_run run = {.replica = f->replica, .shard = f->shard};
    if (f->active && f->entry < JOURNAL)
        run = SIM_AT(w, const sim_fault_run, s->journal)[f->entry];
    return (sim_fault_view){.is_under_way = f->active, .replica = run.replica, .shard = run.shard, .ends = f->active ? f->ends : HR_FOREVER, .begins = f->begins};
}

bool sim_faults_look(const sim_world *w, sim_component_id id, uint32_t nth, sim_fault_run *run)
{
    const faults *s = SIM_STATE(w, const faults, id);
    if (nth >= s->runs || nth >= JOURNAL)
        return false;
    *run = SIM_AT(w, const sim_fault_run, s->journal)[nth];
    return true;
}

uint32_t sim_fault_places(uint16_t kind, const void *def, uint32_t *replicas)
{
    const sim_service_def *s = def;
    const sim_database_def *d = def;
    const sim_network_def *n = def;
    uint32_t shards = 1;
    *replicas = 1;
    if (kind == SIM_PART_database) {
        shards = d->reshard.to > d->shards.count ? d->reshard.to : d->shards.count ? d->shards.count : 1;
        *replicas = 1 + d->replicas;
    } else if (kind == SIM_PART_service) {
        *replicas = s->slots ? s->slots : s->replicas;
    } else if (kind == SIM_PART_network) {
        *replicas = n->region_count * n->region_count;
    }
    return *replicas * shards;
}

hr_time sim_faults_delay(const sim_world *w, sim_component_id id, uint32_t way, uint64_t request, uint32_t ordinal)
{
    const faults *s = SIM_STATE(w, const faults, id);
    hr_time later = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const fault *f = fault_at(w, s, i);
        if (f->verb == SIM_FAULT_delay && is_on(w, f, w->network, way))
            later += sim_dist_time(w, &f->by, s->stream_by, request, ordinal + i * 0x9E3779B1u);
    }
    return later;
}

// A pause holds until its end, a delay for so long, but not beyond its end.
hr_time sim_faults_hold(const sim_world *w, sim_component_id id, sim_component_id database, uint32_t server, uint64_t position, hr_time sent)
{
    const faults *s = SIM_STATE(w, const faults, id);
    hr_time until = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const fault *f = fault_at(w, s, i);
        if (!is_on(w, f, database, server))
            continue;
        if (f->verb == SIM_FAULT_replay_pause)
            until = hr_max_time(until, f->ends);
        else if (f->verb == SIM_FAULT_apply_delay)
            until = hr_max_time(until, hr_min_time(sent + sim_dist_time(w, &f->by, s->stream_by, (uint64_t)server << 48 | position, i * 0x9E3779B1u), f->ends));
    }
    return until;
}

// --- for those that stand still -------------------------------------------------------------------------------------------

typedef struct {
    sim_component_id id;
    uint32_t server;
    hr_time  by;
    bool     (*is_stopped)(const sim_world *w, const sim_event *e, uint32_t server);
} stop;

static hr_time moved(const sim_world *w, const sim_event *e, const void *self)
{
    const stop *p = self;
    return e->component == p->id && p->is_stopped(w, e, p->server) ? e->at + p->by : e->at;
}

bool sim_stand_still(sim_world *w, hr_time *resumes, hr_time until, sim_component_id id, uint32_t server,
                     bool (*is_stopped)(const sim_world *w, const sim_event *e, uint32_t server))
{
    const stop p = {id, server, until - hr_max_time(w->now, *resumes), is_stopped};
    if (p.by <= 0)
        return false;
    *resumes = until;
    sim_events_move(w, moved, &p);
    return true;
}

const sim_kind sim_kind_faults = {.name = "faults", .summary = "what breaks and when: the section `faults`", .state_size = sizeof(faults),
    .def_size = sizeof(sim_faults_def), .gauges = gauges, .demand = demand, .build = build, .start = start, .wake = wake, .sample = sample, .check = check};
