// tests/unit/test_loads.c - arrivals of every kind: their law, the same in every variant, through checkpoints, and what is refused.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "sim/scenario/model.h"

static char folder[] = "/tmp/headroom-loads-XXXXXX";

static void write_file(const char *name, const char *text)
{
    hr_error e = {0};
    char *path = hr_format("%s/%s", folder, name);
    assert_int_equal(hr_write_file(path, text, strlen(text), &e), HR_OK);
    free(path);
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    const char trace[] = "time,size,key,op\n0,1KiB,5,write\n0.25,2048,7,read\n250ms,10,7,read\n\n1.5, 20, 0, write   # the last\n";
    write_file("trace.csv", trace);
    char *path = hr_format("%s/trace.csv.gz", folder);
    gzFile gz = gzopen(path, "wb");
    assert_true(gzputs(gz, trace) > 0);
    assert_int_equal(gzclose(gz), Z_OK);
    free(path);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    char *command = hr_format("rm -rf %s", folder);
    int status = system(command);
    free(command);
    return status;
}

// --- requests of a run --------------------------------------------------------------------------------------------------

typedef struct { uint64_t number, key; hr_time at; uint32_t size_bytes, operation; } request;
typedef struct { request *row; size_t count, room; } requests;

static void observe(void *self, const sim_world *w, const sim_note *note)
{
    requests *r = self;
    const sim_call *c = sim_call_at(w, note->call);
    if (note->what != SIM_NOTE_CALL || c->parent)
        return;
    if (r->count == r->room) {
        r->room = r->room ? r->room * 2 : 4096;
        r->row = hr_realloc(r->row, r->room * sizeof *r->row);
    }
    r->row[r->count++] = (request){c->request & 0xFFFFFFFFFFFFu, c->key, c->started, c->size_bytes, c->operation};
}

static const char *const quick = "workers: 1000, on: {read: [{wait: 1ms}], write: [{wait: 2ms}]}";
static const char *const slow = "workers: 3, queue: 5, on: {read: [{wait: exp(50ms)}], write: [{wait: exp(9ms)}]}";

static sim_model *model_of(const char *workload, const char *service, double seconds)
{
    hr_error e = {0};
    sim_model *model = NULL;
    char *path = hr_format("%s/s.yaml", folder);
    char *text = hr_format("scenario: s\ncomponents:\n  s: {kind: service, %s}\nworkload:\n  u: {call: s.read, %s}\nrun: {duration: %.6fs, warmup: 0}\n",
                           service, workload, seconds);
    if (sim_model_parse(path, text, strlen(text), "", &model, &e))
        fail_msg("%s", e.text);
    free(text);
    free(path);
    return model;
}

static sim_world *world_of(const sim_model *model, uint64_t seed, sim_host *host, requests *found)
{
    sim_world *w = sim_model_build(model, seed);
    *host = (sim_host){.observe = observe, .observer = found};
    w->host = host;
    w->arrivals_end = model->duration;
    sim_world_start(w, 0);
    return w;
}

static requests requests_of(const char *workload, const char *service, double seconds, uint64_t seed)
{
    requests found = {0};
    sim_host *host = hr_alloc(sizeof *host);
    sim_model *model = model_of(workload, service, seconds);
    sim_world *w = world_of(model, seed, host, &found);
    sim_world_run(w, model->duration);
    sim_world_check(w);
    sim_world_free(w);
    sim_model_free(model);
    free(host);
    return found;
}

// --- laws -----------------------------------------------------------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Kolmogorov's distance of values from a distribution, times the root of their number: above 1.95 once in a thousand times.
static double distance(double *x, size_t count, double (*below)(double x))
{
    double most = 0, n = (double)count;
    qsort(x, count, sizeof *x, ascending);
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fmax(fabs(below(x[i]) - (double)i / n), fabs(below(x[i]) - ((double)i + 1) / n)));
    return most * sqrt(n);
}

static double below_exponential(double x) { return -expm1(-x); }

// Requests expected until a time, written down by hand for each program below.
static double upto_step(double t) { return t < 10 ? 300 * t : t < 20 ? 3000 + 900 * (t - 10) : 12000 + 50 * (t - 20); }
static double upto_linear(double t)
{
    double turns = floor(t / 10), x = t - 10 * turns;
    double in_turn = x < 4 ? 100 * x + 175 * x * x / 2 : x < 6 ? 1800 + 800 * (x - 4) - 400 * (x - 4) * (x - 4) / 2 : 2600 + 25 * (x - 6) * (x - 6) / 2;
    return turns * 2800 + in_turn;
}
static double upto_ramp(double t) { return t < 25 ? 1000 * t - 36 * t * t / 2 : 13750 + 100 * (t - 25); }
static double upto_sine(double t)
{
    const double turn = 2 * acos(-1);
    return 500 * t + 500 * 7 / turn * (cos(turn * 0.3) - cos(turn * (t / 7 + 0.3)));
}
static double upto_spikes(double t)
{
    double turns = floor(t / 8), x = t - 8 * turns;
    return turns * (8 * 200 + 700 + 800) + 200 * x + 1400 * fmin(fmax(x - 2, 0), 0.5) + 800 * fmin(fmax(x - 5, 0), 1);
}
static double flat;
static double upto_flat(double t) { return flat * t; }

