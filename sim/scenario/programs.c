// sim/scenario/programs.c - rates of workloads: constant, by a program (step, linear, ramp, sine, spikes), or by a Markov chain (mmpp).
#include <math.h>
#include <string.h>

#include "sim/scenario/loads.h"
#include "sim/scenario/units.h"

enum { MOST_WORDS = 64, MOST_STATES = 32 };
static const double most_rate = 1e7;           // as the table of keys has it for `rate`

// --- entries: words between commas ----------------------------------------------------------------------------------------

// Splits at spaces; the count, or MOST_WORDS + 1 when there are more.
static int words_of(char *text, char *word[MOST_WORDS])
{
    int n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        if (n == MOST_WORDS)
            return n + 1;
        word[n++] = w;
    }
    return n;
}

static bool want_rate(const sim_source *source, const char *text, double *per_s)
{
    return (sim_read_rate(text, per_s) && *per_s <= most_rate) ||
           sim_because(source, "'%.60s': want a rate such as 100/s, up to 1e7/s", text);
}

bool sim_want_time(const sim_source *source, const char *text, hr_time *time)
{
    return (strcmp(text, "none") != 0 && sim_read_time(text, time)) || sim_because(source, "'%.60s': want a time such as 20s", text);
}

// The last argument may be every=TIME: takes it off.
static bool want_every(const sim_source *source, char **arguments, size_t *n, hr_time *every)
{
    const char *text = *n ? sim_form_named(arguments[*n - 1], "every") : NULL;
    if (!text)
        return true;
    --*n;
    return sim_want_time(source, text, every) && (*every >= HR_US || sim_because(source, "every=%.60s: want 1us or more", text));
}

// --- programs of a rate ---------------------------------------------------------------------------------------------------

typedef struct {
    sim_pool *pool;
    const sim_source *source;
    char    **arguments;
    size_t    count;
    sim_rate_def *rate;
} program;

// "20s 800/s" for each piece.
static bool read_points(program *p, sim_rate_piece *pieces)
{
    const char *last = "";
    for (size_t i = 0; i < p->count; i++) {
        char *word[MOST_WORDS];
        const char *whole = sim_pool_text(p->pool, p->arguments[i]);
        if (words_of(p->arguments[i], word) != 2)
            return sim_because(p->source, "'%.60s': want a time and a rate, such as 20s 800/s", whole);
        if (!sim_want_time(p->source, word[0], &pieces[i].from) || !want_rate(p->source, word[1], &pieces[i].rate))
            return false;
        if (i == 0 && pieces[0].from != 0)
            return sim_because(p->source, "the first time is %.60s: say what holds from 0s on", word[0]);
        if (i && pieces[i].from <= pieces[i - 1].from)
            return sim_because(p->source, "%.60s comes after %.60s: times must ascend", word[0], last);
        last = word[0];
    }
    return p->count > 0;
}

static bool read_step(program *p)
{
    sim_rate_piece *pieces = sim_pool_take(p->pool, (p->count + 1) * sizeof *pieces);
    if (!want_every(p->source, p->arguments, &p->count, &p->rate->every) || !read_points(p, pieces))
        return false;
    for (size_t i = 0; i < p->count; i++)
        pieces[i].to_rate = pieces[i].rate;
    if (p->rate->every && p->rate->every <= pieces[p->count - 1].from)
        return sim_because(p->source, "the program begins anew before its last step");
    p->rate->latest = pieces[p->count - 1].from;
    p->rate->pieces = pieces;
    p->rate->count = (uint32_t)p->count;
    return true;
}

