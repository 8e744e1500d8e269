// labs/lab.h - an exercise as its folder describes it: labs/NN-NAME/lab.yaml, start/, solution/, tempting/, README.md.
// * A lab is read whole and checked whole: unknown or missing keys, claims that cannot be read and files that are not there are
//   told in one pass with file:line:column. What is lent below lives until lab_free.
// * Targets are claims of the scenario's grammar about one variant, `yours`, and begin with what they measure:
//   `p99(yours, readers) < 32ms`.
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "sim/scenario/node.h"
#include "sim/study/study.h"

#define LAB_YOURS "yours"                      // how claims name the learner's system

typedef struct {
    const char *title, *look;                  // for people: what is asked; where to look when it is missed
    sim_metric  metric;                        // what the claim begins with …
    const char *component;                     // … and of which component, or NULL
} lab_target;

typedef struct {
    const char *file;                          // below tempting/
    const char *const *misses;                 // ids of the targets that it misses, all others hold
    size_t      miss_count;
    const char *why;
} lab_tempting;

typedef struct {
    const char *folder, *id, *title;           // id: the folder's name, 01-cache-aside
    int         number, minutes;
    const char *file;                          // the one file that the learner edits: system.yaml
    const char *const *learn;                  // what the lab teaches, a line each
    size_t      learn_count;
    const char *const *hints;                  // in order
    size_t      hint_count;
    const char *after;                         // said when all targets hold
    sim_claim  *claims;                        // one a target, with its id, for the study
    lab_target *targets;
    size_t      target_count;
    const sim_metric *watch;                   // numbers shown beside the targets
    size_t      watch_count;
    lab_tempting *tempting;
    size_t      tempting_count;
    sim_node   *free, *keep;                   // maps: see labs/rules.h; keep may be NULL
    sim_model  *start;                         // the learner's file as it was handed out
    sim_pool   *pool;
} lab;

// Reads the lab in `folder`.
hr_status lab_read(const char *folder, lab **out, hr_error *e) HR_MUST_USE;
void      lab_free(lab *l);                    // NULL is fine

// All labs below ROOT/labs, in order; the caller frees with lab_list_free.
hr_status lab_list(lab ***list, size_t *count, hr_error *e) HR_MUST_USE;
void      lab_list_free(lab **list, size_t count);
// The lab that a word means: its number (1, 01), its id, or its id without the number.
hr_status lab_find(const char *word, lab **out, hr_error *e) HR_MUST_USE;

#endif
