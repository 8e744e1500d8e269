// tests/unit/test_balance.c - every balancer: by hand or by what was published, and those with an index against the plain rule.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/policy/balance/least.h"
#include "sim/policy/balance/upstream.h"

typedef struct { sim_world *w; sim_ref upstream; uint64_t calls; } group;

enum { MANY = 10000 };
static char name_text[MANY][16];
static const char *names[MANY];

// Replicas r0, r1 …
static group make_with(sim_upstream_def def, const char *policy)
{
    group g = {.w = sim_world_new(1, 0)};
    for (uint32_t i = 0; i < MANY && !def.names; i++) {
        snprintf(name_text[i], sizeof name_text[i], "r%u", i);
        names[i] = name_text[i];
    }
    if (!def.names)
        def.names = names;
    hr_error e = {0};
    if (sim_balancer_read(policy, &def.policy, &e))
        fail_msg("%s", e.text);
    g.upstream = sim_upstream_make(g.w, &def);
    return g;
}

static group make(const char *policy, uint32_t count, const uint32_t *weights)
{
    return make_with((sim_upstream_def){.count = count, .weights = weights}, policy);
}

static sim_upstream *upstream_of(group g) { return SIM_AT(g.w, sim_upstream, g.upstream); }
static sim_peer *peer_of(group g, uint32_t slot) { return SIM_AT(g.w, sim_peer, upstream_of(g)->peers) + slot; }

static uint32_t choose_key(group *g, const char *key)
{
    sim_balanced call = {.random = sim_random(9, 1, g->calls++, 0), .key = key, .key_bytes = (uint32_t)strlen(key)};
    return sim_upstream_choose(g->w, g->upstream, &call, NULL, 0);
}
// The key is 4 bytes, so that it will do as an address, too.
static uint32_t choose(group *g) { char key[12]; snprintf(key, sizeof key, "%04u", (unsigned)(g->calls % 10000)); return choose_key(g, key); }
static void answer(group *g, uint32_t slot) { sim_upstream_answer(g->w, g->upstream, slot, HR_MS, false); }
static void mark(group *g, uint32_t slot, bool down) { sim_upstream_mark(g->w, g->upstream, slot, SIM_OUT_DOWN, down); }

static uint32_t roll(uint64_t n, uint32_t what, uint32_t bound) { return (uint32_t)(sim_random(77, what, n, 0).word[0] % bound); }

// --- all rows ---------------------------------------------------------------------------------------------------------------

// Calls come and go, replicas go down and come back; whether any may be chosen is told by the engine's own list.
static void churn(group *g, uint64_t n, uint32_t *out, uint32_t *out_count, uint32_t room)
{
    uint32_t peers = upstream_of(*g)->peer_count;
    if (roll(n, 1, 20) == 0)
        mark(g, roll(n, 2, peers), roll(n, 3, 2));
    g->w->now += roll(n, 4, 3) * HR_MS;
    if (*out_count == room || (*out_count && roll(n, 5, 2))) {
        uint32_t i = roll(n, 6, *out_count);
        answer(g, out[i]);
        out[i] = out[--*out_count];
        return;
    }
    uint32_t slot = choose(g);
    if (slot != SIM_NO_PEER) {
        assert_true(slot < peers);
        out[(*out_count)++] = slot;
    }
}

static void test_every_row_is_whole_repeats_and_keeps_the_list(void **state)
{
    (void)state;
    const uint32_t unequal[5] = {3, 1, 2, 5, 1};
    for (size_t i = 0; sim_balancers[i]; i++) {
        const sim_balancer *b = sim_balancers[i];
        assert_true(b->name && b->summary && b->pick);
        assert_int_equal(sim_balancer_find(b->name), i);
        for (int k = 0; k < 3; k++) {
            sim_upstream_def def = {.count = k < 2 ? 5 : 40, .weights = k == 1 && b->uses & SIM_USES_WEIGHTS ? unequal : NULL, .max_conns = k ? 3 : 0};
            group once = make_with(def, b->name), again = make_with(def, b->name);
            uint32_t out[2][30], count[2] = {0};
            for (uint64_t n = 0; n < 4000; n++) {
                churn(&once, n, out[0], &count[0], 30);
                churn(&again, n, out[1], &count[1], 30);
                assert_int_equal(count[0], count[1]);
                assert_memory_equal(out[0], out[1], count[0] * sizeof out[0][0]);
                sim_upstream_check(once.w, once.upstream);
            }
            sim_world_free(once.w);
            sim_world_free(again.w);
        }
    }
}

