// tests/fuzz/world/services.c - services, with what scales them and what they consume.
#include "tests/fuzz/world/writer.h"

#include <stdio.h>

#include "sim/parts/parts.h"
#include "sim/policy/scale/scale.h"
#include "sim/policy/shed/shed.h"

// Little enough memory that it is used up now and then; always when an autoscaler looks at it. Returns whether there is one: the service then may say
// how it starts.
static bool write_footprint(writer *r, bool has_local)
{
    if (pick(r, 4) != 3 && !r->by_memory)
        return false;
    hr_text_add(&r->text, ", footprint: {base: %uKiB, per_call: %uKiB, leak: %uKiB%s}", pick(r, 7), pick(r, 4000), pick(r, 100), has_local ? ", per_entry: 64KiB" : "");
    return true;
}

static void write_shed(writer *r)
{
    const sim_shed *row = ANY_ROW(r, sim_sheds);
    hr_text_add(&r->text, ", shed: {policy: %s", row->name);
    if (row->uses & SIM_SHED_BOUNDS)
        hr_text_add(&r->text, ", least: %u, initial: %u", 1 + pick(r, 3), 3 + pick(r, 20));
    write_settings(r, "shed", sim_shed_settings, row->uses & ~(unsigned)SIM_SHED_BOUNDS, "most");
    hr_text_add(&r->text, "}");
}

static const sim_setting *metric_word(uint32_t metric) { return &sim_scale_words[metric]; }

// Targets: all that are chosen of those that the row uses, or one of them; at least one.
static void write_targets(writer *r, const sim_scaler *row, bool queue)
{
    static const char *const targets[] = {"50%", "2", "20/s", "60%", "1"};
    uint32_t only = pick(r, SIM_SCALE_METRICS), several = row->wrong && row->uses & SIM_SCALES_BEHAVIOUR ? pick(r, 1u << SIM_SCALE_METRICS) : 0;
    while (!(row->uses & metric_word(only)->bit))
        only = (only + 1) % SIM_SCALE_METRICS;
    only = queue ? SIM_SCALE_QUEUE : only;
    for (uint32_t m = 0; m < SIM_SCALE_METRICS; m++)
        if (row->uses & metric_word(m)->bit && (m == only || several >> m & 1)) {
            hr_text_add(&r->text, ", %s: %s", metric_word(m)->word, targets[m]);
            r->by_memory |= m == SIM_SCALE_MEMORY;
            r->by_cpu |= m == SIM_SCALE_CPU;
        }
}

// Everything happens often, for a run is short. Returns how many replicas there are at the start.
static uint32_t write_autoscaler(writer *r, uint32_t i)
{
    static const char *const spans[] = {"10ms", "100ms", "1s", "20s"};
    const sim_scaler *row = ANY_ROW(r, sim_scalers);
    if (row->is_vertical) {                    // alone: it is written when it is known what the service has
        r->vertical = true;
        return 1 + pick(r, 6);
    }
    bool zero = row->reaches_zero && pick(r, 2);
    uint32_t min = zero ? 0 : 1 + pick(r, 3), max = min + 1 + pick(r, 6);
    hr_text_add(&r->text, "  a%u: {kind: autoscaler, of: s%u, policy: %s, min: %u, max: %u", i, i, row->name, min, max);
    if (row->uses & SIM_SCALES_LOAD)
        write_targets(r, row, zero);
    if (row->uses & SIM_SCALES_EVERY)
        hr_text_add(&r->text, ", every: %s", any_of(r, spans, 3));
    if (row->uses & SIM_SCALES_SCRAPE)
        hr_text_add(&r->text, ", scrape: 10ms, window: %s", any_of(r, spans, 3));
    if (row->uses & SIM_SCALES_BEHAVIOUR && pick(r, 4))
        hr_text_add(&r->text, ", behavior: {scaleDown: {stabilizationWindowSeconds: %u, policies: [{type: %s, value: %u, periodSeconds: 1}]}}", pick(r, 2),
                    pick(r, 2) ? "Percent" : "Pods", 1 + pick(r, 100));
    if (row->uses & SIM_SCALES_OUT_COOLDOWN)
        hr_text_add(&r->text, ", scale_out_cooldown: %s, scale_in_cooldown: %s", any_of(r, spans, 4), any_of(r, spans, 4));
    if (row->uses & SIM_SCALES_STEPS)
        hr_text_add(&r->text, ", steps: {+0%%: 1, +%u%%: %u, -%u%%: -1}", 1 + pick(r, 100), 1 + pick(r, 5), 1 + pick(r, 100));
    if (row->uses & SIM_SCALES_SCHEDULE)
        hr_text_add(&r->text, ", schedule: {\"* * * * *\": %u, \"*/2 * * * *\": %u}", pick(r, 10), pick(r, 10));
    if (row->uses & SIM_SCALES_COOLDOWN)
        hr_text_add(&r->text, ", cooldown: %s", any_of(r, spans, 4));
    if (row->uses & SIM_SCALES_SEASON)
        hr_text_add(&r->text, ", season: %us, lead: %s", 3 + pick(r, 60), any_of(r, spans, 3));
    write_settings(r, "autoscaler", sim_scale_words, row->uses & (SIM_SCALES_POINTS_OUT | SIM_SCALES_POINTS_IN | SIM_SCALES_TOLERANCE | SIM_SCALES_ACTIVATION),
                   "min max");
    hr_text_add(&r->text, "}\n");
    r->vertical = pick(r, 4) == 3;
    return min + pick(r, max - min + 1);
}

