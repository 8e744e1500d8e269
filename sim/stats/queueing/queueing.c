// sim/stats/queueing/queueing.c - see queueing.h. Recursions instead of factorials: a^c / c! overflows from some 150 servers on.
#include "sim/stats/queueing/queueing.h"

#include <float.h>
#include <math.h>

#include "sim/core/base.h"

// Erlang's loss formula B(c) = (a^c / c!) / (sum of a^k / k! up to c), by B(k) = a B(k-1) / (k + a B(k-1)), B(0) = 1
// (Kleinrock I 3.6; the recursion: Gross and Harris, Erlang loss formula).
double sim_erlang_b(double load, int servers)
{
    HR_ASSERT(load >= 0 && servers >= 0);
    double lost = 1;
    for (int k = 1; k <= servers; k++)
        lost = load * lost / (k + load * lost);
    return lost;
}

// Erlang's delay formula, for load < servers, from his loss formula: C = B / (1 - rho (1 - B)) (Kleinrock I 3.5; Gross and Harris, M/M/c).
static double erlang_c(double load, int servers)
{
    double lost = sim_erlang_b(load, servers), rho = load / servers;
    return lost / (1 - rho * (1 - lost));
}

static sim_queueing overloaded(void)
{
    return (sim_queueing){ .utilisation = 1, .p_wait = 1, .Wq = INFINITY, .W = INFINITY,
        .Lq = INFINITY, .L = INFINITY };
}

// Completes the result of an endless queue from its wait: W = Wq + service, and Little's law L = lambda W (Kleinrock I
// 2.1).
static sim_queueing from_wait(double arrival_rate, double service_s, double rho, double p_wait, double Wq)
{
    double W = Wq + service_s;
    return (sim_queueing){ .utilisation = rho, .p_wait = p_wait, .Wq = Wq, .W = W,
        .Lq = arrival_rate * Wq, .L = arrival_rate * W };
}

// Who waits, waits exp(c mu - lambda), which is c mu (1 - rho): Wq = C / (c mu - lambda) (Kleinrock I 3.5).
sim_queueing sim_mmc(double arrival_rate, double service_s, int servers)
{
    HR_ASSERT(arrival_rate >= 0 && service_s > 0 && servers >= 1);
    double load = arrival_rate * service_s, rho = load / servers;
    if (rho >= 1)
        return overloaded();
    double p_wait = erlang_c(load, servers);
    return from_wait(arrival_rate, service_s, rho, p_wait, p_wait * service_s / (servers * (1 - rho)));
}

// P(W > t) for M/M/c: service exp(mu), and with probability C before it a wait exp(theta), theta = c mu - lambda
// (Gross and Harris, M/M/c waiting times). The books write e^{-mu t} + C mu (e^{-mu t} - e^{-theta t}) / (theta - mu)
// and, because that is 0/0 at theta = mu, another formula there. Taking out the slower exponential leaves (1 - e^{-x})
// / x, whose limit at x = 0 is 1: one formula, exact near the special case too.
static double mmc_response_beyond(double t, double mu, double theta, double p_wait)
{
    double x = fabs(theta - mu) * t;
    double ratio = x > 0 ? -expm1(-x) / x : 1;
    return exp(-mu * t) + p_wait * mu * t * exp(-fmin(mu, theta) * t) * ratio;
}

// P(W > t) falls steadily from 1 to 0, so bisection finds where it passes 1 - q.
double sim_mmc_response_quantile(double arrival_rate, double service_s, int servers, double q)
{
    HR_ASSERT(arrival_rate >= 0 && service_s > 0 && servers >= 1);
    double load = arrival_rate * service_s;
    if (load >= servers || q >= 1)
        return INFINITY;
    if (q <= 0)
        return 0;
    double mu = 1 / service_s, theta = (servers - load) * mu, p_wait = erlang_c(load, servers);
    double low = 0, high = service_s;
    for (; mmc_response_beyond(high, mu, theta, p_wait) > 1 - q; high *= 2)
        low = high;
    while (high - low > 4 * DBL_EPSILON * high) {
        double middle = low + (high - low) / 2;
        if (mmc_response_beyond(middle, mu, theta, p_wait) > 1 - q)
            low = middle;
        else
            high = middle;
    }
    return high;
}

// M/M/c/K (Gross and Harris, M/M/c/K; Kleinrock I 3.6 and 3.7 are its ends K = c and c = 1). One more place adds one
// state: `full`, its probability, follows from the one before as in Erlang B with r = load / busy servers, and all
// earlier states, hence also the means over them, shrink by 1 - full. No state probability is ever formed that could
// overflow.
sim_queueing sim_mmck(double arrival_rate, double service_s, int servers, int capacity)
{
    HR_ASSERT(arrival_rate >= 0 && service_s > 0 && servers >= 1 && capacity >= servers);
    double load = arrival_rate * service_s;
    double full = 1, L = 0, Lq = 0, all_busy = 0;
    for (int n = 1; n <= capacity; n++) {
        double r = load / (n < servers ? n : servers);
        full = r * full / (1 + r * full);
        L = (1 - full) * L + full * n;
        Lq = (1 - full) * Lq + full * (n > servers ? n - servers : 0);
        all_busy = (1 - full) * all_busy + full * (n >= servers);
    }
    double accepted = 1 - full, rate = arrival_rate * accepted;
    double Wq = rate > 0 ? Lq / rate : 0;                      // Little's law over the accepted
    return (sim_queueing){ .utilisation = load * accepted / servers, .p_wait = (all_busy - full) / accepted,
        .p_loss = full, .Wq = Wq, .W = Wq + service_s, .Lq = Lq, .L = L };
}

// Pollaczek-Khinchine mean-value formula: Wq = rho s (1 + scv) / (2 (1 - rho)) (Kleinrock I 5.5).
sim_queueing sim_mg1(double arrival_rate, double service_s, double scv)
{
    HR_ASSERT(arrival_rate >= 0 && service_s > 0 && scv >= 0);
    double rho = arrival_rate * service_s;
    if (rho >= 1)
        return overloaded();
    return from_wait(arrival_rate, service_s, rho, rho, rho * service_s * (1 + scv) / (2 * (1 - rho)));
}
