// sim/parts/faults.c - see faults.h.
#include "sim/core/random.h"
#include "sim/parts/faults.h"

#define ON(kind) (1u << SIM_PART_##kind)
const sim_fault_row sim_fault_rows[] = {
#define SIM_FAULT(verb, kinds, uses, help) {#verb, kinds, uses, help},
#include "sim/parts/fault.def"
#undef SIM_FAULT
    {0}};

typedef struct {
    sim_dist every, takes;
    double   factor;
    hr_time  at, until, ends;                  // ends: of the present run
    uint32_t verb, replicas;
    uint16_t target, replica, chosen;          // chosen: that the present run is about
    uint8_t  has_at, repeats, lasts, active;   // bool
    uint32_t runs;                             // begun since time zero
    uint32_t entry;                            // of the present run in the journal
} fault;

enum { BEGINS, ENDS, JOURNAL = 1000 };
enum { DRAW_EVERY, DRAW_TAKES, DRAW_REPLICA }; // ordinals

typedef struct {
    sim_ref  faults, journal;                  // fault[count]; sim_fault_run[JOURNAL]
    uint32_t count, stream, runs, active;
} faults;

static const char *const gauges[] = {"active", NULL};

static fault *fault_at(const sim_world *w, const faults *s, uint32_t i) { return SIM_AT(w, fault, s->faults) + i; }

static void build(sim_world *w, sim_component_id id, const void *def)
{
    const sim_faults_def *d = def;
    faults *s = SIM_STATE(w, faults, id);
    s->count = d->count;
    s->stream = sim_stream(w, id, SIM_DRAW_FAULT);
    s->faults = sim_take(w, d->count * sizeof(fault));
    s->journal = sim_take(w, JOURNAL * sizeof(sim_fault_run));
    for (uint32_t i = 0; i < d->count; i++) {
        const sim_fault_def *f = &d->faults[i];
        fault made = {.every = sim_dist_place(w, &f->every), .takes = sim_dist_place(w, &f->takes), .factor = f->factor, .at = f->at,
                      .until = f->until, .verb = f->verb, .replicas = f->replicas, .target = f->target, .replica = f->replica,
                      .has_at = f->has_at, .repeats = f->repeats, .lasts = f->lasts};
        *fault_at(w, s, i) = made;
        w->faulty |= f->verb == SIM_FAULT_slow ? SIM_FAULTY_SLOW : f->verb == SIM_FAULT_pause ? SIM_FAULTY_PAUSE : 0;
    }
}

static hr_time draw(const sim_world *w, const faults *s, uint32_t i, const sim_dist *dist, uint32_t ordinal)
{
    return sim_dist_time(w, dist, s->stream, (uint64_t)i << 32 | fault_at(w, s, i)->runs, ordinal);
}

static void begin_later(sim_world *w, sim_component_id id, uint32_t i)
{
    const faults *s = SIM_STATE(w, const faults, id);
    const fault *f = fault_at(w, s, i);
    hr_time at = f->has_at && !f->runs ? f->at : w->now + draw(w, s, i, &f->every, DRAW_EVERY);
    if (at < f->until)
        sim_schedule(w, at, id, BEGINS, i, 0);
}

static void start(sim_world *w, sim_component_id id)
{
    for (uint32_t i = 0; i < SIM_STATE(w, const faults, id)->count; i++)
        begin_later(w, id, i);
}

// All that is under way for a replica.
static sim_force force_on(const sim_world *w, const faults *s, uint16_t target, uint16_t replica)
{
    sim_force force = {.slow = 1};
    for (uint32_t i = 0; i < s->count; i++) {
        const fault *f = fault_at(w, s, i);
        if (!f->active || f->target != target || (f->chosen != replica && f->chosen != SIM_ALL_REPLICAS))
            continue;
        if (f->verb == SIM_FAULT_kill) {
            force.down = true;
            force.back = hr_max_time(force.back, f->ends);
        }
        force.full |= f->verb == SIM_FAULT_full;
        force.slow *= f->verb == SIM_FAULT_slow ? f->factor : 1;
        if (f->verb == SIM_FAULT_pause) {
            force.paused = true;
            force.resumes = hr_max_time(force.resumes, f->ends);
        }
    }
    return force;
}

