// sim/study/theory.h - queueing theory for users: parameters as text, and the table that checks the engine against the formulas.
// * A check is a model of sim/stats/queueing with parameters, and a scenario that should behave like it. Both are given in one row of
//   theory.def, so a row that no longer describes the same thing twice disagrees.
// * The verdicts hold together: all intervals of the table cover at once with 99 % (Bonferroni).
// * What is compared is the exact value; where the row's formula is an approximation or the instrument is coarse, the row says by how
//   much they may differ, and that allowance is printed.
#ifndef SIM_STUDY_THEORY_H
#define SIM_STUDY_THEORY_H

#include "sim/stats/queueing/theory.h"
#include "sim/study/study.h"

// The model of that name; complains with a suggestion.
hr_status sim_theory_named(const char *name, const sim_theory_model **model, hr_error *e) HR_MUST_USE;
// Reads "arrival=8/s service=1s servers=10". Unknown, missing, repeated, impossible: every mistake gets its message.
hr_status sim_theory_read(const sim_theory_model *model, const char *text, sim_theory_arguments *a, hr_error *e) HR_MUST_USE;
// What a value of that kind looks like: "a rate such as 8/s".
const char *sim_theory_kind_example(sim_theory_kind kind);

typedef struct {
    const char  *title, *model;                // "M/D/1", "mg1"
    char        *parameters;                   // "arrival=0.5/s service=1s scv=0"
    sim_quantity quantity;
    double       exact, allowance;             // allowance: relative, on both sides
    sim_estimate simulated;                    // interval at the simultaneous confidence
    bool         is_bound;                     // `exact` bounds the simulated value from above
    bool         agrees;
} sim_theory_row;

typedef struct {
    sim_theory_row *rows;
    size_t   count;
    int      replications, threads;
    double   confidence;                       // of all intervals together
    uint64_t seed;
    double   wall_s, cpu_s;                    // how long it took, and of how much processor time
    bool     was_stopped;                      // `rows` ends with the last check that was complete
} sim_theory_table;

typedef struct {
    uint64_t seed;
    int      threads;                          // 0: all cores
    double   effort;                           // factor on the requests that each check simulates; 1 is the table of the docs
    void   (*progress)(void *self, double done_frac);              // may be NULL
    void    *progress_self;
    const volatile sig_atomic_t *stop;         // becomes true: end with the checks that are complete; may be NULL
} sim_theory_options;
sim_theory_options sim_theory_options_default(void);

// Runs the checks. With an effort below 0.1 the runs would be too short to leave the beginning behind.
hr_status sim_theory_check(const sim_theory_options *options, sim_theory_table **table, hr_error *e) HR_MUST_USE;
void      sim_theory_table_free(sim_theory_table *table);
// Decides a row again from exact, simulated and allowance.
bool      sim_theory_agrees(const sim_theory_row *row);
// Half the width of its interval, in relation to the exact value: an engine that errs by more than twice that is found out.
double    sim_theory_sharpness(const sim_theory_row *row);
// The whole table as a page of Markdown; the caller frees it.
char     *sim_theory_markdown(const sim_theory_table *table);
char     *sim_theory_document(const sim_theory_table *table);      // headroom/theory/1, with rows
// One model's exact values: headroom/theory/1, with quantities.
char     *sim_theory_answer_document(const sim_theory_model *model, const char *parameters, const sim_theory_answer *answer);

#endif
