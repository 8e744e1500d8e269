// sim/stats/quantile.h - quantiles of the normal and Student's t distribution, and the special function behind them.
// * A probability of 0 or below gives -INFINITY, of 1 or above +INFINITY, NaN gives NaN.
// * Pure functions: no state, no locale, safe from every thread (lgamma_r instead of lgamma, which writes a global).
#ifndef SIM_QUANTILE_H
#define SIM_QUANTILE_H

// The z with P(Z <= z) = p for a standard normal Z. Wichura's algorithm AS241: about 16 digits.
double sim_normal_quantile(double p);

// The t with P(T <= t) = p for Student's T with `df` >= 1 degrees of freedom (need not be whole). About 12 digits.
double sim_t_quantile(double p, double df);

// The regularised incomplete beta function I_x(a, b), a > 0 and b > 0, with y = 1 - x given by the caller: where x is
// near 1, the caller often knows y to more digits than 1 - x would have.
double sim_incomplete_beta(double a, double b, double x, double y);

// P(B <= k) for B binomial with `n` trials that succeed with probability `p`.
double sim_binomial_cdf(double k, double n, double p);

#endif