// Tells the target of a fault that has begun or is over.
static void tell(sim_world *w, const faults *s, const fault *f, bool begins)
{
    uint16_t from = f->chosen == SIM_ALL_REPLICAS ? 0 : f->chosen;
    uint16_t to = f->chosen == SIM_ALL_REPLICAS ? (uint16_t)f->replicas : (uint16_t)(f->chosen + 1);
    sim_component_id target = f->target;
    uint32_t verb = f->verb;
    for (uint16_t r = from; r < to; r++) {
        sim_force force = force_on(w, s, target, r);
        force.dies = begins && verb == SIM_FAULT_kill;
        force.flushed = begins && verb == SIM_FAULT_flush;
        sim_kind_of(w, target)->fault(w, target, r, &force);
    }
}

static uint16_t choose(const sim_world *w, const faults *s, uint32_t i)
{
    const fault *f = fault_at(w, s, i);
    if (f->replica != SIM_ANY_REPLICA)
        return f->replica;
    if (sim_component_at(w, f->target)->kind == SIM_PART_database)
        return (uint16_t)sim_database_primary(w, f->target);
    double u = sim_unit(sim_random(w->seed, s->stream, (uint64_t)i << 32 | f->runs, DRAW_REPLICA).word[0]);
    return (uint16_t)sim_fault_choose(w, f->target, u);
}

static void end(sim_world *w, sim_component_id id, uint32_t i)
{
    faults *s = SIM_STATE(w, faults, id);
    fault *f = fault_at(w, s, i);
    f->active = 0;
    s->active--;
    if (f->entry < JOURNAL)
        SIM_AT(w, sim_fault_run, s->journal)[f->entry].to = w->now;
    tell(w, s, f, false);
    if (f->repeats)
        begin_later(w, id, i);
}

static void begin(sim_world *w, sim_component_id id, uint32_t i)
{
    faults *s = SIM_STATE(w, faults, id);
    fault *f = fault_at(w, s, i);
    hr_time takes = f->lasts ? draw(w, s, i, &f->takes, DRAW_TAKES) : f->verb == SIM_FAULT_flush ? 0 : HR_FOREVER;
    f->chosen = choose(w, s, i);
    f->ends = takes == HR_FOREVER ? HR_FOREVER : w->now + takes;
    f->active = 1;
    f->runs++;
    s->active++;
    f->entry = s->runs++;
    if (f->entry < JOURNAL)
        SIM_AT(w, sim_fault_run, s->journal)[f->entry] = (sim_fault_run){(uint16_t)i, f->chosen, w->now, HR_FOREVER};
    if (takes > 0 && takes != HR_FOREVER)
        sim_schedule(w, f->ends, id, ENDS, i, 0);
    tell(w, s, f, true);
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
    }
    SIM_ASSERT(w, active == s->active && runs == s->runs);
}

bool sim_faults_look(const sim_world *w, sim_component_id id, uint32_t nth, sim_fault_run *run)
{
    const faults *s = SIM_STATE(w, const faults, id);
    if (nth >= s->runs || nth >= JOURNAL)
        return false;
    *run = SIM_AT(w, const sim_fault_run, s->journal)[nth];
    return true;
}

uint32_t sim_fault_replicas(uint16_t kind, const void *def)
{
    const sim_service_def *s = def;
    const sim_database_def *d = def;
    if (kind == SIM_PART_database)
        return (1 + d->replicas) * (d->shards.count ? d->shards.count : 1);
    return kind == SIM_PART_service ? s->slots ? s->slots : s->replicas : 1;
}

const sim_kind sim_kind_faults = {.name = "faults", .summary = "what breaks and when: the section `faults`", .state_size = sizeof(faults),
    .def_size = sizeof(sim_faults_def), .gauges = gauges, .build = build, .start = start, .wake = wake, .sample = sample, .check = check};
