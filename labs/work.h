// labs/work.h - the learner's folder: the handed-out files, and lab.json, which remembers how far the learner is.
// * Progress lies in the folder and not in the store of runs, so that it moves with the work: to another machine, into a hand-in.
//   It is a convenience and no evidence: grading reads the learner's file alone, never what lab.json says.
// * Nothing that the learner has written is ever overwritten.
#ifndef LAB_WORK_H
#define LAB_WORK_H

#include "labs/lab.h"

typedef struct {
    lab  *lab;                                 // owned
    char *folder, *file;                       // file: the path of the learner's file
    int   hints, tests;                        // hints shown, tests run
    bool  passed, gave_up;                     // once all targets held; the solution was asked for before
    bool  is_kept;                             // false: opened for a lab named by hand, nothing is written
} lab_work;

// Copies README.md and the file to edit into `folder` (NULL: ./lab-ID), which may be there but must not hold any of them.
hr_status lab_work_start(const lab *l, const char *folder, char **made, hr_error *e) HR_MUST_USE;
// Opens a work folder. `word` names the lab; NULL: what lab.json says. Zero-initialise *work; close it also after a failure.
hr_status lab_work_open(const char *folder, const char *word, lab_work *work, hr_error *e) HR_MUST_USE;
hr_status lab_work_keep(const lab_work *work, hr_error *e) HR_MUST_USE;
void      lab_work_close(lab_work *work);

// "new", "begun" or "passed": what ./lab.json or ./lab-ID/lab.json says about the lab. Static.
const char *lab_work_state(const lab *l);
// headroom/lab-list/1; the caller frees it.
char       *lab_list_document(lab *const *labs, size_t count);

#endif
