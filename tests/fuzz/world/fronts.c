// tests/fuzz/world/fronts.c - what stands before a service and passes calls on: balancers, meshes, limiters, breakers, CDNs.
#include "tests/fuzz/world/writer.h"

#include "sim/policy/balance/balance.h"
#include "sim/policy/breaker/breaker.h"
#include "sim/policy/limit/limit.h"

static void write_outliers(writer *r)
{
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", outlier_detection: {consecutive_5xx: %u, interval: 100ms, base_ejection_time: %s, max_ejection_percent: %u%%}", 1 + pick(r, 4),
                    pick(r, 2) ? "50ms" : "1s", pick(r, 101));
}

// Checks often enough to be seen in a short run.
static void write_health(writer *r, uint32_t i, const sim_balancer *policy)
{
    static const char *const times[] = {"interval: 10ms, timeout: 2ms", "interval: 100ms, timeout: 100ms", "interval: 1s"};
    if (pick(r, 3) == 2) {
        hr_text_add(&r->text, ", health_check: {call: o%u, %s", pick(r, r->operations[i]), any_of(r, times, 3));
        write_keys(r, "health_check", "interval timeout");
        hr_text_add(&r->text, "}%s", pick(r, 2) ? ", panic: 50%" : "");
    }
    write_outliers(r);
    if (pick(r, 4) == 3)
        hr_text_add(&r->text, ", sticky: {%s%s}", pick(r, 2) ? "expires: 100ms" : "expires: none", r->drains[i] && pick(r, 2) ? ", drain: true" : "");
    if (policy->uses & SIM_USES_WEIGHTS && !(policy->uses & (SIM_USES_KEY | SIM_USES_ADDRESS)) && pick(r, 3) == 2)
        hr_text_add(&r->text, ", slow_start: %s", pick(r, 2) ? "1ms" : "300ms");
}

void write_balancer(writer *r, uint32_t i)
{
    const sim_balancer *row = ANY_ROW(r, sim_balancers);
    hr_text_add(&r->text, "  b%u: {kind: balancer, to: s%u, policy: %s", i, i, row->name);
    write_region(r);
    write_keys(r, "balancer", "policy max_fails fail_timeout max_conns queue panic slow_start");
    write_health(r, i, row);
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", max_conns: %u, queue: %u", 1 + pick(r, 20), pick(r, 100));
    else if (r->scaled[i] && pick(r, 2))
        hr_text_add(&r->text, ", queue: %u", pick(r, 100));
    if (pick(r, 3) == 2)
        hr_text_add(&r->text, ", max_fails: %u, fail_timeout: %us", 1 + pick(r, 5), 1 + pick(r, 10));
    hr_text_add(&r->text, "}\n");
}

// Of its own service, and a later one that has all of its operations.
void write_mesh(writer *r, uint32_t i)
{
    const sim_balancer *row = ANY_ROW(r, sim_balancers);
    uint32_t later = r->services - i - 1, other = i + 1 + pick(r, later);
    bool has_other = later && r->operations[other] >= r->operations[i];
    hr_text_add(&r->text, "  x%u: {kind: mesh, to: [s%u", i, i);
    if (has_other)
        hr_text_add(&r->text, ", s%u", other);
    hr_text_add(&r->text, "], policy: %s", row->name);
    uint32_t here = r->region[i] ? r->region[i] : 1, there = has_other && r->region[other] ? r->region[other] : 1;
    if (r->regions && has_other && here != there && pick(r, 4))
        hr_text_add(&r->text, ", locality: true%s", pick(r, 2) ? ", overprovisioning_factor: 1" : "");
    write_keys(r, "mesh", "policy locality overprovisioning_factor");
    write_outliers(r);
    if (pick(r, 2)) {
        static const char *const tries[] = {"", "per_try_timeout: 1ms", "per_try_timeout: 20ms, base_interval: 1us", "retry_on: [error, rejected], base_interval: 100us",
                                            "retry_on: timeout, per_try_timeout: 2ms, max_interval: 30ms", "budget_percent: 20%, min_retry_concurrency: 0, base_interval: 10ms"};
        hr_text_add(&r->text, ", retries: {attempts: %u, %s}", 1 + pick(r, 4), any_of(r, tries, HR_COUNT(tries)));
    }
    hr_text_add(&r->text, "}\n");
}

void write_limiter(writer *r, uint32_t i, char target)
{
    const sim_limiter *row = ANY_ROW(r, sim_limiters);
    hr_text_add(&r->text, "  l%u: {kind: limiter, to: %c%u, policy: %s, per: %s", i, target, i, row->name, pick(r, 2) ? "all" : "key");
    write_region(r);
    if (row->needs & SIM_LIMIT_RATE)
        hr_text_add(&r->text, ", rate: %u/%s", 1 + pick(r, 5000), pick(r, 2) ? "s" : "min");
    if (row->needs & SIM_LIMIT_BURST)
        hr_text_add(&r->text, ", burst: %u", 1 + pick(r, 100));
    if (row->needs & SIM_LIMIT_MOST)
        hr_text_add(&r->text, ", most: %u", 1 + pick(r, 100));
    bool delays = row->uses & SIM_LIMIT_DELAY && pick(r, 2);        // `nodelay` is another way to say it
    write_settings(r, "limiter", sim_limit_settings, row->uses & ~row->needs, delays ? "nodelay window timeout failure_mode_deny" : "nodelay delay window timeout failure_mode_deny");
    if (row->uses & SIM_LIMIT_DELAY && !delays)
        hr_text_add(&r->text, ", nodelay: true");
    static const char *const late[] = {"", ", timeout: 200us", ", timeout: 2ms, failure_mode_deny: true"};
    if (r->caches && !row->end && pick(r, 2))
        hr_text_add(&r->text, ", store: k%u%s", pick(r, r->caches), any_of(r, late, HR_COUNT(late)));
    hr_text_add(&r->text, "}\n");
}

void write_breaker(writer *r, uint32_t i, char target)
{
    const sim_breaker_row *row = ANY_ROW(r, sim_breaker_rows);
    hr_text_add(&r->text, "  f%u: {kind: breaker, to: %c%u, policy: %s", i, target, i, row->name);
    write_region(r);
    if (row->uses & SIM_BREAKER_SIZE)
        hr_text_add(&r->text, ", sliding_window_size: %u", 1 + pick(r, 200));
    write_settings(r, "breaker", sim_breaker_settings, row->uses & ~(unsigned)SIM_BREAKER_SIZE, "");
    hr_text_add(&r->text, "}\n");
}

void write_cdn(writer *r, uint32_t i, char target)
{
    static const char *const ages[] = {"ttl: none", "ttl: 10ms", "ttl: 5ms, stale_while_revalidate: 20ms", "ttl: 1ms, stale_if_error: 2s, stale_while_revalidate: 1ms"};
    bool shield = pick(r, 4) == 3;
    hr_text_add(&r->text, "  e%u: {kind: cdn, to: %s%c%u, keep: [o%u], %s, entries: %u", i, shield ? "z" : "", target, i, pick(r, r->operations[i]),
                any_of(r, ages, 4), 1 + pick(r, 100));
    if (r->regions && pick(r, 2))
        hr_text_add(&r->text, ", edges: [r%u]", pick(r, r->regions));
    write_keys(r, "cdn", "entries memory ttl stale_while_revalidate stale_if_error");
    hr_text_add(&r->text, "}\n");
    if (shield)
        hr_text_add(&r->text, "  z%c%u: {kind: cdn, to: %c%u, keep: [o0], entries: 50, ttl: 20ms}\n", target, i, target, i);
}
