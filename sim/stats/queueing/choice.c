// sim/stats/queueing/choice.c - choosing among queues: join the shorter of two, and the better of d in a large farm.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/stats/queueing/theory.h"

// --- join the shorter of two ------------------------------------------------------------------------------------------
// State (m, d): the shorter queue holds m, the longer m + d. The levels m are a quasi-birth-death chain with the phases d, solved
// by logarithmic reduction (Latouche and Ramaswami 1993). The difference beyond which phases are cut: its tail falls by
// rho^2 / (2 + rho) < 1/3 a step, so that 48 phases leave out less than 1e-22.
enum { PHASES = 48 };

typedef struct { double at[PHASES][PHASES]; } matrix;

static void multiply(const matrix *x, const matrix *y, matrix *out)
{
    for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++) {
            double sum = 0;
            for (int k = 0; k < PHASES; k++)
                sum += x->at[i][k] * y->at[k][j];
            out->at[i][j] = sum;
        }
}

// Solves a X = b by elimination with partial pivoting; b becomes X, a is used up.
static void solve(matrix *a, matrix *b)
{
    for (int c = 0; c < PHASES; c++) {
        int best = c;
        for (int r = c + 1; r < PHASES; r++)
            if (fabs(a->at[r][c]) > fabs(a->at[best][c]))
                best = r;
        for (int j = 0; j < PHASES; j++) {
            double x = a->at[c][j], y = b->at[c][j];
            a->at[c][j] = a->at[best][j], a->at[best][j] = x;
            b->at[c][j] = b->at[best][j], b->at[best][j] = y;
        }
        for (int r = 0; r < PHASES; r++) {
            double factor = r == c ? 0 : a->at[r][c] / a->at[c][c];
            for (int j = 0; factor != 0 && j < PHASES; j++) {
                a->at[r][j] -= factor * a->at[c][j];
                b->at[r][j] -= factor * b->at[c][j];
            }
        }
    }
    for (int r = 0; r < PHASES; r++)
        for (int j = 0; j < PHASES; j++)
            b->at[r][j] /= a->at[r][r];
}

typedef struct { matrix up, stay, down, H, L, T, U, M, G, R, work; } chain;

// Rates with mean service 1: `arrival` in all, 1 from each busy server. `stay` holds minus the rate of leaving on its diagonal.
static void fill(chain *c, double arrival)
{
    for (int d = 0; d < PHASES; d++) {
        double leaving = arrival;
        if (d == 0) {
            c->stay.at[0][1] += arrival;       // a tie: one of them becomes the longer
            c->down.at[0][1] += 2;
            leaving += 2;
        } else {
            c->up.at[d][d - 1] += arrival;
            c->stay.at[d][d - 1] += 1;
            leaving += 1;
            if (d + 1 < PHASES) {
                c->down.at[d][d + 1] += 1;
                leaving += 1;
            }
        }
        c->stay.at[d][d] -= leaving;
    }
}

static void subtract_from_unit(const matrix *x, matrix *out)
{
    for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++)
            out->at[i][j] = (i == j) - x->at[i][j];
}

static void add(matrix *to, const matrix *x)
{
    for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++)
            to->at[i][j] += x->at[i][j];
}

static void negate(matrix *x)
{
    for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++)
            x->at[i][j] = -x->at[i][j];
}

static double greatest(const matrix *x)
{
    double most = 0;
    for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++)
            most = fmax(most, fabs(x->at[i][j]));
    return most;
}

// G: from level m + 1, in which phase is level m first reached?
static void first_passage(chain *c)
{
    c->H = c->up;
    c->L = c->down;
    c->work = c->stay;
    negate(&c->work);
    solve(&c->work, &c->H);
    c->work = c->stay;
    negate(&c->work);
    solve(&c->work, &c->L);
    c->G = c->L;
    c->T = c->H;
    for (int round = 0; round < 60; round++) {
        multiply(&c->H, &c->L, &c->U);
        multiply(&c->L, &c->H, &c->M);
        add(&c->U, &c->M);
        multiply(&c->H, &c->H, &c->M);
        c->H = c->M;
        subtract_from_unit(&c->U, &c->work);
        solve(&c->work, &c->H);
        multiply(&c->L, &c->L, &c->M);
        c->L = c->M;
        subtract_from_unit(&c->U, &c->work);
        solve(&c->work, &c->L);
        multiply(&c->T, &c->L, &c->M);
        add(&c->G, &c->M);
        if (greatest(&c->M) < 1e-17)           // further rounds would only square rounding errors
            return;
        multiply(&c->T, &c->H, &c->M);
        c->T = c->M;
    }
}

static void transpose(const matrix *x, matrix *out)
{
    for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++)
            out->at[j][i] = x->at[i][j];
}