// The engine draws for them only.
static void test_rows_that_draw_say_so(void **state)
{
    (void)state;
    for (size_t i = 0; sim_balancers[i]; i++) {
        group one = make(sim_balancers[i]->name, 20, NULL), other = make(sim_balancers[i]->name, 20, NULL);
        bool differ = false;
        for (uint64_t n = 0; n < 200; n++) {
            sim_balanced a = {.random = sim_random(1, 1, n, 0), .key = "12.7", .key_bytes = 4}, b = {.key = a.key, .key_bytes = a.key_bytes};
            differ = differ || sim_upstream_choose(one.w, one.upstream, &a, NULL, 0) != sim_upstream_choose(other.w, other.upstream, &b, NULL, 0);
        }
        assert_int_equal(differ, (sim_balancers[i]->uses & SIM_USES_CHANCE) != 0);
        sim_world_free(one.w);
        sim_world_free(other.w);
    }
}

static void test_nobody_is_chosen_where_all_are_out(void **state)
{
    (void)state;
    for (size_t i = 0; sim_balancers[i]; i++) {
        group g = make(sim_balancers[i]->name, 3, NULL);
        for (uint32_t slot = 0; slot < 3; slot++)
            mark(&g, slot, true);
        assert_int_equal(choose(&g), SIM_NO_PEER);
        mark(&g, 1, false);
        assert_int_equal(choose(&g), 1);
        sim_world_free(g.w);
    }
}

static void test_policies_are_read_with_their_parameters(void **state)
{
    (void)state;
    sim_balancer_choice c = {0};
    assert_int_equal(sim_balancer_read("power-of-d", &c, NULL), HR_OK);
    assert_true(c.parameter[0] == 2);
    assert_int_equal(sim_balancer_read("power-of-d(d=5)", &c, NULL), HR_OK);
    assert_true(c.parameter[0] == 5);
    assert_int_equal(sim_balancer_read("peak-ewma(decay=2.5s)", &c, NULL), HR_OK);
    assert_true(c.parameter[0] == 2.5);
    static const struct { const char *text, *told; } wrong[] = {
        {"power-of-d(d=0)", "from 1 to 16"}, {"power-of-d(d=2.5)", "a whole number"}, {"power-of-d(d=2", "not closed"}, {"power-of-d(d)", "takes d=2"},
        {"power-of-d(e=2)", "no parameter 'e'"}, {"jsq(d=2)", "takes none"}, {"peak-ewma(decay=1ms)", "want a number"}, {"least-con", "did you mean 'least-conn'"},
        {"", "no balancer"}, {"power-of-d(d=nan)", "from 1 to 16"}};
    for (size_t i = 0; i < HR_COUNT(wrong); i++) {
        hr_error e = {0};
        assert_int_equal(sim_balancer_read(wrong[i].text, &c, &e), HR_BAD_INPUT);
        if (!strstr(e.text, wrong[i].told))
            fail_msg("%s: %s", wrong[i].text, e.text);
    }
    assert_true(c.parameter[0] == 2.5);        // untouched
}

// --- the index gives the choices of the plain rule --------------------------------------------------------------------------