static bool read_linear(program *p)
{
    sim_rate_piece *pieces = sim_pool_take(p->pool, (p->count + 1) * sizeof *pieces);
    if (!want_every(p->source, p->arguments, &p->count, &p->rate->every) || !read_points(p, pieces))
        return false;
    size_t last = p->count - 1;
    for (size_t i = 0; i < p->count; i++)
        pieces[i].to_rate = pieces[i < last ? i + 1 : i].rate;
    if (p->rate->every && (p->rate->every < pieces[last].from || !last))
        return sim_because(p->source, "the program begins anew before its last point, or has only one");
    p->rate->pieces = pieces;                  // where the last point is the new beginning, nothing stays
    p->rate->count = (uint32_t)(p->count - (p->rate->every == pieces[last].from));
    return true;
}

static bool read_ramp(program *p)
{
    sim_rate_piece *pieces = sim_pool_take(p->pool, 2 * sizeof *pieces);
    const char *over = p->count == 3 ? sim_form_named(p->arguments[2], "over") : NULL;
    if (!over)
        return sim_because(p->source, "want ramp(100/s, 800/s, over=60s)");
    if (!want_rate(p->source, p->arguments[0], &pieces[0].rate) || !want_rate(p->source, p->arguments[1], &pieces[1].rate) ||
        !sim_want_time(p->source, over, &pieces[1].from))
        return false;
    if (pieces[1].from <= 0)
        return sim_because(p->source, "over=0: want some time; for a jump: step(…)");
    pieces[0].to_rate = pieces[1].to_rate = pieces[1].rate;
    p->rate->pieces = pieces;
    p->rate->count = 2;
    return true;
}

enum { EIGHTHS = 8 };

// Pieces of an eighth of a turn, so that each rises or falls all the way and its bound is at one of its ends.
static void place_sine(program *p)
{
    sim_rate_def *d = p->rate;
    sim_rate_piece *pieces = sim_pool_take(p->pool, (EIGHTHS + 1) * sizeof *pieces);
    double from = 0;                           // in turns of the program
    for (double eighth = floor(d->phase * EIGHTHS) + 1; from < 1; eighth++) {
        double to = fmin(eighth / EIGHTHS - d->phase, 1);
        pieces[d->count++] = (sim_rate_piece){(hr_time)(from * (double)d->every), d->mean + d->amplitude * sim_sine(from + d->phase),
                                              d->mean + d->amplitude * sim_sine(to + d->phase)};
        from = to;
    }
    d->pieces = pieces;
}

static bool read_sine(program *p)
{
    sim_rate_def *d = p->rate;
    const char *value[4] = {0};
    static const char *const names[4] = {"mean", "amplitude", "period", "phase"};
    for (size_t i = 0; i < p->count && i < 4; i++)
        value[i] = sim_form_named(p->arguments[i], names[i]);
    if (p->count < 3 || p->count > 4 || !value[0] || !value[1] || !value[2] || (p->count == 4 && !value[3]))
        return sim_because(p->source, "want sine(mean=400/s, amplitude=300/s, period=60s), and phase=25%% behind, if any");
    if (!want_rate(p->source, value[0], &d->mean) || !want_rate(p->source, value[1], &d->amplitude) ||
        !sim_want_time(p->source, value[2], &d->every))
        return false;
    if (d->amplitude > d->mean)
        return sim_because(p->source, "the amplitude is above the mean: the rate would fall below 0");
    if (d->every < HR_MS)
        return sim_because(p->source, "want a period of 1ms or more");
    if (value[3] && (!sim_read_share(value[3], &d->phase) || d->phase >= 1))
        return sim_because(p->source, "phase=%.60s: want a share of the period, below 100%%", value[3]);
    place_sine(p);
    return true;
}

