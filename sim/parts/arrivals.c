// sim/parts/arrivals.c - see arrivals.h.
#include "sim/parts/arrivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *sim_arrivals_name(uint32_t kind)
{
    static const char *const names[] = {
#define SIM_ARRIVAL(name, arguments, help) #name,
#include "sim/parts/arrivals.def"
#undef SIM_ARRIVAL
    };
    return kind < SIM_ARRIVALS_COUNT ? names[kind] : "unknown";
}

const char *sim_rate_name(uint32_t kind)
{
    static const char *const names[] = {
#define SIM_RATE(name, arguments, help) #name,
#include "sim/parts/rates.def"
#undef SIM_RATE
    };
    return kind < SIM_RATE_COUNT ? names[kind] : "unknown";
}

// --- what a rate amounts to ---------------------------------------------------------------------------------------------

// Requests of the first `seconds` of one turn of a program.
static double count_of(const sim_rate_def *d, double seconds)
{
    if (d->kind == SIM_RATE_sine) {            // the integral of a sine is a cosine, a sine a quarter of a turn on
        double period = (double)d->every * 1e-9, turns = seconds / period;
        double wave = sim_sine(d->phase + 0.25) - sim_sine(d->phase + turns + 0.25);
        return d->mean * seconds + d->amplitude * period / 6.28318530717958647693 * wave;
    }
    double sum = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const sim_rate_piece *p = &d->pieces[i];
        hr_time next = i + 1 < d->count ? p[1].from : d->every;
        double from = (double)p->from * 1e-9, end = next ? (double)next * 1e-9 : fmax(seconds, from), upto = fmin(seconds, end);
        double last = end > from ? p->rate + (p->to_rate - p->rate) * (upto - from) / (end - from) : 0;
        if (upto > from)
            sum += (upto - from) * (p->rate + last) / 2;
    }
    return sum;
}

double sim_rate_mean(const sim_rate_def *d, hr_time duration)
{
    double sum = 0, seconds = (double)duration * 1e-9;
    if (d->kind == SIM_RATE_constant)
        return d->mean;
    for (uint32_t i = 0; i < d->count && d->states; i++)
        sum += d->states[i].share * d->states[i].rate;
    if (d->states)
        return sum;
    hr_time turns = d->every ? duration / d->every : 0;
    if (turns)
        sum = (double)turns * count_of(d, (double)d->every * 1e-9);
    return (sum + count_of(d, (double)(duration - turns * d->every) * 1e-9)) / seconds;
}

double sim_rate_peak(const sim_rate_def *d)
{
    double most = d->kind == SIM_RATE_constant ? d->mean : 0;
    for (uint32_t i = 0; i < d->count; i++)
        most = fmax(most, d->states ? d->states[i].rate : fmax(d->pieces[i].rate, d->pieces[i].to_rate));
    return most;
}

// --- a rate that varies ---------------------------------------------------------------------------------------------------

static const sim_rate_piece *piece_at(const sim_world *w, const sim_arrivals *a)
{
    return SIM_AT(w, const sim_rate_piece, a->pieces) + a->place;
}

static const sim_rate_state *state_at(const sim_world *w, const sim_arrivals *a)
{
    return SIM_AT(w, const sim_rate_state, a->states) + a->place;
}

// A state is visited: for how long, and, when the next one is drawn at its end, which.
static void begin_visit(const sim_world *w, sim_arrivals *a, hr_time from, const double *upto)
{
    sim_draw r = sim_random(w->seed, a->state_stream, a->visit++, 0);
    double u = sim_unit(r.word[1]);
    a->place = 0;
    while (a->place + 1 < a->count && u >= upto[a->place])
        a->place++;
    a->until = from + 1 + (hr_time)fmin(sim_exponential(r.word[0]) * state_at(w, a)->sojourn_s * 1e9, 1e18);
}

static void end_piece(const sim_world *w, sim_arrivals *a)
{
    const sim_rate_piece *pieces = SIM_AT(w, const sim_rate_piece, a->pieces);
    a->until = a->place + 1 < a->count ? a->began + pieces[a->place + 1].from : a->every ? a->began + a->every : HR_FOREVER;
}

static void next_piece(const sim_world *w, sim_arrivals *a)
{
    if (a->states) {
        begin_visit(w, a, a->until, SIM_AT(w, const double, a->upto) + (size_t)a->place * a->count);
        return;
    }
    if (++a->place == a->count) {              // only where the program begins anew
        a->place = 0;
        a->began += a->every;
    }
    end_piece(w, a);
}

// Arrivals per nanosecond: the most in the present piece, and at `ahead` ns behind `after`.
static double bound_of(const sim_world *w, const sim_arrivals *a)
{
    return a->states ? state_at(w, a)->rate : fmax(piece_at(w, a)->rate, piece_at(w, a)->to_rate);
}

static double rate_then(const sim_world *w, const sim_arrivals *a, hr_time after, double ahead)
{
    if (a->states)
        return state_at(w, a)->rate;
    if (a->amplitude > 0)
        return a->mean + a->amplitude * sim_sine(((double)(after - a->began) + ahead) / (double)a->every + a->phase);
    const sim_rate_piece *p = piece_at(w, a);
    if (p->rate == p->to_rate)
        return p->rate;
    hr_time from = a->began + p->from;
    return p->rate + (p->to_rate - p->rate) * ((double)(after - from) + ahead) / (double)(a->until - from);
}