// Failures that are counted, but never happen, make an upstream use the plain rule: so the two can run side by side. Now and then a replica begins
// anew, as it does for a proxy that itself is new.
static int compare_with_plain(const char *policy, uint32_t peers, bool planted)
{
    group fast = make(policy, peers, NULL), plain = make_with((sim_upstream_def){.count = peers, .max_fails = 1000, .fail_timeout_s = 10}, policy);
    uint32_t out[2][200], count[2] = {0}, room = 1 + peers * 2 < 200 ? 1 + peers * 2 : 200;
    int differ = 0;
    for (uint64_t n = 0; n < 30000 && !differ; n++) {
        churn(&fast, n, out[0], &count[0], room);
        churn(&plain, n, out[1], &count[1], room);
        if (roll(n, 10, 50) == 0) {
            sim_upstream_renew(fast.w, fast.upstream, roll(n, 11, peers));
            sim_upstream_renew(plain.w, plain.upstream, roll(n, 11, peers));
        }
        if (!planted && n % 64 == 0)
            sim_upstream_check(fast.w, fast.upstream);
        differ += count[0] != count[1] || memcmp(out[0], out[1], count[0] * sizeof out[0][0]) != 0;
        if (planted && n == 100)
            peer_of(fast, roll(n, 9, peers))->current++;           // one sum is wrong by one
    }
    sim_world_free(fast.w);
    sim_world_free(plain.w);
    return differ;
}

static void test_turns_are_those_of_the_plain_rule(void **state)
{
    (void)state;
    for (uint32_t peers = 1; peers <= 90; peers += peers < 20 ? 1 : 7) {
        assert_int_equal(compare_with_plain("round-robin", peers, false), 0);
        assert_int_equal(compare_with_plain("least-conn", peers, false), 0);
    }
    assert_true(compare_with_plain("round-robin", 17, true) && compare_with_plain("least-conn", 17, true));
}

// Few different keys, so that many are equal; some slots take no part.
static void test_the_least_of_many_against_a_scan(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 15, 16, 17, 255, 256, 257, 4096, 4097, 5000};
    for (size_t k = 0; k < HR_COUNT(counts); k++) {
        uint32_t count = counts[k];
        sim_world *w = sim_world_new(1, 0);
        const sim_least l = sim_least_make(w, count);
        uint64_t *key = hr_alloc(count * sizeof *key);
        for (uint32_t i = 0; i < count; i++)
            key[i] = SIM_LEAST_NONE;
        assert_true(sim_least_root(w, &l).key == SIM_LEAST_NONE);
        for (uint64_t n = 0; n < 3000; n++) {
            uint32_t slot = roll(n, 1, count), kinds = n < 1500 ? 3 : 4000, least = 0, ties = 0;
            key[slot] = roll(n, 2, 5) ? roll(n, 3, kinds) : SIM_LEAST_NONE;
            sim_least_set(w, &l, slot, key[slot]);
            for (uint32_t i = 0; i < count; i++) {
                ties = key[i] < key[least] ? 1 : ties + (key[i] == key[least]);
                least = key[i] < key[least] ? i : least;
            }
            sim_least_check(w, &l);
            assert_true(sim_least_root(w, &l).key == key[least]);
            if (key[least] == SIM_LEAST_NONE)
                continue;
            assert_int_equal(sim_least_root(w, &l).ties, ties);
            assert_int_equal(sim_least_first(w, &l).slot, least);
            uint32_t wanted = roll(n, 4, ties), nth = least;
            for (uint32_t left = wanted; left; left -= key[nth] == key[least])
                nth++;
            assert_int_equal(sim_least_nth(w, &l, key[least], wanted), nth);
        }
        free(key);
        sim_world_free(w);
    }
}

// What a plain scan would choose, from the loads that the engine keeps.
static uint32_t plain_jsq(group g)
{
    const uint16_t *slot = SIM_AT(g.w, const uint16_t, upstream_of(g)->eligible);
    uint32_t least = UINT32_MAX, ties = 0, n = upstream_of(g)->eligible_count;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t load = peer_of(g, slot[i])->load;
        ties = load < least ? 1 : ties + (load == least);
        least = load < least ? load : least;
    }
    uint32_t wanted = (uint32_t)((sim_random(9, 1, g.calls, 0).word[0] >> 32) * ties >> 32);
    for (uint32_t i = 0; i < n; i++)
        if (peer_of(g, slot[i])->load == least && wanted-- == 0)
            return slot[i];
    return SIM_NO_PEER;
}

