// sim/core/world.c - life and memory of a world, its components and the main loop.
#include "sim/core/world.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "sim/core/laws.h"

static const char checkpoint_magic[16] = "headroom world\n";

typedef struct {                               // what stands before a checkpoint's bytes
    char     magic[16], version[16];
    uint64_t layout;                           // sizes of the core types: another build's world is refused, not misread
    uint64_t size;
} checkpoint_head;

const char *sim_outcome_name(sim_outcome outcome)
{
    static const char *const names[] = {
#define SIM_OUTCOME(name, help) #name,
#include "sim/core/outcome.def"
#undef SIM_OUTCOME
    };
    return outcome < SIM_OUTCOME_COUNT ? names[outcome] : "unknown";
}

void sim_panic(const sim_world *w, const char *file, int line, const char *condition)
{
    fprintf(stderr, "headroom: bug at %s:%d: broken invariant: %s\n", file, line, condition);
    sim_world_dump(w, stderr);
    abort();
}

// --- life -----------------------------------------------------------------------------------------------------------

enum { HUGE_PAGE = 2 << 20 };

// Asks for large pages, where the system has them: a page fault costs more than filling the page. It is only a wish.
static void prefer_huge_pages(void *from, size_t bytes) { (void)madvise(from, bytes, MADV_HUGEPAGE); }

// Starts on the border of a large page: what stands before and behind goes back.
static sim_world *reserve(size_t bytes)
{
    size_t asked = bytes + HUGE_PAGE;
    char *base = mmap(NULL, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        hr_panic(__FILE__, __LINE__, "no address space for %zu bytes: %s", bytes, strerror(errno));
    size_t before = (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
    if (before)
        munmap(base, before);
    munmap(base + before + bytes, HUGE_PAGE - before);
    prefer_huge_pages(base + before, bytes);
    return (sim_world *)(void *)(base + before);
}

enum { RESERVE = 4 };                          // times the limit

size_t sim_world_limit(void)
{
    const uint64_t most = (uint64_t)8 << 30;   // RESERVE times that is what a sim_ref reaches
    struct rlimit space;                       // `ulimit -v` bounds what can be set aside: by four worlds, and by the program itself
    uint64_t limit = hr_memory_bytes() / 4;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY && space.rlim_cur / (RESERVE * 6) < limit)
        limit = space.rlim_cur / (RESERVE * 6);
    return limit < most ? limit : most;
}

sim_world *sim_world_new(uint64_t seed, size_t limit_bytes)
{
    if (!limit_bytes)
        limit_bytes = sim_world_limit();
    size_t bytes = (limit_bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE * RESERVE;
    sim_world *w = reserve(bytes);
    w->reserved = (uint32_t)((bytes >> 3) - 1);                    // 32 GiB are 2^32 units: one too many
    w->limit = (uint32_t)(limit_bytes >> 3);
    w->used = (uint32_t)((sizeof *w + 7) >> 3);
    w->seed = seed;
    w->window_to = w->arrivals_end = HR_FOREVER;
    w->events.edge = w->events.newest.at = w->series.next = HR_FOREVER;
    w->call_chunk_bytes = 2048;
    return w;
}

void sim_world_free(sim_world *w)
{
    if (w)
        munmap(w, ((size_t)w->reserved + 1) << 3);
}

sim_world *sim_world_fork(const sim_world *w)
{
    sim_world *copy = reserve(((size_t)w->reserved + 1) << 3);
    memcpy(copy, w, (size_t)w->used << 3);
    copy->host = NULL;
    return copy;
}

static checkpoint_head head_of(size_t size)
{
    checkpoint_head head = {.size = size};
    memcpy(head.magic, checkpoint_magic, sizeof head.magic);
    snprintf(head.version, sizeof head.version, "%s", HEADROOM_VERSION);
    head.layout = (uint64_t)SIM_COUNTS_ORDER << 63 | sizeof(sim_world) << 40 | sizeof(sim_call) << 24 | sizeof(sim_event) << 12 | sizeof(sim_component);
    return head;
}

sim_checkpoint sim_world_checkpoint(const sim_world *w)
{
    size_t size = (size_t)w->used << 3;
    checkpoint_head head = head_of(size);
    size_t room = (sizeof head + size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char *bytes = room > HUGE_PAGE ? aligned_alloc(HUGE_PAGE, room) : malloc(sizeof head + size);
    if (!bytes)
        hr_panic(__FILE__, __LINE__, "no memory for a checkpoint of %zu bytes", size);
    if (room > HUGE_PAGE)
        prefer_huge_pages(bytes, room);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, w, size);
    ((sim_world *)(void *)(bytes + sizeof head))->host = NULL;
    return (sim_checkpoint){bytes, sizeof head + size};
}

static hr_status checkpoint_fits(const void *bytes, size_t size, hr_error *e)
{
    checkpoint_head head, want = head_of(size - sizeof head);
    if (size < sizeof head + sizeof(sim_world))
        return hr_fail(e, HR_BAD_INPUT, "not a saved world: only %zu bytes", size);
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.magic, want.magic, sizeof head.magic) != 0)
        return hr_fail(e, HR_BAD_INPUT, "not a saved world");
    if (memcmp(head.version, want.version, sizeof head.version) != 0 || head.layout != want.layout)
        return hr_fail(e, HR_BAD_INPUT, "a world saved by version %.15s; this is %s: run it again instead", head.version,
                       HEADROOM_VERSION);
    if (head.size != want.size)
        return hr_fail(e, HR_BAD_INPUT, "a saved world with %zu of %zu bytes: it was cut off", size, (size_t)head.size);
    return HR_OK;
}