static const struct { const char *workload; double (*upto)(double t); } programs[] = {
    {"rate: 'step(0s 300/s, 10s 900/s, 20s 50/s)'", upto_step},
    {"rate: 'linear(0s 100/s, 4s 800/s, 6s 0/s, 10s 100/s, every=10s)'", upto_linear},
    {"rate: 'ramp(1000/s, 100/s, over=25s)'", upto_ramp},
    {"rate: 'sine(mean=500/s, amplitude=500/s, period=7s, phase=30%)'", upto_sine},
    {"rate: 'spikes(200/s, 2s 1600/s for 500ms, 5s 1000/s for 1s, every=8s)'", upto_spikes}};

// With the time scale on which they are expected to be even, arrivals are a Poisson process of rate 1 (time rescaling).
static double from_poisson(const requests *r, double (*upto)(double t))
{
    double *gap = hr_alloc(r->count * sizeof *gap), before = 0;
    for (size_t i = 0; i < r->count; i++) {
        double now = upto((double)r->row[i].at * 1e-9);
        gap[i] = now - before;
        before = now;
    }
    double far = distance(gap, r->count, below_exponential);
    free(gap);
    return far;
}

static void test_rates_that_vary_follow_their_programs(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(programs); i++) {
        requests r = requests_of(programs[i].workload, quick, 40, 5);
        double want = programs[i].upto(40), right = from_poisson(&r, programs[i].upto);
        flat = want / 40;
        double twin = from_poisson(&r, upto_flat);
        printf("%s: %zu requests, %.0f expected; distance %.3f, twin %.3f\n", programs[i].workload, r.count, want, right, twin);
        assert_true(fabs((double)r.count - want) < 4 * sqrt(want));
        assert_true(right < 1.95);
        assert_true(twin > 1.95);              // planted: a constant rate must be found out
        free(r.row);
    }
}

static void near(double got, double want) { assert_true(fabs(got - want) < 1e-9 * want); }

static void test_the_mean_of_a_program_is_what_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(programs); i++) {
        sim_model *model = model_of(programs[i].workload, quick, 60);
        const sim_arrivals_def *d = &((const sim_workload_def *)model->components[1].def)->arrivals;
        near(d->rate_per_s * 60, programs[i].upto(60));
        for (double seconds = 3.3; seconds < 60; seconds *= 2)
            near(sim_rate_mean(&d->rate, (hr_time)(seconds * 1e9)) * seconds, programs[i].upto(seconds));
        sim_model_free(model);
    }
}

// What `validate` does to set a load: the whole program is scaled.
static void test_a_scaled_program_keeps_its_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(programs); i++) {
        requests r = {0};
        sim_host *host = hr_alloc(sizeof *host);
        sim_model *model = model_of(programs[i].workload, quick, 40);
        ((sim_workload_def *)model->components[1].def)->arrivals.rate_per_s *= 3;
        sim_world *w = world_of(model, 6, host, &r);
        sim_world_run(w, model->duration);
        for (double t = 10; t <= 40; t += 10) {
            size_t n = 0;
            while (n < r.count && r.row[n].at < (hr_time)(t * 1e9))
                n++;
            assert_true(fabs((double)n - 3 * programs[i].upto(t)) < 4 * sqrt(3 * programs[i].upto(t)));
        }
        sim_world_free(w);
        sim_model_free(model);
        free(host);
        free(r.row);
    }
}

static void test_hours_without_arrivals_are_passed_in_a_step(void **state)
{
    (void)state;
    requests r = requests_of("rate: 'step(0s 10k/s, 1s 0/s, 3600s 10k/s)'", quick, 3601, 1);
    assert_true(fabs((double)r.count - 20000) < 600);
    for (size_t i = 0; i < r.count; i++)
        assert_true(r.row[i].at < HR_SEC || r.row[i].at >= 3600 * HR_SEC);
    free(r.row);
    r = requests_of("rate: 'step(0s 100/s, 10s 0/s)'", quick, 1e6, 1);      // nothing comes any more: the run ends
    assert_true(fabs((double)r.count - 1000) < 150);
    free(r.row);
    r = requests_of("rate: 'linear(0s 0/s, 100000s 0.1/s)'", quick, 1e5, 1);
    assert_true(fabs((double)r.count - 5000) < 300);
    free(r.row);
}