// Thinning: candidates come at the bound's rate, each stays with the chance rate / bound. At a border the wait starts anew, which is
// right for exponential gaps. The ordinal of a draw counts candidates and borders since the request before.
static hr_time next_thinned(const sim_world *w, sim_arrivals *a, uint64_t number, hr_time after)
{
    double ahead = 0;
    for (uint32_t ordinal = 0;; ordinal++) {
        double bound = bound_of(w, a), left = a->until == HR_FOREVER ? INFINITY : (double)(a->until - after);
        if (bound > 0) {
            sim_draw r = sim_random(w->seed, a->stream, number, ordinal);
            ahead += sim_exponential(r.word[0]) / bound;
            if (ahead < left) {
                if (sim_unit(r.word[1]) * bound < rate_then(w, a, after, ahead))
                    return after + (hr_time)(fmin(ahead, 1e18) + 0.5);
                continue;
            }
        }
        if (a->until >= w->arrivals_end)
            return HR_FOREVER;
        ahead = left;
        next_piece(w, a);
    }
}

// --- gaps and traces ------------------------------------------------------------------------------------------------------

static void draw_gaps(const sim_world *w, sim_arrivals *a, uint64_t number)
{
    if (a->kind == SIM_ARRIVALS_poisson) {
        sim_exponential_times(w->seed, a->stream, number, 0, a->mean_gap_ns, true, a->gap);
        return;
    }
    for (unsigned i = 0; i < SIM_GAPS; i++) {
        double gap = a->kind == SIM_ARRIVALS_constant
                         ? a->mean_gap_ns : fmin(a->gap_scale * (double)sim_dist_time(w, &a->gaps, a->stream, number + i, 0), 1e18);
        a->gap[i] = (hr_time)(gap + 0.5);
    }
}

static hr_time next_of_trace(const sim_world *w, const sim_arrivals *a, uint64_t number)
{
    uint64_t turn = number / a->count;
    if (turn && !a->every)
        return HR_FOREVER;
    return (hr_time)turn * a->every + SIM_AT(w, const hr_time, a->time)[number % a->count];
}

HR_APART hr_time sim_arrivals_draw(const sim_world *w, sim_arrivals *a, uint64_t number, hr_time after)
{
    if (a->is_varying)
        return next_thinned(w, a, number, after);
    if (a->kind == SIM_ARRIVALS_trace)
        return next_of_trace(w, a, number);
    draw_gaps(w, a, number);
    return after + a->gap[0];
}

// --- into the world -------------------------------------------------------------------------------------------------------

static void place_states(sim_world *w, sim_arrivals *a, const sim_rate_def *rate, double per_ns)
{
    size_t cells = (size_t)rate->count * rate->count;
    a->states = sim_take(w, rate->count * sizeof(sim_rate_state));
    a->upto = sim_take(w, cells * sizeof(double));
    memcpy(SIM_AT(w, double, a->upto), rate->upto, cells * sizeof(double));
    double *shares = hr_alloc(rate->count * sizeof(double)), total = 0;
    for (uint32_t i = 0; i < rate->count; i++) {
        SIM_AT(w, sim_rate_state, a->states)[i] = rate->states[i];
        SIM_AT(w, sim_rate_state, a->states)[i].rate *= per_ns;
        shares[i] = total += rate->states[i].share;
    }
    begin_visit(w, a, 0, shares);              // the first state by its share of all time: steady from the start
    free(shares);
}

static void place_pieces(sim_world *w, sim_arrivals *a, const sim_rate_def *rate, double per_ns)
{
    a->pieces = sim_take(w, rate->count * sizeof(sim_rate_piece));
    for (uint32_t i = 0; i < rate->count; i++)
        SIM_AT(w, sim_rate_piece, a->pieces)[i] =
            (sim_rate_piece){rate->pieces[i].from, rate->pieces[i].rate * per_ns, rate->pieces[i].to_rate * per_ns};
    a->every = rate->every;
    a->mean = rate->mean * per_ns;
    a->amplitude = rate->amplitude * per_ns;
    a->phase = rate->phase;
    end_piece(w, a);
}

static void place_trace(sim_world *w, sim_arrivals *a, const sim_trace_def *trace)
{
    a->count = trace->rows;
    a->every = trace->every;
    a->time = sim_take(w, trace->rows * sizeof(hr_time));
    for (uint32_t i = 0; i < trace->rows; i++)
        SIM_AT(w, hr_time, a->time)[i] = (hr_time)((double)trace->time[i] / trace->speed + 0.5);
}

sim_arrivals sim_arrivals_place(sim_world *w, sim_component_id id, const sim_arrivals_def *d)
{
    sim_arrivals a = {.kind = (uint16_t)d->kind, .stream = sim_stream(w, id, SIM_DRAW_ARRIVAL), .state_stream = sim_stream(w, id, SIM_DRAW_STATE),
                      .is_varying = d->rate.kind != SIM_RATE_constant};
    a.is_drawn_ahead = !a.is_varying && d->kind != SIM_ARRIVALS_trace;
    if (d->kind == SIM_ARRIVALS_trace) {
        place_trace(w, &a, d->trace);
        return a;
    }
    a.mean_gap_ns = 1e9 / d->rate_per_s;
    if (d->kind == SIM_ARRIVALS_shaped) {
        a.gaps = sim_dist_place(w, &d->gaps);
        a.gap_scale = 1 / (d->rate_per_s * sim_dist_mean(&d->gaps));
    }
    if (a.is_varying) {
        double per_ns = 1e-9 * d->rate_per_s / d->rate.mean_per_s;
        a.count = d->rate.count;
        (d->rate.states ? place_states : place_pieces)(w, &a, &d->rate, per_ns);
    }
    return a;
}