static bool read_spikes(program *p)
{
    double base, rate;
    hr_time from = 0, length, end = 0, every = 0;
    sim_rate_piece *pieces = sim_pool_take(p->pool, (2 * p->count + 1) * sizeof *pieces);
    uint32_t n = 0;
    if (!want_every(p->source, p->arguments, &p->count, &every))
        return false;
    if (p->count < 2)
        return sim_because(p->source, "want a rate and at least one spike: spikes(100/s, 20s 800/s for 5s)");
    if (!want_rate(p->source, p->arguments[0], &base))
        return false;
    for (size_t i = 1; i < p->count; i++) {
        char *word[MOST_WORDS];
        const char *whole = sim_pool_text(p->pool, p->arguments[i]);
        if (words_of(p->arguments[i], word) != 4 || strcmp(word[2], "for") != 0)
            return sim_because(p->source, "'%.60s': want a spike such as 20s 800/s for 5s", whole);
        if (!sim_want_time(p->source, word[0], &from) || !want_rate(p->source, word[1], &rate) || !sim_want_time(p->source, word[3], &length))
            return false;
        if (from < end || length <= 0)
            return sim_because(p->source, "'%.60s' %s", whole,
                               length <= 0 ? "takes no time" : "begins before the spike in front of it has ended");
        if (from > end || i == 1)
            pieces[n++] = (sim_rate_piece){end, base, base};
        if (from == 0)
            n = 0;                             // it begins with a spike
        pieces[n++] = (sim_rate_piece){from, rate, rate};
        end = from + length;
    }
    if (every && every < end)
        return sim_because(p->source, "the program begins anew before its last spike has ended");
    if (end != every)
        pieces[n++] = (sim_rate_piece){end, base, base};
    *p->rate = (sim_rate_def){.kind = SIM_RATE_spikes, .pieces = pieces, .count = n, .every = every, .latest = from};
    return true;
}

// --- MMPP -----------------------------------------------------------------------------------------------------------------

// One state: "100/s for 10s", the next one follows; or "100/s to 2 0.1/s to 3 0.02/s". Fills its row of rates of transition, per second.
static bool read_state(program *p, size_t i, sim_rate_state *state, double *to)
{
    char *word[MOST_WORDS], *whole = sim_pool_text(p->pool, p->arguments[i]);
    int n = words_of(p->arguments[i], word);
    hr_time sojourn;
    double total = 0, k, rate;
    if (n < 3 || n > MOST_WORDS || !want_rate(p->source, word[0], &state->rate))
        return sim_because(p->source, "'%.60s': want a state such as 100/s for 10s, or 100/s to 2 0.1/s", whole);
    if (n == 3 && strcmp(word[1], "for") == 0) {
        if (!sim_want_time(p->source, word[2], &sojourn) || sojourn < HR_US)
            return sim_because(p->source, "'%.60s': want a mean sojourn of 1us or more", whole);
        to[(i + 1) % p->count] = total = 1e9 / (double)sojourn;
    } else {
        for (int w = 1; w < n; w += 3) {
            bool good = w + 2 < n && strcmp(word[w], "to") == 0 && sim_read_count(word[w + 1], &k) && k >= 1 && k <= (double)p->count &&
                        (size_t)k != i + 1 && to[(size_t)k - 1] == 0 && sim_read_rate(word[w + 2], &rate) && rate > 0 && rate <= 1e6;
            if (!good)
                return sim_because(p->source, "'%.60s': want `to STATE RATE`, with another state (1 to %zu), each once, and a rate up to 1e6/s",
                                   whole, p->count);
            total += to[(size_t)k - 1] = rate;
        }
    }
    state->sojourn_s = 1 / total;
    return true;
}

// Shares of all time by elimination without subtractions (Grassmann, Taksar and Heyman 1985). False when not every state can be
// reached from every other one. Spoils q.
static bool find_shares(double *q, size_t n, sim_rate_state *states)
{
    double total = 0;
    for (size_t k = n - 1; k > 0; k--) {
        double out = 0;
        for (size_t j = 0; j < k; j++)
            out += q[k * n + j];
        if (out <= 0)
            return false;
        for (size_t i = 0; i < k; i++) {
            q[i * n + k] /= out;
            for (size_t j = 0; j < k; j++)
                q[i * n + j] += i == j ? 0 : q[i * n + k] * q[k * n + j];
        }
    }
    for (size_t k = 0; k < n; k++) {
        states[k].share = k == 0;
        for (size_t i = 0; i < k; i++)
            states[k].share += states[i].share * q[i * n + k];
        if (states[k].share <= 0)
            return false;
        total += states[k].share;
    }
    for (size_t k = 0; k < n; k++)
        states[k].share /= total;
    return true;
}