// --- MMPP -----------------------------------------------------------------------------------------------------------------

// Gaps of an MMPP with two states, as an arrival sees them: a mixture of two exponentials (Fischer and Meier-Hellstern 1992).
static const double rate_1 = 100, rate_2 = 900, leave_1 = 5, leave_2 = 20;

static double below_mmpp(double x)
{
    // P(gap > x) = p exp((Q - L) x) e with p in proportion to the arrivals in each state; the 2 x 2 exponential by its eigenvalues.
    double a = -(leave_1 + rate_1), b = leave_1, c = leave_2, d = -(leave_2 + rate_2);
    double p1 = leave_2 * rate_1 / (leave_2 * rate_1 + leave_1 * rate_2), p2 = 1 - p1;
    double middle = (a + d) / 2, spread = sqrt((a - d) * (a - d) / 4 + b * c), x1 = middle + spread, x2 = middle - spread;
    double e1 = exp(x1 * x), e2 = exp(x2 * x), even = (x1 * e2 - x2 * e1) / (x1 - x2), odd = (e1 - e2) / (x1 - x2);
    return 1 - (even + odd * (p1 * (a + b) + p2 * (c + d)));
}

static double below_poisson(double x) { return -expm1(-260 * x); }

// Gaps follow each other, so only every 50th is taken: ten sojourns on average lie between two of them.
static void test_mmpp_has_the_gaps_of_its_theory(void **state)
{
    (void)state;
    requests r = requests_of("rate: 'mmpp(100/s for 200ms, 900/s for 50ms)'", quick, 4000, 5);
    size_t n = 0;
    double *gap = hr_alloc(r.count * sizeof *gap), *again = hr_alloc(r.count * sizeof *gap);
    for (size_t i = 50; i < r.count; i += 50)
        gap[n++] = (double)(r.row[i].at - r.row[i - 1].at) * 1e-9;
    memcpy(again, gap, n * sizeof *gap);
    double right = distance(gap, n, below_mmpp), twin = distance(again, n, below_poisson);
    printf("mmpp: %zu requests; distance %.3f, twin %.3f\n", r.count, right, twin);
    assert_true(right < 1.95);
    assert_true(twin > 1.95);
    free(gap);
    free(again);
    free(r.row);
}

// Mean and index of dispersion of counts in windows of so many seconds.
static void count_windows(const requests *r, double seconds, double window, double *mean, double *dispersion)
{
    size_t n = (size_t)(seconds / window);
    double *count = hr_alloc(n * sizeof *count), sum = 0, square = 0;
    for (size_t i = 0; i < r->count; i++)
        count[(size_t)((double)r->row[i].at * 1e-9 / window)]++;
    for (size_t i = 0; i < n; i++)
        sum += count[i];
    for (size_t i = 0; i < n; i++)
        square += (count[i] - sum / (double)n) * (count[i] - sum / (double)n);
    *mean = sum / (double)n / window;
    *dispersion = square / (double)(n - 1) / (sum / (double)n);
    free(count);
}

// Index of dispersion for windows of t (Heffes and Lucantoni 1986):
// 1 + 2 s1 s2 (l1 - l2)^2 / (s^2 (l1 s2 + l2 s1)) (1 - (1 - e^(-s t)) / (s t)), s = s1 + s2.
static void test_mmpp_counts_are_as_bursty_as_theory_says(void **state)
{
    (void)state;
    const double seconds = 8000, window = 2, s = leave_1 + leave_2, l = rate_1 * leave_2 + rate_2 * leave_1;
    double want = 1 + 2 * leave_1 * leave_2 * (rate_1 - rate_2) * (rate_1 - rate_2) / (s * s * l) * (1 - (1 - exp(-s * window)) / (s * window)), mean, got;
    requests r = requests_of("rate: 'mmpp(100/s for 200ms, 900/s for 50ms)'", quick, seconds, 7), same = requests_of("rate: 'mmpp(100/s to 2 5/s, 900/s to 1 20/s)'", quick, 100, 7);
    count_windows(&r, seconds, window, &mean, &got);
    double allowed = 4 * want * sqrt(2 / (seconds / window - 1));   // four standard errors of a variance
    printf("mmpp: mean %.1f/s, 260 expected; index of dispersion %.3f, %.3f expected +- %.3f\n", mean, got, want, allowed);
    assert_true(fabs(mean - 260) < 4 * sqrt(want * 260 / seconds));
    assert_true(fabs(got - want) < allowed);
    assert_true(fabs(1 - want) > allowed);     // a Poisson process would be found out
    for (size_t i = 0; i < same.count; i++)    // the other way of writing it is the same process
        assert_true(same.row[i].at == r.row[i].at);
    free(r.row);
    free(same.row);
}

