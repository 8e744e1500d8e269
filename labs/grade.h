// labs/grade.h - a learner's system measured against the targets of its lab.
// * Measuring is a study of one variant (sim/study/study.h): replications are added until every target is decided at 95 %, ten to
//   forty of them. No wall-clock cap: the same file gets the same grade on every machine.
// * `lab run` measures with other seeds than `lab test`, so that nobody tunes a system to the very requests of the test.
#ifndef LAB_GRADE_H
#define LAB_GRADE_H

#include "labs/lab.h"

sim_study_options lab_run_options(void);       // a quick look: few replications
sim_study_options lab_test_options(void);      // until decided
// The number of the first target's verdict in `study` is that of the lab's first target, and so on. All targets together:
// fails when one fails, else undecided when one is, else holds.
sim_verdict  lab_verdict(const sim_study *study);
// What the claim of target `i` begins with, measured, with its interval; in base units.
sim_estimate lab_measured(const lab *l, const sim_study *study, size_t i);

// One line of JSON, headroom/lab-test/1. `study` NULL: not graded, for the reasons in `e`. The caller frees it.
char *lab_test_document(const lab *l, const char *folder, const sim_study *study, const hr_error *e);

#endif