static void test_jsq_against_a_scan_with_ties(void **state)
{
    (void)state;
    for (uint32_t peers = 1; peers <= 70; peers += 3) {
        group g = make("jsq", peers, NULL);
        uint32_t out[100], count = 0;
        for (uint64_t n = 0; n < 3000; n++) {
            uint32_t expected = plain_jsq(g), before = count;
            churn(&g, n, out, &count, 100);
            if (count > before && roll(n, 1, 20))                  // where `churn` has not changed who is down
                assert_int_equal(out[count - 1], expected);
        }
        sim_world_free(g.w);
    }
}

// Who has been idle longest, with a clock of its own; -1: busy.
static void test_jiq_against_a_scan(void **state)
{
    (void)state;
    enum { N = 23 };
    group g = make("jiq", N, NULL);
    int64_t idle[N];
    uint32_t out[40], count = 0;
    for (int i = 0; i < N; i++)
        idle[i] = i;
    int64_t clock = N;
    uint64_t by_chance = 0;
    for (uint64_t n = 0; n < 20000; n++) {
        if (count == 40 || (count && roll(n, 5, 2))) {
            uint32_t i = roll(n, 6, count), slot = out[i];
            answer(&g, slot);
            if (peer_of(g, slot)->load == 0)
                idle[slot] = clock++;
            out[i] = out[--count];
            continue;
        }
        int oldest = -1;
        for (int i = 0; i < N; i++)
            if (idle[i] >= 0 && (oldest < 0 || idle[i] < idle[oldest]))
                oldest = i;
        uint32_t slot = choose(&g);
        if (oldest >= 0)
            assert_int_equal(slot, oldest);
        by_chance += oldest < 0;
        idle[slot] = -1;
        out[count++] = slot;
    }
    assert_true(by_chance > 100);
    sim_world_free(g.w);
}

static void test_peak_ewma_against_a_scan(void **state)
{
    (void)state;
    enum { N = 20 };
    group g = make("peak-ewma(decay=1s)", N, NULL);
    double cost[N] = {0};
    hr_time at[N] = {0};
    uint32_t out[60], count = 0, known = 0;
    for (uint64_t n = 0; n < 20000; n++) {
        g.w->now += roll(n, 1, 5) * HR_MS;
        if (count == 60 || (count && roll(n, 5, 2))) {
            uint32_t i = roll(n, 6, count), slot = out[i];
            hr_time took = (1 + roll(n, 7, 50)) * HR_MS;
            sim_upstream_answer(g.w, g.upstream, slot, took, false);
            double left = exp(-(double)(g.w->now - at[slot]) / 1e9), rtt = (double)took;
            cost[slot] = rtt > cost[slot] * left ? rtt : cost[slot] * left + rtt * (1 - left);
            at[slot] = g.w->now;
            out[i] = out[--count];
            continue;
        }
        double bid[N], least = INFINITY;
        bool all = true;
        for (int i = 0; i < N; i++) {
            bid[i] = cost[i] * exp(-(double)(g.w->now - at[i]) / 1e9) * (peer_of(g, (uint32_t)i)->load + 1);
            all = all && cost[i] > 0;
            least = fmin(least, bid[i]);
        }
        uint32_t slot = choose(&g);
        if (all)
            assert_true(bid[slot] <= least * (1 + 1e-9));
        known += all;
        out[count++] = slot;
    }
    assert_true(known > 9000);
    sim_world_free(g.w);
}