// Three states; shares of time by hand from the balance equations: 1 -> 2 at 1, 2 -> 1 at 1, 2 -> 3 at 2, 3 -> 1 at 4.
// p2 * 3 = p1, p3 * 4 = p2 * 2: shares 6, 2, 1 of 9.
static void test_mmpp_with_rates_of_transition_has_its_shares(void **state)
{
    (void)state;
    requests r = requests_of("rate: 'mmpp(10/s to 2 1/s, 200/s to 1 1/s to 3 2/s, 0/s to 1 4/s)'", quick, 20000, 3);
    sim_model *model = model_of("rate: 'mmpp(10/s to 2 1/s, 200/s to 1 1/s to 3 2/s, 0/s to 1 4/s)'", quick, 10);
    const sim_workload_def *d = model->components[1].def;
    const double want = (6 * 10 + 2 * 200) / 9.0;
    double mean, dispersion;
    count_windows(&r, 20000, 50, &mean, &dispersion);
    printf("mmpp of three: mean %.3f/s, %.3f expected\n", mean, want);
    assert_true(fabs(d->arrivals.rate_per_s - want) < 1e-12 * want);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(d->arrivals.rate.states[i].share - (i == 0 ? 6 : 3 - i) / 9.0) < 1e-15);
    assert_true(fabs(mean - want) < 4 * sqrt(dispersion * want / 20000));
    assert_true(fabs(70 - want) > 4 * sqrt(dispersion * want / 20000));      // equal shares would be found out
    sim_model_free(model);
    free(r.row);
}

// --- sessions ---------------------------------------------------------------------------------------------------------------

// Requests of a session are geometric: chi-square over 1 … 12 and more, 12 degrees of freedom, 32.9 once in a thousand times.
static double from_geometric(const requests *r, double mean)
{
    enum { CELLS = 13 };
    size_t sessions = r->row[r->count - 1].number >> 12, *turns = hr_alloc((sessions + 2) * sizeof *turns), cell[CELLS] = {0};
    for (size_t i = 0; i < r->count; i++)
        if (r->row[i].number >> 12 <= sessions)
            turns[r->row[i].number >> 12]++;
    sessions = sessions * 9 / 10;              // the last ones are still at it
    for (size_t s = 0; s < sessions; s++)
        cell[turns[s] > CELLS ? CELLS - 1 : turns[s] - 1]++;
    double sum = 0, stay = 1 - 1 / mean;
    for (int i = 0; i < CELLS; i++) {
        double want = (double)sessions * pow(stay, i) * (i == CELLS - 1 ? 1 : 1 / mean);
        sum += ((double)cell[i] - want) * ((double)cell[i] - want) / want;
    }
    free(turns);
    return sum;
}

static void test_sessions_are_geometric(void **state)
{
    (void)state;
    requests r = requests_of("rate: 200/s, requests_per_session: 4, think: exp(20ms)", quick, 100, 5);
    double right = from_geometric(&r, 4), twin = from_geometric(&r, 4.2);
    printf("sessions: chi-square %.1f, twin %.1f\n", right, twin);
    assert_true(right < 32.9);
    assert_true(twin > 32.9);
    free(r.row);
}

// Think and waiting room are a network with a product form: one server sees the queue of M/M/1 with the load of all requests,
// though they do not arrive as a Poisson process (Jackson 1957). Mean response time 1 / (mu - lambda n).
static void test_partly_open_server_has_the_mean_of_its_theory(void **state)
{
    (void)state;
    enum { RUNS = 8 };
    double mean[RUNS], sum = 0, square = 0;
    sim_model *model = model_of("rate: 20/s, requests_per_session: 4, think: exp(300ms), timeout: none", "workers: 1, queue: 1M, on: {read: [{wait: exp(10ms)}]}", 2000);
    for (int i = 0; i < RUNS; i++) {
        sim_world *w = sim_model_build(model, (uint64_t)i + 50);
        w->window_from = 100 * HR_SEC;
        w->window_to = w->arrivals_end = model->duration;
        sim_world_start(w, 0);
        sim_world_run(w, model->duration);
        mean[i] = sim_histogram_mean_s(sim_workload_look(w, 1).latency);
        sum += mean[i] / RUNS;
        sim_world_free(w);
    }
    for (int i = 0; i < RUNS; i++)
        square += (mean[i] - sum) * (mean[i] - sum);
    double half = 3.5 * sqrt(square / (RUNS - 1) / RUNS), want = 1 / (100 - 80.0);          // t with 7 degrees of freedom, 99 %
    printf("partly open: mean %.5f s +- %.5f, theory %.5f\n", sum, half, want);
    assert_true(half < 0.05 * want);
    assert_true(fabs(sum - want) < half);
    assert_true(fabs(sum - 1 / (100 - 76.0)) > half);                // 5 % less load would be found out
    sim_model_free(model);
}