// What no other autoscaler of the service looks at, of what is known of it.
static void write_vertical(writer *r, uint32_t i, bool has_footprint)
{
    static const char *const spans[] = {"10ms", "100ms", "1s", "20s"};
    bool cpu = !r->by_cpu, memory = has_footprint && !r->by_memory;
    if (!cpu && !memory)
        return;
    hr_text_add(&r->text, "  v%u: {kind: autoscaler, of: s%u, policy: vpa, every: %s, scrape: 10ms, window: %s, update_mode: %s, controlled_resources: [%s]", i, i,
                any_of(r, spans, 4), any_of(r, spans, 3), sim_update_mode_name(pick(r, SIM_UPDATE_COUNT)),
                cpu && memory && pick(r, 2) ? "cpu, memory" : cpu ? "cpu" : "memory");
    if (pick(r, 2))
        hr_text_add(&r->text, ", min_allowed: {cpu: 2, memory: 10MiB}");
    if (pick(r, 2))
        hr_text_add(&r->text, ", max_allowed: {cpu: 5, memory: 1GiB}");
    hr_text_add(&r->text, ", recommender: {half_life: 1s, memory_interval: %s, confidence_interval: %s, min_memory: %uMiB", any_of(r, spans, 4), any_of(r, spans, 4), pick(r, 20));
    write_keys(r, "recommender", "half_life memory_interval confidence_interval min_memory lower_percentile target_percentile upper_percentile");
    hr_text_add(&r->text, "}, updater: {min_replicas: %u, pod_lifetime: %s", 1 + pick(r, 2), any_of(r, spans, 4));
    write_keys(r, "updater", "min_replicas pod_lifetime");
    hr_text_add(&r->text, "}}\n");
}

static void write_consumers(writer *r, uint32_t service)
{
    bool begun = false;
    for (uint32_t q = 0; q < r->queues; q++) {
        if (r->consumer[q] != service)
            continue;
        hr_text_add(&r->text, "%s{from: m.u%u, call: o%u", begun ? ", " : ", consume: [", q, pick(r, r->operations[service]));
        begun = true;
        if (pick(r, 4) == 3) {
            hr_text_add(&r->text, ", ack: auto}");
            continue;
        }
        static const char *const errors[] = {"requeue", "drop", "dead-letter"};
        hr_text_add(&r->text, ", prefetch: %u, on_error: %s", 1 + pick(r, 8), any_of(r, errors, r->dead_letter[q] < r->queues ? 3 : 2));
        write_keys(r, "consume", "prefetch");
        hr_text_add(&r->text, "}");
    }
    hr_text_add(&r->text, "%s", begun ? "]" : "");
}