static void test_peak_ewma_by_hand(void **state)
{
    (void)state;
    group g = make("peak-ewma(decay=10s)", 2, NULL);
    assert_int_equal(choose(&g), 0);           // both unknown
    assert_int_equal(choose(&g), 1);           // the first has a call out, and is still unknown
    sim_upstream_answer(g.w, g.upstream, 0, 10 * HR_MS, false);
    sim_upstream_answer(g.w, g.upstream, 1, 25 * HR_MS, false);
    assert_int_equal(choose(&g), 0);           // 10 < 25
    assert_int_equal(choose(&g), 0);           // 10 × 2 < 25
    assert_int_equal(choose(&g), 1);           // 10 × 3 > 25
    sim_upstream_answer(g.w, g.upstream, 0, 40 * HR_MS, false);      // a peak counts at once: 40 × 2 > 25 × 2
    assert_int_equal(choose(&g), 1);
    sim_world_free(g.w);
}

// --- by hand and by what was published ----------------------------------------------------------------------------------------

static void test_least_conn_by_hand(void **state)
{
    (void)state;
    const uint32_t weights[2] = {2, 1};
    group g = make("least-conn", 2, weights);
    // 0/2 = 0/1: by turns, sums 2 and 1, the first one's becomes -1. 1/2 > 0/1. 1/2 < 1/1. 2/2 = 1/1: sums 1 and 2. 2/2 < 2/1.
    const uint32_t expected[5] = {0, 1, 0, 1, 0};
    for (int i = 0; i < 5; i++)
        assert_int_equal(choose(&g), expected[i]);
    sim_world_free(g.w);
}

// Share of bins with at least k balls after one ball a bin, in the limit of many bins: ds(k)/dt = s(k-1)^d - s(k)^d (Mitzenmacher 1996).
static void fluid(int d, double s[12])
{
    const double step = 1e-4;
    memset(s, 0, 12 * sizeof *s);
    s[0] = 1;
    for (double t = 0; t < 1 - step / 2; t += step)
        for (int k = 11; k > 0; k--)
            s[k] += step * (pow(s[k - 1], d) - pow(s[k], d));
}

static void test_power_of_d_fills_bins_as_the_limit_says(void **state)
{
    (void)state;
    uint32_t longest[5] = {0};
    for (int d = 1; d <= 4; d++) {
        char policy[32];
        snprintf(policy, sizeof policy, "power-of-d(d=%d)", d);
        group g = make(policy, MANY, NULL);
        for (int i = 0; i < MANY; i++)
            choose(&g);
        double s[12];
        fluid(d, s);
        for (uint32_t k = 1; k < 12; k++) {
            int with = 0;
            for (uint32_t i = 0; i < MANY; i++)
                with += peer_of(g, i)->load >= k;
            if (with)
                longest[d] = k;
            assert_true(fabs((double)with / MANY - s[k]) < 4 * sqrt(s[k] * (1 - s[k]) / MANY) + 1e-3);
        }
        printf("d=%d: the fullest of %d holds %u\n", d, MANY, longest[d]);
        sim_world_free(g.w);
    }
    assert_true(longest[1] > longest[2] && longest[2] >= longest[3] && longest[3] >= longest[4] && longest[2] <= 4);
}

static void test_draws_differ_and_go_by_weight(void **state)
{
    (void)state;
    // With d = the number of replicas all are looked at, so that the least busy one is always found.
    group g = make("power-of-d(d=5)", 5, NULL);
    for (int i = 0; i < 1000; i++)
        choose(&g);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(peer_of(g, i)->load, 200);
    sim_world_free(g.w);
    const uint32_t weights[3] = {1, 2, 7};
    g = make("random", 3, weights);
    for (int i = 0; i < MANY; i++)
        choose(&g);
    for (uint32_t i = 0; i < 3; i++) {
        double p = weights[i] / 10.0;
        assert_true(fabs(peer_of(g, i)->load - p * MANY) < 4 * sqrt(p * (1 - p) * MANY));
    }
    sim_world_free(g.w);
    const uint32_t loads[3] = {5, 1, 9};
    g = make("random-two", 3, NULL);
    for (uint32_t i = 0; i < 3; i++)
        peer_of(g, i)->in_flight = peer_of(g, i)->load = loads[i];
    upstream_of(g)->in_flight = 15;
    int picked[3] = {0};
    for (int n = 0; n < 3000; n++) {
        uint32_t slot = choose(&g);
        picked[slot]++;
        answer(&g, slot);
    }
    assert_int_equal(picked[2], 0);            // the busiest loses against either
    assert_true(abs(picked[0] - 1000) < 4 * 26);                   // chosen when the idlest is not among the two: one pair of three
    sim_world_free(g.w);
}