// --- traces ---------------------------------------------------------------------------------------------------------------

static void expect_trace(const char *arrivals, const double *at, size_t count)
{
    static const request row[] = {{0, 5, 0, 1024, 1}, {1, 7, 0, 2048, 0}, {2, 7, 0, 10, 0}, {3, 0, 0, 20, 1}};
    requests r = requests_of(arrivals, quick, 6, 1);
    assert_int_equal(r.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(r.row[i].number, i);
        assert_int_equal(r.row[i].at, (hr_time)(at[i] * 1e9));
        assert_int_equal(r.row[i].key, row[i % 4].key);
        assert_int_equal(r.row[i].size_bytes, row[i % 4].size_bytes);
        assert_int_equal(r.row[i].operation, row[i % 4].operation);
    }
    free(r.row);
}

static void test_traces_are_replayed_to_the_letter(void **state)
{
    (void)state;
    const uint64_t keys[] = {5, 7, 7, 0};
    expect_trace("arrivals: trace(trace.csv)", (const double[]){0, 0.25, 0.25, 1.5}, 4);
    expect_trace("arrivals: trace(trace.csv.gz)", (const double[]){0, 0.25, 0.25, 1.5}, 4);
    expect_trace("arrivals: 'trace(trace.csv, speed=0.5)'", (const double[]){0, 0.5, 0.5, 3}, 4);
    expect_trace("arrivals: 'trace(trace.csv, every=4s)', key: trace", (const double[]){0, 0.25, 0.25, 1.5, 4, 4.25, 4.25, 5.5}, 8);
    expect_trace("arrivals: 'trace(trace.csv, every=4s, speed=2)'", (const double[]){0, 0.125, 0.125, 0.75, 4, 4.125, 4.125, 4.75}, 8);
    requests r = requests_of("arrivals: 'trace(trace.csv)', key: 'uniform(1)'", quick, 6, 1);
    for (size_t i = 0; i < r.count; i++)
        assert_int_equal(r.row[i].key, 0);     // a key that the scenario names goes before the trace's
    free(r.row);
    r = requests_of("rate: 10/s, key: trace(trace.csv)", quick, 6, 1);
    for (size_t i = 0; i < r.count; i++)
        assert_int_equal(r.row[i].key, keys[i % 4]);
    free(r.row);
}

// --- all kinds ------------------------------------------------------------------------------------------------------------

static const char *const kinds[] = {
    "rate: 300/s", "rate: 300/s, arrivals: constant", "rate: 300/s, arrivals: 'hyperexp(mean=1s, scv=4)'",
    "rate: 'step(0s 100/s, 1s 800/s, 2s 0/s, 3s 400/s, every=4s)'", "rate: 'linear(0s 100/s, 4s 800/s, 9s 0/s)'", "rate: 'ramp(10/s, 800/s, over=6s)'",
    "rate: 'sine(mean=400/s, amplitude=400/s, period=3s)'", "rate: 'spikes(100/s, 2s 900/s for 500ms, every=3s)'",
    "rate: 'mmpp(100/s for 300ms, 1000/s for 100ms)'", "rate: 'mmpp(100/s to 2 1/s to 3 1/s, 1000/s to 1 9/s, 0/s to 1 9/s)'",
    "rate: 100/s, requests_per_session: 4, think: exp(50ms)", "rate: 'mmpp(10/s for 300ms, 300/s for 100ms)', requests_per_session: 3, think: exp(50ms)",
    "users: 20, think: exp(50ms)", "arrivals: 'trace(trace.csv, every=1600ms)'",
    "rate: 300/s, key: 'hotspot(10%, 90%, 1k)'", "rate: 300/s, key: sequential(77)", "rate: 300/s, key: trace(trace.csv)", "rate: 300/s, key: 'zipf(1.2, 100M)'"};

static void assert_same_requests(const requests *a, size_t from, const requests *b)
{
    assert_int_equal(a->count - from, b->count);
    for (size_t i = 0; i < b->count; i++)
        assert_memory_equal(&a->row[from + i], &b->row[i], sizeof *b->row);
}

