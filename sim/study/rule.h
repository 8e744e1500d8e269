// sim/study/rule.h - when a study has seen enough, and what its looks cost.
// * Widths stop a study. It looks at the replications it has, and goes on until the half-width of every watched interval is at most
//   g/(1+g) of its value; then the value is off the true one by at most g with 95 % (Law, Simulation Modeling and Analysis, 9.4.1: the
//   relative-precision procedure, with at least 10 replications). Such looks are free: a width does not say to which side the value is
//   off, and the coverage tends to 95 % as g becomes small (Chow and Robbins, Ann. Math. Stat. 36, 1965). What is left of the loss is
//   measured: truth.coverage.
// * Verdicts prolong it, and are paid for. A claim that is undecided asks for twice the replications, so the sign of its margin has a
//   say in when the study ends. Then all intervals of the study, not only the margins', are repeated confidence intervals (Jennison and
//   Turnbull, J. Royal Stat. Soc. B 51, 1989): the k-th look may err with a/(k(k+1)), the last one that `most` allows with what is left,
//   a/k. Over any number of looks that is a = 5 % (Bonferroni), whatever it was that ended the study.
// * So a study without claims, or of one look (`least` = `most`), has intervals at 95 %; one that claims may prolong has wider ones.
#ifndef SIM_STUDY_RULE_H
#define SIM_STUDY_RULE_H

#include "sim/study/study.h"

// The confidence of every interval at look 1, 2 …; `is_last`: no other look is allowed.
double sim_rule_confidence(const sim_study *study, int look, bool is_last);
// Sets is_precise and wanted; returns how many replications the study should have at its next look, `study->replications` when it is done.
int    sim_rule_next(sim_study *study, const sim_study_options *options);
// Whether a watched quantile depends on how long a replication is: then more replications do not mend it, longer ones do.
bool   sim_rule_is_too_short(const sim_study *study);

#endif