// A text whose hash gives the wanted remainder, by trial.
static const char *text_with(char *text, size_t room, uint32_t seed, uint32_t modulus, uint32_t remainder, uint32_t modulus2, uint32_t remainder2)
{
    for (uint32_t i = 0;; i++) {
        size_t length = (size_t)snprintf(text, room, "t%u", i);
        if (sim_balance_hash(seed, text, length) % modulus == remainder && (!modulus2 || sim_balance_hash(seed + 1, text, length) % modulus2 == remainder2))
            return text;
    }
}

// Table 1 of the paper: offsets 3, 0, 3 and skips 4, 2, 1 over seven places, before and after B1 is removed.
static void test_maglev_is_the_table_of_the_paper(void **state)
{
    (void)state;
    char b[3][16], key[16];
    const char *const three[3] = {text_with(b[0], 16, 1, 7, 3, 6, 3), text_with(b[1], 16, 1, 7, 0, 6, 1), text_with(b[2], 16, 1, 7, 3, 6, 0)};
    const uint32_t before[7] = {1, 0, 1, 0, 2, 2, 0}, after[7] = {0, 0, 0, 0, 2, 2, 2};
    group g = make_with((sim_upstream_def){.count = 3, .names = three}, "maglev(table=7)");
    for (uint32_t place = 0; place < 7; place++)
        assert_int_equal(choose_key(&g, text_with(key, sizeof key, 0, 7, place, 0, 0)), before[place]);
    mark(&g, 1, true);
    for (uint32_t place = 0; place < 7; place++)
        assert_int_equal(choose_key(&g, text_with(key, sizeof key, 0, 7, place, 0, 0)), after[place]);
    sim_world_free(g.w);
}

enum { KEYS = 20000 };

static void choose_all(group *g, uint32_t *slots)
{
    char key[16];
    for (uint32_t i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "key%u", i);
        slots[i] = choose_key(g, key);
        answer(g, slots[i]);
    }
}

// Takes one of 50 replicas away: what of the others' keys moves.
static double moved(const char *policy, bool *all_of_it_moved)
{
    static uint32_t before[KEYS], after[KEYS];
    group g = make(policy, 50, NULL);
    choose_all(&g, before);
    mark(&g, 7, true);
    choose_all(&g, after);
    uint32_t others = 0, kept = 0;
    *all_of_it_moved = true;
    for (uint32_t i = 0; i < KEYS; i++) {
        others += before[i] != 7 && before[i] != after[i];
        kept += before[i] != 7;
        *all_of_it_moved = *all_of_it_moved && after[i] != 7;
    }
    sim_world_free(g.w);
    printf("%s: %.2f %% of the other replicas' keys move\n", policy, 100.0 * others / kept);
    return (double)others / kept;
}

static void test_keys_are_hashed_as_decimal_numbers(void **state)
{
    (void)state;
    static const uint64_t keys[] = {0, 7, 9, 10, 99, 100, 1000000, 4294967296, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < HR_COUNT(keys); i++) {
        char text[SIM_BALANCE_KEY_BYTES], expected[32];
        int digits = snprintf(expected, sizeof expected, "%llu", (unsigned long long)keys[i]);
        assert_int_equal(sim_balance_key(SIM_USES_KEY, keys[i], text), digits);
        assert_memory_equal(text, expected, (size_t)digits);
    }
    char text[SIM_BALANCE_KEY_BYTES];
    assert_int_equal(sim_balance_key(SIM_USES_ADDRESS, 0x01020304, text), 4);
    assert_memory_equal(text, "\x0a\x02\x03\x04", 4);
}