static void test_every_kind_continues_after_a_checkpoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(kinds); i++) {
        requests all = {0}, rest = {0}, other = {0}, planted = {0};
        sim_host *host = hr_alloc(4 * sizeof *host);
        sim_model *model = model_of(kinds[i], slow, 10);
        sim_world *w = world_of(model, 11, &host[0], &all), *v = world_of(model, 12, &host[1], &other);
        sim_world_run(w, 4 * HR_SEC);
        sim_world_run(v, 5 * HR_SEC);
        size_t from = all.count;
        sim_checkpoint saved = sim_world_checkpoint(w);
        sim_world *twin = sim_world_fork(v);
        hr_error e = {0};
        assert_int_equal(sim_world_restore(v, saved.bytes, saved.size, &e), HR_OK);
        host[1].observer = &rest;
        host[2] = (sim_host){.observe = observe, .observer = &planted};
        twin->host = &host[2];
        sim_world_run(w, 9 * HR_SEC);
        sim_world_run(v, 9 * HR_SEC);
        sim_world_run(twin, 9 * HR_SEC);
        assert_true(all.count > from);
        assert_same_requests(&all, from, &rest);
        assert_true(planted.count != rest.count || memcmp(planted.row, rest.row, rest.count * sizeof *rest.row) != 0);      // another seed, another moment
        sim_world_free(w);
        sim_world_free(v);
        sim_world_free(twin);
        sim_model_free(model);
        free(saved.bytes);
        free(host);
        free(all.row);
        free(rest.row);
        free(other.row);
        free(planted.row);
    }
}

// Open loops: the same requests at the same times, whatever the system does with them. Closed and partly open: the same keys for the
// same numbers, at other times.
static void test_variants_see_the_same_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_COUNT(kinds); i++) {
        requests a = requests_of(kinds[i], quick, 10, 3), b = requests_of(kinds[i], slow, 10, 3), c = requests_of(kinds[i], quick, 10, 4);
        bool waits = strstr(kinds[i], "users") || strstr(kinds[i], "session");
        if (!waits)
            assert_same_requests(&a, 0, &b);
        size_t shared = 0;
        for (size_t k = 0; k < a.count && waits; k++)
            for (size_t m = 0; m < b.count; m++)
                if (a.row[k].number == b.row[m].number) {
                    assert_int_equal(a.row[k].key, b.row[m].key);
                    shared++;
                }
        assert_true(!waits || shared > 100);
        if (!strstr(kinds[i], "constant") && !strstr(kinds[i], "arrivals: 'trace"))
            assert_true(c.count != a.count || memcmp(a.row, c.row, a.count * sizeof *a.row) != 0);     // planted: another seed
        free(a.row);
        free(b.row);
        free(c.row);
    }
}

// What `explain` shows is what the reader takes.
static void test_examples_of_the_tables_are_read(void **state)
{
    (void)state;
    static const char *const examples[][2] = {
#define SIM_RATE(name, arguments, help) {"rate: '%s'", arguments},
#include "sim/parts/rates.def"
#undef SIM_RATE
#define SIM_ARRIVAL(name, arguments, help) {SIM_ARRIVALS_##name == SIM_ARRIVALS_trace ? "arrivals: '%s'" : "rate: 1/s, arrivals: '%s'", arguments},
#include "sim/parts/arrivals.def"
#undef SIM_ARRIVAL
#define SIM_POPULARITY(name, arguments, help) {"rate: 1/s, key: '%s'", arguments},
#include "sim/core/popularity.def"
#undef SIM_POPULARITY
#define SIM_DISTRIBUTION(name, arguments, help) {"rate: 1/s, arrivals: '%s'", arguments},
#include "sim/core/distribution.def"
#undef SIM_DISTRIBUTION
    };
    for (size_t i = 0; i < HR_COUNT(examples); i++) {
        const char *place = strstr(examples[i][0], "%s");
        write_file("FILE", strstr(examples[i][0], "key") || strstr(examples[i][1], "trace") ? "time,key\n0.5,1\n" : "0.5\n1\n");
        char *workload = hr_format("%.*s%s%s", (int)(place - examples[i][0]), examples[i][0], examples[i][1], place + 2);
        sim_model_free(model_of(workload, quick, 100));
        free(workload);
    }
}

// --- what is refused -------------------------------------------------------------------------------------------------------

