// viz/report/report.c - writes the files, and holds what the page and the Markdown text both say; see report.h.
#include "viz/report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viz/report/figure.h"
#include "viz/report/svg.h"

static hr_status write_one(const char *folder, const char *name, const char *text, hr_error *e)
{
    char *path = hr_format("%s/%s", folder, name);
    hr_status status = hr_write_file(path, text, strlen(text), e);
    free(path);
    return status;
}

hr_status viz_report_write(const viz_report *r, const char *folder, hr_error *e)
{
    hr_status status = hr_make_folder(folder, 0777, e);
    if (status)
        return status;
    hr_text html = {0}, markdown = {0};
    viz_report_html(r, &html);
    viz_report_markdown(r, &markdown);
    char *document = hr_format("%s\n", r->document);
    if ((status = write_one(folder, "report.json", document, e)) == HR_OK && (status = write_one(folder, "report.md", markdown.data, e)) == HR_OK)
        status = write_one(folder, "report.html", html.data, e);
    free(document);
    free(html.data);
    free(markdown.data);
    return status;
}

hr_status viz_report_picture(const sim_study *study, const char *path, hr_error *e)
{
    return viz_drawing_write(path, VIZ_POSTER_WIDTH, VIZ_POSTER_HEIGHT, 1.5, viz_poster_draw, study, e);
}

bool viz_report_has(const sim_study *study, int metric)
{
    for (size_t v = 0; v < study->variant_count; v++)
        if (!isnan(study->variants[v].estimate[metric].value))
            return true;
    return false;
}

const char *viz_report_title(const sim_study *study)
{
    const sim_model *model = study->variants[0].model;
    return model->title && model->title[0] ? model->title : model->name;
}

const char *viz_report_difference(const sim_study *study, int metric, sim_paired paired, char *out, size_t room)
{
    double first = study->variants[0].estimate[metric].value;
    bool is_share = strcmp(sim_metrics[metric].unit, "%") == 0;      // per cent of per cent would mislead
    char number[64];
    sim_estimate_text(paired.difference, sim_metrics[metric].factor, number, sizeof number);
    const char *sign = paired.difference.value > 0 ? "+" : "";
    if (first > 0 && !is_share && fabs(paired.difference.value) >= 0.005 * first)
        snprintf(out, room, "%s%s (%+.0f %%)", sign, number, 100 * paired.difference.value / first);
    else
        snprintf(out, room, "%s%s", sign, number);
    return out;
}

void viz_report_basis(const sim_study *study, hr_text *out)
{
    hr_text_add(out, "Seed %llu, %d replications of %.6g s each; the first %.6g s of each are warm-up%s and count for nothing. "
                "Every variant saw the same requests, keys and demands. Headroom %s.", (unsigned long long)study->seed, study->replications,
                (double)study->duration / 1e9, (double)study->warmup / 1e9,
                study->variants[0].model->warmup >= 0 ? " (given by the scenario)"
                : study->warmup_found ? " (found by MSER-5)" : " (no steady state was found: half of the run)", HEADROOM_VERSION);
    if (!study->is_precise)
        hr_text_add(out, " The precision asked for was not reached: the intervals are wider.");
}

// --- assumptions ----------------------------------------------------------------------------------------------------

// Whether `text` has `line` (so many bytes, with its newline) as one of its lines.
static bool has_line(const char *text, const char *line, size_t length)
{
    for (const char *at = text; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, length) == 0)
            return true;
    return false;
}

void viz_report_assumptions(const sim_study *study, hr_text *out)
{
    hr_text *ledger = hr_alloc(study->variant_count * sizeof *ledger);
    for (size_t v = 0; v < study->variant_count; v++)
        sim_model_ledger(study->variants[v].model, &ledger[v]);
    for (size_t own = 0; own <= study->variant_count; own++) {       // 0: the lines that all have; then those of one that not all have
        if (own && study->variant_count > 1)
            hr_text_add(out, "\n# only %s\n", study->variants[own - 1].name);
        for (const char *at = ledger[own ? own - 1 : 0].data, *end; at && (end = strchr(at, '\n')); at = end + 1) {
            size_t length = (size_t)(end + 1 - at), have = 0;
            for (size_t v = 0; v < study->variant_count; v++)
                have += has_line(ledger[v].data, at, length);
            if ((have == study->variant_count) == (own == 0))
                hr_text_bytes(out, at, length);
        }
    }
    for (size_t v = 0; v < study->variant_count; v++)
        free(ledger[v].data);
    free(ledger);
}
