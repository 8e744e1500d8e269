// viz/report/report.h - the report of a comparison: a page (HTML), a text (Markdown) and the document for programs (JSON) in one folder.
// * Each file stands alone: no links to elsewhere, pictures inside of the page.
// * Same study, same command: same bytes (with the same fonts installed).
#ifndef VIZ_REPORT_H
#define VIZ_REPORT_H

#include "sim/study/study.h"

typedef struct {
    const sim_study *study;
    const char *document;                      // sim_study_compare_document
    const char *command;                       // what repeats these numbers, to be copied into a shell
} viz_report;

// Writes report.html, report.md and report.json into the folder, which is made when it is not there. A full disk leaves no half file.
hr_status viz_report_write(const viz_report *report, const char *folder, hr_error *e) HR_MUST_USE;

// The texts alone; added to `out`.
void viz_report_html(const viz_report *report, hr_text *out);
void viz_report_markdown(const viz_report *report, hr_text *out);

// One picture (.png or .svg by its ending) for a README or a slide.
hr_status viz_report_picture(const sim_study *study, const char *path, hr_error *e) HR_MUST_USE;

// --- what both texts say ---------------------------------------------------------------------------------------------

// Whether any variant has the metric; the title of the scenario.
bool        viz_report_has(const sim_study *study, int metric);
const char *viz_report_title(const sim_study *study);
// A difference from the first variant, in the metric's unit and, where that says something, in per cent of the first:
// "−5.498 ±0.021 (−69 %)". Returns `out`.
const char *viz_report_difference(const sim_study *study, int metric, sim_paired paired, char *out, size_t room);
// Seed, replications, warm-up, version in one sentence.
void        viz_report_basis(const sim_study *study, hr_text *out);
// Every assumption in force: first what all variants share, then what each has for itself.
void        viz_report_assumptions(const sim_study *study, hr_text *out);

#endif