static void refuse(const char *workload, const char *pattern)
{
    hr_error e = {0};
    sim_model *model = NULL;
    char *path = hr_format("%s/s.yaml", folder);
    char *text = hr_format("scenario: s\ncomponents:\n  s: {kind: service, %s}\nworkload:\n  u: {call: s.read, %s}\n", quick, workload);
    if (sim_model_parse(path, text, strlen(text), "", &model, &e) != HR_BAD_INPUT)
        fail_msg("%s is read", workload);
    if (!strstr(e.text, pattern) || e.count != 1 || !strstr(e.text, "s.yaml:5:"))
        fail_msg("%s: %d messages, no '%s' in: %s", workload, e.count, pattern, e.text);
    free(text);
    free(path);
}

static void test_what_is_no_load_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"rate: 1e-7/s", "out of range"}, {"rate: [1/s]", "want a rate"}, {"rate: 'steps(0s 1/s)'", "did you mean 'step'?"}, {"rate: 'step()'", "want a time and a rate"}, {"rate: 'step(1s 1/s)'", "say what holds from 0s on"},
        {"rate: 'step(0s 1/s, 0s 2/s)'", "times must ascend"}, {"rate: 'step(0s 1/s, 5s -2/s)'", "'-2/s': want a rate"}, {"rate: 'step(0s nan)'", "'nan': want a rate"},
        {"rate: 'step(0s 1e9/s)'", "up to 1e7/s"}, {"rate: 'step(0s 1/s, 5s 2/s, every=5s)'", "before its last step"}, {"rate: 'step(0s 0/s, 50s 0/s)'", "nearly all of the run"},
        {"rate: 'step(0s 1/s, 60s 2/s)'", "the run is over after 60s, so what begins after 60s never does"}, {"rate: 'spikes(1/s, 59s 2/s for 5s, 90s 2/s for 1s)'", "after 90s never does"},
        {"rate: 'linear(0s 1/s, every=5s)'", "has only one"}, {"rate: 'ramp(1/s, 2/s)'", "over=60s"}, {"rate: 'ramp(1/s, 2/s, over=0)'", "for a jump: step"},
        {"rate: 'sine(mean=1/s, amplitude=2/s, period=1s)'", "fall below 0"}, {"rate: 'sine(mean=1/s, amplitude=1/s)'", "want sine("},
        {"rate: 'sine(mean=1/s, amplitude=1/s, period=1us)'", "1ms or more"}, {"rate: 'sine(mean=1/s, amplitude=1/s, period=1s, phase=2)'", "below 100%"},
        {"rate: 'spikes(1/s)'", "at least one spike"}, {"rate: 'spikes(1/s, 5s 2/s for 2s, 6s 3/s for 1s)'", "begins before the spike"},
        {"rate: 'spikes(1/s, 5s 2/s for 2s, every=6s)'", "before its last spike"}, {"rate: 'spikes(1/s, 5s 2/s for 0)'", "takes no time"},
        {"rate: 'mmpp(1/s for 1s)'", "2 to 32 states"}, {"rate: 'mmpp(1/s for 1s, 2/s)'", "want a state"}, {"rate: 'mmpp(1/s to 3 1/s, 2/s for 1s)'", "another state (1 to 2)"},
        {"rate: 'mmpp(1/s to 1 1/s, 2/s for 1s)'", "another state"}, {"rate: 'mmpp(1/s to 2 1/s, 1/s to 3 1/s, 1/s to 2 1/s)'", "be reached"},
        {"rate: 'mmpp(1/s to 2 1/s, 2/s to 1 1/s to 1 1/s)'", "each once"}, {"rate: 'mmpp(1/s for 1us, 2/s for 1us)'", "more than a thousand times"},
        {"rate: 'sine(mean=1/min, amplitude=0/s, period=1ms)'", "more than a thousand times"}, {"rate: 'step(0s 1/s)', arrivals: constant", "thins a Poisson process"},
        {"rate: 1/s, requests_per_session: 0.5", "from 1 to 100"}, {"users: 1, requests_per_session: 2", "belongs to a `rate`"},
        {"rate: 1/s, requests_per_session: 2, key: sequential(5)", "no order"}, {"rate: 1/s, arrivals: trace(trace.csv)", "leave `rate` out"},
        {"arrivals: trace(trace.csv), requests_per_session: 2", "belongs to a `rate`"}, {"arrivals: trace(none.csv)", "none.csv cannot be read"},
        {"arrivals: trace(.)", "not a regular file"}, {"arrivals: 'trace(trace.csv, fast=2)'", "speed=10 and every=60s"}, {"arrivals: 'trace(trace.csv, speed=0)'", "from 0.001"},
        {"arrivals: 'trace(trace.csv, every=1s)'", "before its last request"}, {"rate: 1/s, key: trace", "name the file"}, {"rate: 1/s, key: trace(times.csv)", "no column `key`"},
        {"rate: 1/s, key: 'hotspot(0%, 80%, 5)'", "want a share"}, {"rate: 1/s, key: 'hotspot(20%, 80%, 1)'", "want 2 to 1e12 keys"},
        {"rate: 1/s, key: 'zipf(101, 5)'", "want an exponent"}, {"rate: 1/s, key: 'zipf(1ms, 5)'", "want an exponent"}, {"rate: 1/s, key: 'sequental(5)'", "did you mean 'sequential'?"},
        {"rate: 1/s, arrivals: samples(none.data)", "cannot be read"}};
    write_file("times.csv", "0\n1\n");
    for (size_t i = 0; i < HR_COUNT(bad); i++)
        refuse(bad[i][0], bad[i][1]);
}