hr_status sim_world_restore(sim_world *w, const void *bytes, size_t size, hr_error *e)
{
    hr_status status = checkpoint_fits(bytes, size, e);
    if (status)
        return status;
    size -= sizeof(checkpoint_head);
    SIM_ASSERT(w, size <= (size_t)w->reserved << 3);
    const struct sim_host *host = w->host;
    uint32_t used = w->used, reserved = w->reserved, limit = w->limit;
    memcpy(w, (const char *)bytes + sizeof(checkpoint_head), size);
    w->reserved = reserved;
    w->limit = limit;
    w->is_full = w->used > limit;
    w->host = host;
    if (used > w->used)                        // sim_take promises zeroed bytes
        memset(SIM_AT(w, char, w->used), 0, (size_t)(used - w->used) << 3);
    return HR_OK;
}

hr_status sim_world_save(const sim_world *w, const char *path, hr_error *e)
{
    sim_checkpoint c = sim_world_checkpoint(w);
    hr_status status = hr_write_file(path, c.bytes, c.size, e);
    free(c.bytes);
    return status;
}

hr_status sim_world_load(const char *path, sim_world **w, hr_error *e)
{
    char *bytes;
    size_t size;
    hr_status status = hr_read_file(path, (size_t)8 << 30, &bytes, &size, e);
    if (status)
        return status;
    sim_world *made = sim_world_new(0, 0);
    status = sim_world_restore(made, bytes, size, e);
    free(bytes);
    if (status)
        sim_world_free(made);
    else
        *w = made;
    return status;
}

// --- memory ---------------------------------------------------------------------------------------------------------

static unsigned size_class(size_t bytes)       // blocks of 8 << class bytes
{
    unsigned k = 0;
    while (((size_t)8 << k) < bytes)
        k++;
    return k;
}

sim_ref sim_take(sim_world *w, size_t bytes)
{
    unsigned k = size_class(bytes);
    sim_ref block = k < 32 ? w->free_block[k] : 0;
    if (block) {
        w->free_block[k] = *SIM_AT(w, sim_ref, block);
        memset(SIM_AT(w, char, block), 0, (size_t)8 << k);
        return block;
    }
    uint64_t units = (uint64_t)1 << k;
    if (w->used + units > w->reserved)
        hr_panic(__FILE__, __LINE__, "the world has used up its %llu MiB (seed %llu, time %.3f s)",
                 (unsigned long long)w->reserved >> 17, (unsigned long long)w->seed, (double)w->now / 1e9);
    block = w->used;
    w->used += (uint32_t)units;
    if (w->used > w->limit && !w->is_full) {
        w->is_full = 1;
        w->full_at = w->now;
    }
    return block;
}

void sim_give(sim_world *w, sim_ref block, size_t bytes)
{
    if (!block)
        return;
    unsigned k = size_class(bytes);
    *SIM_AT(w, sim_ref, block) = w->free_block[k];
    w->free_block[k] = block;
}

sim_ref sim_grow(sim_world *w, sim_ref old, size_t old_bytes, size_t bytes)
{
    sim_ref block = sim_take(w, bytes);
    if (old) {
        memcpy(SIM_AT(w, char, block), SIM_AT(w, char, old), old_bytes);
        sim_give(w, old, old_bytes);
    }
    return block;
}

sim_ref sim_take_text(sim_world *w, const char *text)
{
    size_t n = strlen(text) + 1;
    sim_ref ref = sim_take(w, n);
    memcpy(SIM_AT(w, char, ref), text, n);
    return ref;
}

// --- components ------------------------------------------------------------------------------------------------------

static uint32_t hash_name(const char *name)    // FNV-1a, 32 bits
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