// R = up (-(stay + up G))^-1: level m + 1 has the probabilities of level m times R.
static void level_ratio(chain *c)
{
    multiply(&c->up, &c->G, &c->work);
    add(&c->work, &c->stay);
    negate(&c->work);
    transpose(&c->work, &c->M);
    transpose(&c->up, &c->T);
    solve(&c->M, &c->T);
    transpose(&c->T, &c->R);
}

// Level 0: nobody leaves the shorter queue, so a departure only happens where d > 0. Its balance x (stay0 + R down) = 0 with the
// last equation replaced by the sum over all levels, x (I - R)^-1 1 = 1. Returns the mean number in the system.
static double mean_number(chain *c)
{
    matrix *balance = &c->M, *right = &c->T;
    multiply(&c->R, &c->down, balance);
    add(balance, &c->stay);
    for (int d = 0; d < PHASES; d++)           // the shorter server is idle: its departures and its share of leaving vanish
        balance->at[d][d] += d == 0 ? 2 : d + 1 < PHASES ? 1 : 0;
    // sums.at[.][0] = (I - R)^-1 1, and [1] = (I - R)^-1 d, and [2] = (I - R)^-1 R (I - R)^-1 1.
    matrix *sums = &c->U;
    memset(sums, 0, sizeof *sums);
    for (int d = 0; d < PHASES; d++) {
        sums->at[d][0] = 1;
        sums->at[d][1] = d;
    }
    subtract_from_unit(&c->R, &c->work);
    solve(&c->work, sums);
    matrix *again = &c->H;
    memset(again, 0, sizeof *again);
    for (int d = 0; d < PHASES; d++)
        again->at[d][0] = sums->at[d][0] - 1;  // R (I - R)^-1 1
    subtract_from_unit(&c->R, &c->work);
    solve(&c->work, again);
    transpose(balance, &c->L);
    memset(right, 0, sizeof *right);
    for (int d = 0; d < PHASES; d++)
        c->L.at[PHASES - 1][d] = sums->at[d][0];
    right->at[PHASES - 1][0] = 1;
    solve(&c->L, right);
    double L = 0;
    for (int d = 0; d < PHASES; d++)           // 2 m + d in the system
        L += right->at[d][0] * (2 * again->at[d][0] + sums->at[d][1]);
    return L;
}

static hr_status jsq2(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double load = a->value[0] * a->value[1];
    if (load >= 2)
        return sim_theory_overload(load / 2, e);
    chain *c = hr_alloc(sizeof *c);
    fill(c, load);
    first_passage(c);
    level_ratio(c);
    double L = mean_number(c);
    free(c);
    out->value[SIM_QUANTITY_utilisation] = load / 2;
    out->value[SIM_QUANTITY_L] = L;
    out->value[SIM_QUANTITY_W] = L / a->value[0];
    out->value[SIM_QUANTITY_Wq] = L / a->value[0] - a->value[1];
    return HR_OK;
}

const sim_theory_model sim_theory_jsq2 = {.name = "jsq2", .summary = "join the shorter of two queues, one server each; how ties are broken does not matter",
    .source = "Kingman 1961; chain cut at a difference of 48, solved by logarithmic reduction (Latouche and Ramaswami 1993)",
    .example = "arrival=1/s service=1s",
    .parameters = {{"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals to both together"},
                   {"service", SIM_THEORY_TIME, NULL, 1e-9, 1e9, "mean service time, exponential"}},
    .compute = jsq2};

// --- the better of d, very many servers -------------------------------------------------------------------------------
// The share of servers with at least k jobs is load^((d^k - 1) / (d - 1)); W is the sum over k divided by the load.
static hr_status power_of_d(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double load = a->value[0], d = a->value[1], sum = 0;
    if (load >= 1)
        return sim_theory_overload(load, e);
    if (d <= 1) {
        sum = 1 / (1 - load);
    } else {
        double exponent = 0, term;             // (d^k - d) / (d - 1) for k = 1, 2, …: 0, d, d + d^2 …
        for (double power = d; (term = pow(load, exponent)) > 0; power *= d) {
            sum += term;
            exponent += power;
        }
    }
    out->value[SIM_QUANTITY_utilisation] = load;
    out->value[SIM_QUANTITY_W] = sum * a->value[2];
    out->value[SIM_QUANTITY_Wq] = (sum - 1) * a->value[2];
    return HR_OK;
}

const sim_theory_model sim_theory_power_of_d_meanfield = {.name = "power_of_d_meanfield",
    .summary = "each request takes the shortest of d queues chosen at random among very many (the limit of many servers)",
    .source = "Vvedenskaya, Dobrushin and Karpelevich 1996; Mitzenmacher, IEEE TPDS 12 (2001)", .example = "load=0.9 d=2",
    .parameters = {{"load", SIM_THEORY_NUMBER, NULL, 1e-9, 1e9, "utilisation of each server"},
                   {"d", SIM_THEORY_WHOLE, "2", 1, 1000, "queues that are looked at"},
                   {"service", SIM_THEORY_TIME, "1s", 1e-9, 1e9, "mean service time, exponential"}},
    .compute = power_of_d};