void write_service(writer *r, uint32_t i)
{
    r->by_memory = r->by_cpu = r->vertical = false;
    uint32_t replicas = r->scaled[i] ? write_autoscaler(r, i) : r->balanced[i] ? 1 + (uint32_t)pick_size(r, 0, 300, 20) : 1;
    hr_text_add(&r->text, "  s%u: {kind: service, replicas: %u", i, replicas);
    if (r->region[i])
        hr_text_add(&r->text, ", region: r%u", r->region[i] - 1);
    static const char *const cores[] = {"", ", sharing: true", ", sharing: true, cpu_limit: 0.3", ", sharing: true, cpu_limit: 2, cpu_period: 3ms"};
    uint32_t discipline = pick(r, SIM_DISCIPLINE_COUNT), sharing = pick(r, r->vertical ? 2 : HR_COUNT(cores));
    hr_text_add(&r->text, ", discipline: %s%s", sim_discipline_name(discipline), cores[sharing]);
    if (discipline == SIM_DISCIPLINE_priority && !sharing && !r->vertical && pick(r, 2))
        hr_text_add(&r->text, ", preemptive: true");
    if (discipline == SIM_DISCIPLINE_adaptive_lifo && pick(r, 2))
        hr_text_add(&r->text, ", lifo_after: 10ms");
    if (discipline == SIM_DISCIPLINE_deadline)
        hr_text_add(&r->text, ", queue: %u", pick(r, 1000));
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", codel: {%s}", pick(r, 2) ? "target: 1ms, interval: 10ms" : "");
    bool in_cluster = r->cluster && r->scaled[i] && pick(r, 4);
    char room[200];
    bool starts = write_footprint(r, r->local[i]);
    static const char *const drains[] = {"", ", drain: 20ms", ", drain: 0s", ", drain: none"};
    uint32_t drain = r->scaled[i] ? pick(r, HR_COUNT(drains)) : 0;
    r->drains[i] = r->scaled[i] && drain < 2;
    hr_text_add(&r->text, "%s", drains[drain]);
    const char *not = r->scaled[i] ? "discipline queue sharing preemptive lifo_after cpu_limit cpu_period replicas drain" :
                      starts ? "discipline queue sharing preemptive lifo_after cpu_limit cpu_period replicas drain" :
                      "discipline queue sharing preemptive lifo_after cpu_limit cpu_period replicas startup readiness drain";
    bool moves = !r->scaled[i] && sharing && pick(r, 3) == 2;
    static const char *const spans[] = {"0s", "5ms", "1s", "none"};
    static const double spans_ms[] = {0, 5, 1000};
    if (moves) {                               // from one type to the other; memory is only added in place
        bool shrinks = pick(r, 2);
        hr_text_add(&r->text, ", instance: %s, resize: {at: ", shrinks || pick(r, 2) ? "huge" : "tiny");
        write_moment(r, spans_ms[pick(r, 3)]);
        hr_text_add(&r->text, ", to: %s, restart: %s}", shrinks ? "tiny" : "huge", any_of(r, spans, shrinks ? 3 : 4));
        snprintf(room, sizeof room, "%s cores memory", not);
    }
    write_keys(r, "service", moves ? room : in_cluster || r->vertical ? not : write_machine(r, not, room, sizeof room));
    if (discipline != SIM_DISCIPLINE_deadline && pick(r, 2))
        hr_text_add(&r->text, ", queue: %u", pick(r, 3000));
    if (in_cluster)
        hr_text_add(&r->text, ", cluster: n");
    if (pick(r, 4) == 3) {
        hr_text_add(&r->text, ", patience: ");
        write_dist(r, false);
    }
    if (pick(r, 4) == 3)
        write_shed(r);
    if (r->local[i]) {
        hr_text_add(&r->text, ", local: {entries: %u", 1 + pick(r, 50));
        write_keys(r, "local", "entries");
        hr_text_add(&r->text, "}");
    }
    write_consumers(r, i);
    hr_text_add(&r->text, ", on: {");
    for (uint32_t o = 0; o < r->operations[i]; o++) {
        hr_text_add(&r->text, "%so%u: ", o ? ", " : "", o);
        write_steps(r, i, 0);
    }
    hr_text_add(&r->text, "}}\n");
    if (r->vertical)
        write_vertical(r, i, starts);
    char target = r->behind[i];
    if (r->balanced[i])
        write_balancer(r, i);
    if (target == 'x')
        write_mesh(r, i);
    if (r->front[i] == 'l')
        write_limiter(r, i, target);
    else if (r->front[i] == 'f')
        write_breaker(r, i, target);
    else if (r->front[i] == 'e')
        write_cdn(r, i, target);
}