sim_component_id sim_component_add(sim_world *w, uint16_t kind, const char *name)
{
    SIM_ASSERT(w, w->component_count < SIM_MAX_COMPONENTS);
    sim_component_id id = (sim_component_id)w->component_count++;
    sim_component *c = &w->components[id];
    c->kind = kind;
    while (sim_kinds[kind]->gauges && sim_kinds[kind]->gauges[c->gauges])
        c->gauges++;
    c->stream = hash_name(name);
    c->name = sim_take_text(w, name);
    c->state = sim_take(w, sim_kinds[kind]->state_size);
    return id;
}

// --- running --------------------------------------------------------------------------------------------------------

uint32_t sim_series_first(const sim_world *w, sim_component_id id)
{
    uint32_t first = 0;
    for (sim_component_id i = 0; i < id; i++)
        first += w->components[i].gauges;
    return first;
}

float sim_series_value(const sim_world *w, uint32_t gauge, uint32_t index)
{
    if (gauge >= w->series.gauges || index >= w->series.count)
        return NAN;
    return SIM_AT(w, float, w->series.values)[(size_t)index * w->series.gauges + gauge];
}

// Before the events of its time. The grid alone does not keep a world going.
static HR_APART void take_sample(sim_world *w)
{
    sim_series *s = &w->series;
    if (!w->on_wall_clock)
        w->now = s->next;
    w->events_run++;
    s->next = sim_events_count(w) ? s->next + s->step : HR_FOREVER;
    if (s->count == s->room) {
        size_t row = s->gauges * sizeof(float);
        s->values = sim_grow(w, s->values, s->room * row, (size_t)(s->room ? s->room * 2 : 256) * row);
        s->room = s->room ? s->room * 2 : 256;
    }
    float *row = SIM_AT(w, float, s->values) + (size_t)s->count++ * s->gauges;
    for (sim_component_id i = 0; i < w->component_count; i++) {
        const sim_kind *kind = sim_kind_of(w, i);
        if (kind->sample)
            kind->sample(w, i, s->step, row);
        row += w->components[i].gauges;
    }
}

void sim_world_start(sim_world *w, hr_time series_step)
{
    w->links = sim_take(w, (size_t)w->component_count * w->component_count * sizeof(sim_link));
    w->series.step = series_step;
    w->series.gauges = sim_series_first(w, (sim_component_id)w->component_count);
    for (sim_component_id i = 0; i < w->component_count; i++) {
        const sim_kind *kind = sim_kind_of(w, i);
        if (kind->start)
            kind->start(w, i);
    }
    if (series_step && w->series.gauges)
        w->series.next = w->now + series_step;
}

bool sim_world_step(sim_world *w)
{
    sim_event event;
    if (w->is_full || sim_world_next(w) == HR_FOREVER)
        return false;
    if (w->series.next <= sim_events_next(w)) {
        take_sample(w);
        return true;
    }
    sim_events_pop(w, &event);
    SIM_CHECK(w, w->on_wall_clock || event.at >= w->now);
    if (!w->on_wall_clock)                     // there the loop sets the time
        w->now = event.at;
    w->events_run++;
    sim_kind_of(w, event.component)->wake(w, event.component, &event);
    return true;
}

void sim_world_run(sim_world *w, hr_time until)
{
    void (*wake[SIM_MAX_COMPONENTS])(sim_world *, sim_component_id, const sim_event *);    // looked up once: each event would wait for that
    sim_event event;
    SIM_ASSERT(w, !w->on_wall_clock);
    for (sim_component_id i = 0; i < w->component_count; i++)
        wake[i] = sim_kind_of(w, i)->wake;
    for (;;) {
        bool samples = w->series.next <= until && w->series.next != HR_FOREVER;
        hr_time upto = samples ? w->series.next - 1 : until;
        while (!w->is_full && sim_events_pop_until(w, upto, &event)) {
            w->now = event.at;
            w->events_run++;
            wake[event.component](w, event.component, &event);
        }
        if (w->is_full || !samples)
            break;
        take_sample(w);
    }
    if (w->now < until)
        w->now = until;
}

bool sim_world_drain(sim_world *w, hr_time limit)
{
    while (!sim_world_is_idle(w) && sim_world_next(w) <= limit && sim_world_step(w)) {
    }
    return sim_world_is_idle(w);
}

void sim_world_reset_counts(sim_world *w)
{
    for (sim_component_id i = 0; i < w->component_count; i++) {
        const sim_kind *kind = sim_kind_of(w, i);
        if (kind->reset)
            kind->reset(w, i);
    }
}

void sim_world_check(const sim_world *w)
{
    sim_events_check(w);
    sim_calls_check(w);
    for (sim_component_id i = 0; i < w->component_count; i++) {
        const sim_kind *kind = sim_kind_of(w, i);
        if (kind->check)
            kind->check(w, i);
    }
    sim_laws_check(w);
}
