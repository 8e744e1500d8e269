// labs/rules.h - what a learner may change, and what the grader therefore refuses to grade.
// * `free` in lab.yaml lists the paths that may be changed or added. Everything else must be as in start/: the workload, the prices,
//   what a statement costs, how long is measured. White space, comments and the order of keys do not matter.
// * `keep` lists steps that must stay in a handler: outside of every `miss`, in order, with no `return` or `fail` before them.
// * An operation that only reads in start/ may only read.
#ifndef LAB_RULES_H
#define LAB_RULES_H

#include "labs/lab.h"

// Reads the learner's file and checks the rules. Every breach is told with file:line:column, the line and a caret.
// The model is the caller's, and made ready for a study: it is the variant `yours` and has the lab's targets as its claims;
// the lab must outlive it.
hr_status lab_rules_read(const lab *l, const char *path, sim_model **model, hr_error *e) HR_MUST_USE;

#endif