static void test_only_keys_of_the_lost_replica_move(void **state)
{
    (void)state;
    bool gone;
    assert_true(moved("rendezvous", &gone) == 0 && gone);
    assert_true(moved("hash-consistent", &gone) == 0 && gone);
    assert_true(moved("bounded-load(factor=1000)", &gone) == 0 && gone);
    assert_true(moved("maglev", &gone) < 0.05 && gone);            // a few: the price of an even table
    assert_true(moved("round-robin", &gone) > 0.5);                // the planted twin: no hash at all
}

// Places of a table, or keys, shared out by weights 1 to 4.
static void test_shares_go_by_weight(void **state)
{
    (void)state;
    static uint32_t slots[KEYS];
    const uint32_t weights[4] = {1, 2, 3, 4};
    static const struct { const char *policy; double allowance; } rows[] = {{"rendezvous", 0}, {"maglev", 0}, {"hash-consistent", 0.1}, {"hash", 0.01}};
    for (size_t r = 0; r < HR_COUNT(rows); r++) {
        group g = make(rows[r].policy, 4, weights);
        choose_all(&g, slots);
        uint32_t count[4] = {0};
        for (uint32_t i = 0; i < KEYS; i++)
            count[slots[i]]++;
        for (int i = 0; i < 4; i++) {          // a ring of 160 points a unit is uneven by 1 / sqrt(160): 8 %
            double p = weights[i] / 10.0;
            assert_true(fabs((double)count[i] / KEYS - p) < 4 * sqrt(p * (1 - p) / KEYS) + rows[r].allowance * p * 2);
        }
        sim_world_free(g.w);
    }
}

static void test_bounded_load_never_exceeds_its_bound(void **state)
{
    (void)state;
    static const double factors[] = {1, 1.1, 1.25, 2};
    const uint32_t weights[10] = {1, 1, 1, 1, 1, 2, 2, 2, 4, 4};
    for (size_t f = 0; f < HR_COUNT(factors); f++) {
        char policy[40], key[16];
        snprintf(policy, sizeof policy, "bounded-load(factor=%g)", factors[f]);
        group g = make(policy, 10, weights);
        for (uint64_t n = 1; n <= 2000; n++) {
            snprintf(key, sizeof key, "%u", roll(n, 1, 3) ? 0 : roll(n, 2, 1000));      // two thirds ask for one key
            uint32_t slot = choose_key(&g, key);
            assert_true(peer_of(g, slot)->load <= ceil(factors[f] * (double)n * weights[slot] / 19));
        }
        sim_world_free(g.w);
    }
}

// --- passive health, limits, reports ------------------------------------------------------------------------------------------

// nginx, max_fails=2 fail_timeout=10s: after two failures nothing for ten whole seconds; then one call, and with its success all of them.
static void test_a_failing_server_gets_one_chance_after_its_timeout(void **state)
{
    (void)state;
    group g = make_with((sim_upstream_def){.count = 2, .max_fails = 2, .fail_timeout_s = 10}, "round-robin");
    for (int fails = 0; fails < 2; ) {
        uint32_t slot = choose(&g);
        fails += slot == 0;
        sim_upstream_answer(g.w, g.upstream, slot, 0, slot == 0);
    }
    for (int second = 0; second <= 10; second++) {
        g.w->now = second * HR_SEC + 999 * HR_MS;
        for (int i = 0; i < 5; i++) {
            uint32_t slot = choose(&g);
            assert_int_equal(slot, 1);
            answer(&g, slot);
        }
    }
    g.w->now = 11 * HR_SEC;
    int first = 0;
    for (int i = 0; i < 3; i++)
        first += choose(&g) == 0;
    assert_int_equal(first, 1);
    answer(&g, 0);
    for (int i = 0; i < 20; i++)
        first += choose(&g) == 0;
    assert_in_range(first, 9, 13);             // half of them again, but its effective weight had to recover
    sim_upstream_check(g.w, g.upstream);
    sim_world_free(g.w);
}

