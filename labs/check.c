// labs/check.c - see check.h.
#include "labs/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labs/grade.h"
#include "labs/rules.h"

static hr_status grade(const lab *l, const char *path, uint64_t further_seed, sim_study **study, hr_error *e)
{
    sim_model *model;
    hr_status status = lab_rules_read(l, path, &model, e);
    if (status)
        return status;
    sim_study_options options = lab_test_options();
    options.seed += further_seed;
    return sim_study_run(&model, 1, &options, study, e);
}

static bool should_miss(const lab_tempting *tempting, const char *id)
{
    for (size_t i = 0; i < tempting->miss_count; i++)
        if (strcmp(tempting->misses[i], id) == 0)
            return true;
    return false;
}

// tempting NULL: what matters is whether all targets hold.
static void judge(const lab *l, const sim_study *study, const lab_tempting *tempting, sim_verdict wanted, lab_check_row *row)
{
    size_t used = 0;
    row->verdict = lab_verdict(study);
    row->is_right = row->verdict == wanted;
    for (size_t i = 0; i < l->target_count; i++) {
        sim_verdict verdict = study->claims[i].verdict;
        if (verdict != SIM_HOLDS && used < sizeof row->missed)
            used += (size_t)snprintf(row->missed + used, sizeof row->missed - used, "%s%s%s", used ? ", " : "", l->claims[i].id,
                                     verdict == SIM_UNDECIDED ? " (undecided)" : "");
        if (tempting)
            row->is_right = row->is_right && verdict == (should_miss(tempting, l->claims[i].id) ? SIM_FAILS : SIM_HOLDS);
    }
}

static bool same_verdicts(const sim_study *a, const sim_study *b)
{
    for (size_t i = 0; i < a->claim_count; i++)
        if (a->claims[i].verdict != b->claims[i].verdict)
            return false;
    return true;
}

static hr_status check_file(const lab *l, const char *below, const char *file, int seeds, const lab_tempting *tempting, sim_verdict wanted,
                            lab_check_row *row, hr_error *e)
{
    char *path = hr_format("%s/%s/%s", l->folder, below, file);
    sim_study *first = NULL, *other = NULL;
    hr_status status = grade(l, path, 0, &first, e);
    row->is_stable = true;
    if (!status)
        judge(l, first, tempting, wanted, row);
    for (int s = 1; s < seeds && !status; s++) {
        if (!(status = grade(l, path, (uint64_t)s, &other, e)))
            row->is_stable = row->is_stable && same_verdicts(first, other);
        sim_study_free(other);
        other = NULL;
    }
    sim_study_free(first);
    free(path);
    return status;
}

hr_status lab_check(const lab *l, int seeds, lab_checked *checked, hr_error *e)
{
    hr_time begun = hr_now();
    lab_check_row *rows = hr_alloc((l->tempting_count + 2) * sizeof *rows);
    rows[0].name = "stub";
    rows[1].name = "solution";
    hr_status status = check_file(l, "start", l->file, seeds, NULL, SIM_FAILS, &rows[0], e);
    if (!status)
        status = check_file(l, "solution", l->file, seeds, NULL, SIM_HOLDS, &rows[1], e);
    for (size_t i = 0; i < l->tempting_count && !status; i++) {
        const lab_tempting *t = &l->tempting[i];
        rows[i + 2].name = t->file;
        status = check_file(l, "tempting", t->file, seeds, t, SIM_FAILS, &rows[i + 2], e);
    }
    if (status) {
        free(rows);
        return status;
    }
    *checked = (lab_checked){.rows = rows, .row_count = l->tempting_count + 2, .is_good = true, .is_stable = true, .wall = hr_now() - begun};
    for (size_t i = 0; i < checked->row_count; i++) {
        checked->is_good = checked->is_good && rows[i].is_right;
        checked->is_stable = checked->is_stable && rows[i].is_stable;
    }
    return HR_OK;
}

static json_t *lab_json(const lab *l, const lab_checked *c)
{
    json_t *tempting = json_array();
    for (size_t i = 2; i < c->row_count; i++)
        json_array_append_new(tempting, json_pack("{s:s,s:s,s:b,s:s,s:s,s:b}", "name", c->rows[i].name, "verdict",
                                                  sim_verdict_name(c->rows[i].verdict), "explained", c->rows[i].is_right, "missed",
                                                  c->rows[i].missed, "why", l->tempting[i - 2].why, "stable", c->rows[i].is_stable));
    return json_pack("{s:s,s:s,s:s,s:o,s:b,s:f}", "id", l->id, "stub", sim_verdict_name(c->rows[0].verdict), "solution",
                     sim_verdict_name(c->rows[1].verdict), "tempting", tempting, "stable", c->is_stable, "seconds", (double)c->wall / 1e9);
}

char *lab_check_document(lab *const *labs, const lab_checked *checked, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, lab_json(labs[i], &checked[i]));
    json_t *document = json_pack("{s:s,s:o}", "schema", "headroom/lab-check/1", "labs", all);
    HR_ASSERT(document != NULL);
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(document);
    HR_ASSERT(text != NULL);
    return text;
}