static void test_wrong_rows_are_told_by_their_line(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "has no rows"}, {"# nothing\n\n", "has no rows"}, {"time\n", "has no rows"}, {"-1\n", ":1: '-1': want seconds"}, {"0\nnan\n", ":2: 'nan': want seconds"},
        {"0\n1\n0.5\n", ":3: '0.5' is less than the time before"}, {"0\n\n1x\n", ":3: '1x': want seconds"}, {"1e300\n", ":1: '1e300': want seconds"},
        {"tyme,key\n0,1\n", ":1: no column is named 'tyme'; did you mean 'time'?"}, {"key,op\n0,read\n", ":1: no column `time`"}, {"time,time\n0,0\n", "two columns `time`"},
        {"0,1\n1\n", ":2: 1 columns, the first line has 2"}, {"0,1,2,read,5\n", "more than 4 columns"}, {"0,-1\n", ":1: key '-1': want a whole number"},
        {"0,1.5\n", ":1: key '1.5'"}, {"0,1,huge\n", ":1: size 'huge': want bytes"}, {"0,1,2e9\n", "at most 1e9"}, {"0,1,2,reed\n", ":1: op 'reed' is no operation of what is called; did you mean 'read'?"},
        {"0,1,2,\n", ":1: op '' is no operation"}, {",1\n", ":1: '': want seconds"}};
    for (size_t i = 0; i < HR_COUNT(bad); i++) {
        write_file("bad.csv", bad[i][0]);
        refuse("arrivals: trace(bad.csv)", bad[i][1]);
    }
    char *longest = hr_alloc(6000);
    memset(longest, '0', 5000);
    write_file("bad.csv", longest);
    refuse("arrivals: trace(bad.csv)", ":1: a line of more than 4096 bytes");
    free(longest);
    hr_error e = {0};
    char *path = hr_format("%s/bad.csv", folder), *whole;
    assert_int_equal(hr_write_file(path, "0\n1\0002\n", 6, &e), HR_OK);
    refuse("arrivals: trace(bad.csv)", ":2: not a text file");
    size_t size;
    char *gz = hr_format("%s/trace.csv.gz", folder);
    assert_int_equal(hr_read_file(gz, 1000, &whole, &size, &e), HR_OK);
    assert_int_equal(hr_write_file(path, whole, size - 12, &e), HR_OK);
    refuse("arrivals: trace(bad.csv)", "damaged or cut off");
    free(whole);
    free(gz);
    free(path);
    write_file("bad.csv", "2ms\n1ms\n");
    refuse("rate: 1/s, arrivals: empirical(bad.csv)", ":2: '1ms' is less than the time before");
    write_file("bad.csv", "2ms\n");
    refuse("rate: 1/s, arrivals: empirical(bad.csv)", "has 1 times in it: too few");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_that_vary_follow_their_programs), cmocka_unit_test(test_the_mean_of_a_program_is_what_comes),
        cmocka_unit_test(test_a_scaled_program_keeps_its_shape), cmocka_unit_test(test_hours_without_arrivals_are_passed_in_a_step),
        cmocka_unit_test(test_mmpp_has_the_gaps_of_its_theory), cmocka_unit_test(test_mmpp_counts_are_as_bursty_as_theory_says),
        cmocka_unit_test(test_mmpp_with_rates_of_transition_has_its_shares), cmocka_unit_test(test_sessions_are_geometric),
        cmocka_unit_test(test_partly_open_server_has_the_mean_of_its_theory), cmocka_unit_test(test_traces_are_replayed_to_the_letter),
        cmocka_unit_test(test_every_kind_continues_after_a_checkpoint), cmocka_unit_test(test_variants_see_the_same_requests),
        cmocka_unit_test(test_examples_of_the_tables_are_read), cmocka_unit_test(test_what_is_no_load_is_refused_with_its_reason), cmocka_unit_test(test_wrong_rows_are_told_by_their_line)};
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
