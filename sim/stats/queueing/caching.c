// sim/stats/queueing/caching.c - hit ratios when each look-up draws its key independently, ranks by Zipf; and one key with a time to live.
#include <math.h>
#include <stdlib.h>

#include "sim/stats/queueing/theory.h"

enum { ITEMS, ZIPF, SIZE };

// Popularity of each rank; the caller frees it.
static double *popularity(const sim_theory_arguments *a)
{
    size_t n = (size_t)a->value[ITEMS];
    double *p = hr_alloc(n * sizeof *p), sum = 0;
    for (size_t i = n; i-- > 0;)               // small ones first: less rounding
        sum += p[i] = pow((double)i + 1, -a->value[ZIPF]);
    for (size_t i = 0; i < n; i++)
        p[i] /= sum;
    return p;
}

// LRU holds the last `size` different keys. P(S), the chance that the last |S| different keys are the set S, is the sum over the
// key i that came last of all in it: P(S without i) p_i / (1 - p(S without i)) (King 1971). A set is a word of bits.
static hr_status lru_exact(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    (void)e;
    uint32_t n = (uint32_t)a->value[ITEMS], size = (uint32_t)a->value[SIZE];
    double *p = popularity(a), *chance = hr_alloc(((size_t)1 << n) * sizeof *chance), hit = 0;
    chance[0] = 1;
    for (uint32_t set = 0; set < 1u << n; set++) {
        uint32_t members = (uint32_t)__builtin_popcount(set);
        if (members > size || members == n)
            continue;
        double inside = 0, outside = 0;
        for (uint32_t i = 0; i < n; i++)
            *(set >> i & 1 ? &inside : &outside) += p[i];
        if (members == size) {
            hit += chance[set] * inside;
            continue;
        }
        for (uint32_t i = 0; i < n; i++)
            if (!(set >> i & 1))
                chance[set | 1u << i] += chance[set] * p[i] / outside;
    }
    free(chance);
    free(p);
    out->value[SIM_QUANTITY_hit_ratio] = size >= n ? 1 : hit;
    return HR_OK;
}

// In FIFO (and RANDOM) the set S is held in proportion to the product of its popularities (Gelenbe 1973). With independent switches
// that are on with x p_i / (1 + x p_i), that is the chance of S given that exactly `size` are on, for any x; so the chance K(k)
// of k switches gives the miss ratio (size + 1) K(size + 1) / (x K(size)). x is chosen so that both are likely: nothing underflows.
static double fifo_miss(const double *p, size_t n, size_t size)
{
    double low = -800, high = 800, x = 1, wanted = (double)size + 0.5;             // of the logarithm of x
    for (int round = 0; round < 200; round++) {
        double on = 0, middle = (low + high) / 2;
        x = exp(fmin(middle, 700));
        for (size_t i = 0; i < n; i++)
            on += x * p[i] / (1 + x * p[i]);
        if (fabs(on - wanted) < 0.25)
            break;
        *(on < wanted ? &low : &high) = middle;
    }
    double *K = hr_alloc((size + 2) * sizeof *K);
    K[0] = 1;
    for (size_t i = 0; i < n; i++) {
        double on = x * p[i] / (1 + x * p[i]);
        for (size_t k = size + 1; k > 0; k--)
            K[k] = K[k] * (1 - on) + K[k - 1] * on;
        K[0] *= 1 - on;
    }
    double miss = ((double)size + 1) * K[size + 1] / (x * K[size]);
    free(K);
    return miss;
}

static hr_status fifo_exact(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    if (a->value[ITEMS] * a->value[SIZE] > 1e9)
        return hr_fail(e, HR_BAD_INPUT, "items=%.0f size=%.0f: more than is computed (items times size up to 1e9)", a->value[ITEMS], a->value[SIZE]);
    size_t n = (size_t)a->value[ITEMS], size = (size_t)a->value[SIZE];
    double *p = popularity(a);
    out->value[SIM_QUANTITY_hit_ratio] = size >= n ? 1 : 1 - fifo_miss(p, n, size);
    free(p);
    return HR_OK;
}

// Keys that are held when each stays for time t after its last use.
static double held_after(const double *p, size_t n, double t)
{
    double held = 0;
    for (size_t i = 0; i < n; i++)
        held -= expm1(-p[i] * t);
    return held;
}

// Che's approximation: a key stays for one and the same time, which is found from the sum of the presences.
static hr_status lru_che(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    (void)e;
    size_t n = (size_t)a->value[ITEMS];
    double size = a->value[SIZE], low = 0, high = 1, hit = size >= (double)n, *p = popularity(a);
    if (size < (double)n) {
        for (; held_after(p, n, high) < size; high *= 2)
            low = high;
        while (high - low > 1e-14 * high) {
            double middle = (low + high) / 2;
            *(held_after(p, n, middle) < size ? &low : &high) = middle;
        }
        for (size_t i = 0; i < n; i++)
            hit -= p[i] * expm1(-p[i] * high);
    }
    free(p);
    out->value[SIM_QUANTITY_hit_ratio] = hit;
    return HR_OK;
}

static hr_status ttl_hit(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    (void)e;
    double asked = a->value[0] * a->value[1];                      // look-ups while the key lives, all of them hits
    out->value[SIM_QUANTITY_hit_ratio] = asked / (1 + asked);
    return HR_OK;
}

#define ZIPF_ROW {"zipf", SIM_THEORY_NUMBER, "1", 0, 10, "exponent of the popularity, 0: all alike"}
#define ITEMS_ROW(most) {"items", SIM_THEORY_WHOLE, NULL, 1, most, "keys in all"}
#define SIZE_ROW {"size", SIM_THEORY_WHOLE, NULL, 1, 1e7, "keys that the cache holds"}

const sim_theory_model sim_theory_lru_exact = {.name = "lru_exact", .summary = "hit ratio of LRU, exact, for up to 22 keys",
    .source = "King 1971", .example = "items=6 zipf=1.2 size=1", .parameters = {ITEMS_ROW(22), ZIPF_ROW, SIZE_ROW}, .compute = lru_exact};

const sim_theory_model sim_theory_fifo_exact = {.name = "fifo_exact", .summary = "hit ratio of FIFO, which is that of RANDOM, exact",
    .source = "Gelenbe, IEEE Trans. Computers 22 (1973)", .example = "items=6 zipf=0.8 size=2",
    .parameters = {ITEMS_ROW(1e6), ZIPF_ROW, SIZE_ROW}, .compute = fifo_exact};

const sim_theory_model sim_theory_lru_che = {.name = "lru_che", .summary = "hit ratio of LRU for many keys, approximation",
    .source = "Che, Tung and Wang, IEEE JSAC 20 (2002)", .example = "items=10000 zipf=0.8 size=1000",
    .parameters = {ITEMS_ROW(1e6), ZIPF_ROW, SIZE_ROW}, .compute = lru_che};

const sim_theory_model sim_theory_ttl_hit = {.name = "ttl_hit", .summary = "hit ratio of one key that lives for a fixed time after each miss",
    .source = "renewal reward: 1 miss and arrival times ttl hits a cycle; Jung, Berger and Balakrishnan, INFOCOM 2003", .example = "arrival=3/s ttl=1s",
    .parameters = {{"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson look-ups of the key"},
                   {"ttl", SIM_THEORY_TIME, NULL, 0, 1e9, "time to live, set at a miss"}},
    .compute = ttl_hit};