static bool read_mmpp(program *p)
{
    size_t n = p->count;
    if (n < 2 || n > MOST_STATES)
        return sim_because(p->source, "want 2 to %d states", MOST_STATES);
    sim_rate_state *states = sim_pool_take(p->pool, n * sizeof *states);
    double *to = sim_pool_take(p->pool, n * n * sizeof *to), *upto = sim_pool_take(p->pool, n * n * sizeof *upto);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        if (!read_state(p, i, &states[i], to + i * n))
            return false;
        for (size_t k = 0; k < n; k++)
            upto[i * n + k] = sum += to[i * n + k] * states[i].sojourn_s;
    }
    if (!find_shares(to, n, states))
        return sim_because(p->source, "not every state can be reached from every other one");
    p->rate->states = states;
    p->rate->upto = upto;
    p->rate->count = (uint32_t)n;
    return true;
}

static const struct { sim_rate_kind kind; bool (*read)(program *p); } programs[] = {
    {SIM_RATE_step, read_step}, {SIM_RATE_linear, read_linear}, {SIM_RATE_ramp, read_ramp}, {SIM_RATE_sine, read_sine},
    {SIM_RATE_spikes, read_spikes}, {SIM_RATE_mmpp, read_mmpp}};

bool sim_read_program(sim_pool *pool, const sim_source *source, const char *text, sim_rate_def *rate)
{
    char name[32];
    const char *names[HR_COUNT(programs) + 1] = {0};
    program p = {.pool = pool, .source = source, .rate = rate};
    *rate = (sim_rate_def){.kind = SIM_RATE_constant};
    if (sim_read_rate(text, &rate->mean))
        return true;
    if (!sim_form_split(pool, text, name, sizeof name, &p.arguments, &p.count))
        return false;
    for (size_t i = 0; i < HR_COUNT(programs); i++) {
        names[i] = sim_rate_name(programs[i].kind);
        if (strcmp(name, names[i]) == 0) {
            rate->kind = programs[i].kind;
            if (programs[i].read(&p))
                return true;
            *rate = (sim_rate_def){.kind = SIM_RATE_constant};
            return false;
        }
    }
    const char *near = hr_nearest(name, names);
    return sim_because(source, "no program '%s'%s", name, HR_HINT(near, '\''));
}

// How often a rate changes in a second, at least: turns of its program or visits of its states.
static double changes_per_s(const sim_rate_def *d)
{
    double sum = d->every ? 1e9 / (double)d->every : 0;
    for (uint32_t i = 0; i < d->count && d->states; i++)
        sum += d->states[i].share / d->states[i].sojourn_s;
    return sum;
}

bool sim_rate_settle(const sim_source *source, sim_rate_def *d, hr_time duration)
{
    d->mean_per_s = sim_rate_mean(d, duration);
    if (d->kind == SIM_RATE_constant)          // in the range of the table of keys
        return true;
    char latest[32], end[32];
    if (d->latest >= duration)
        return sim_because(source, "the run is over after %s, so what begins after %s never does; leave it out, or give a longer `run.duration`",
                           sim_show_time(duration, end, sizeof end), sim_show_time(d->latest, latest, sizeof latest));
    if (d->mean_per_s < 1e-6)
        return sim_because(source, "not one request in eleven days of this: the rate is 0 for all or nearly all of the run");
    if (changes_per_s(d) > 1000 * d->mean_per_s)                   // each change is a step of the simulation
        return sim_because(source, "it changes more than a thousand times between two requests: only its mean of %.4g/s would be felt, write that",
                           d->mean_per_s);
    return true;
}