static void test_connection_limits_and_tried_replicas_are_kept(void **state)
{
    (void)state;
    group g = make_with((sim_upstream_def){.count = 3, .max_conns = 2}, "round-robin");
    for (int i = 0; i < 6; i++)
        assert_int_not_equal(choose(&g), SIM_NO_PEER);
    assert_int_equal(choose(&g), SIM_NO_PEER);
    answer(&g, 1);
    assert_int_equal(choose(&g), 1);
    answer(&g, 0);
    answer(&g, 2);
    const uint32_t tried[1] = {0};
    sim_balanced call = {0};
    assert_int_equal(sim_upstream_choose(g.w, g.upstream, &call, tried, 1), 2);
    sim_upstream_check(g.w, g.upstream);
    sim_world_free(g.w);
}

static void test_reported_loads_stand_until_the_next_report(void **state)
{
    (void)state;
    group g = make_with((sim_upstream_def){.count = 3, .reports = true}, "least-conn");
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(choose(&g), i);
    answer(&g, 2);
    answer(&g, 1);
    sim_upstream_report(g.w, g.upstream);      // loads 1, 0, 0
    for (int i = 0; i < 10; i++)
        assert_int_not_equal(choose(&g), 0);   // all see the same old picture: the herd goes to 1 and 2
    sim_upstream_report(g.w, g.upstream);
    assert_int_equal(choose(&g), 0);
    sim_world_free(g.w);
}

static void test_a_checkpoint_goes_on_with_the_same_choices(void **state)
{
    (void)state;
    for (size_t i = 0; sim_balancers[i]; i++) {
        group g = make(sim_balancers[i]->name, 40, NULL), twin = g;
        uint32_t out[2][60], count[2] = {0};
        for (uint64_t n = 0; n < 500; n++)
            churn(&g, n, out[0], &count[0], 60);
        twin.calls = g.calls;
        twin.w = sim_world_fork(g.w);
        memcpy(out[1], out[0], sizeof out[0]);
        count[1] = count[0];
        for (uint64_t n = 500; n < 1500; n++) {
            churn(&g, n, out[0], &count[0], 60);
            churn(&twin, n, out[1], &count[1], 60);
        }
        assert_int_equal(count[0], count[1]);
        assert_memory_equal(out[0], out[1], count[0] * sizeof out[0][0]);
        sim_world_free(g.w);
        sim_world_free(twin.w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_whole_repeats_and_keeps_the_list), cmocka_unit_test(test_nobody_is_chosen_where_all_are_out),
        cmocka_unit_test(test_policies_are_read_with_their_parameters), cmocka_unit_test(test_turns_are_those_of_the_plain_rule),
        cmocka_unit_test(test_rows_that_draw_say_so), cmocka_unit_test(test_the_least_of_many_against_a_scan),
        cmocka_unit_test(test_jsq_against_a_scan_with_ties), cmocka_unit_test(test_jiq_against_a_scan), cmocka_unit_test(test_peak_ewma_against_a_scan),
        cmocka_unit_test(test_peak_ewma_by_hand), cmocka_unit_test(test_least_conn_by_hand),
        cmocka_unit_test(test_power_of_d_fills_bins_as_the_limit_says), cmocka_unit_test(test_draws_differ_and_go_by_weight),
        cmocka_unit_test(test_maglev_is_the_table_of_the_paper), cmocka_unit_test(test_only_keys_of_the_lost_replica_move),
        cmocka_unit_test(test_keys_are_hashed_as_decimal_numbers),
        cmocka_unit_test(test_shares_go_by_weight), cmocka_unit_test(test_bounded_load_never_exceeds_its_bound),
        cmocka_unit_test(test_a_failing_server_gets_one_chance_after_its_timeout),
        cmocka_unit_test(test_connection_limits_and_tried_replicas_are_kept), cmocka_unit_test(test_reported_loads_stand_until_the_next_report),
        cmocka_unit_test(test_a_checkpoint_goes_on_with_the_same_choices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
