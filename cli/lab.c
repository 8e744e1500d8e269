// cli/lab.c - `lab list|start|run|test|hint|solution|check`: the learner's loop, and the check for those who write labs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/study.h"
#include "labs/check.h"
#include "labs/grade.h"
#include "labs/rules.h"
#include "labs/work.h"

enum { WIDTH = 100, SEEDS = 3, MOST_SEEDS = 100 };

typedef struct {
    const char *folder, *lab, *seed;           // --dir, --lab, --seed
    uint64_t    seeds;                         // 0: SEEDS
    bool        json, give_up;
    const char *word;                          // what stands behind the sub-verb, or NULL
} options;

// `begin` and the text behind it, in lines of at most WIDTH columns; the further ones are indented as far as `begin` is long.
static void print_wrapped(const char *begin, const char *text)
{
    int indent = (int)strlen(begin), column = indent;
    printf("%s", begin);
    for (const char *at = text + strspn(text, " \n"); *at; at += strspn(at, " \n")) {
        int n = (int)strcspn(at, " \n");
        if (column > indent && column + 1 + n > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", n, at);
        column += n;
        at += n;
    }
    putchar('\n');
}

static hr_status status_of(sim_verdict verdict)
{
    return verdict == SIM_HOLDS ? HR_OK : verdict == SIM_FAILS ? HR_FAILS : HR_UNDECIDED;
}

// --- list and start -----------------------------------------------------------------------------------------------------

static hr_status list(const options *o, hr_error *e)
{
    lab **labs;
    size_t count;
    hr_status status = lab_list(&labs, &count, e);
    if (status)
        return status;
    for (size_t i = 0; i < count && !o->json; i++)
        printf("%3d  %-20s %-40s %3d min  %s\n", labs[i]->number, labs[i]->id, labs[i]->title, labs[i]->minutes, lab_work_state(labs[i]));
    if (o->json) {
        char *document = lab_list_document(labs, count);
        puts(document);
        free(document);
    } else {
        printf("\nto begin: ./headroom lab start %d\n", labs[0]->number);
    }
    lab_list_free(labs, count);
    return HR_OK;
}

static hr_status start(const options *o, hr_error *e)
{
    lab *l;
    char *folder;
    if (!o->word)
        return hr_fail(e, HR_BAD_INPUT, "which lab? As in: headroom lab start 1");
    hr_status status = lab_find(o->word, &l, e);
    if (status)
        return status;
    status = lab_work_start(l, o->folder, &folder, e);
    if (!status) {
        printf("Lab %d: %s (about %d minutes)\nYou will learn\n", l->number, l->title, l->minutes);
        for (size_t i = 0; i < l->learn_count; i++)
            print_wrapped("  - ", l->learn[i]);
        printf("\nThe task      %s/README.md\nEdit          %s/%s\nMeasure       ./headroom lab run %s\nHave graded   ./headroom lab test %s\n"
               "When stuck    ./headroom lab hint %s\n", folder, folder, l->file, folder, folder, folder);
        free(folder);
    }
    lab_free(l);
    return status;
}

// --- run and test -------------------------------------------------------------------------------------------------------

static hr_status measure(const lab_work *work, sim_study_options *how, const char *label, sim_study **study, hr_error *e)
{
    sim_model *model;
    hr_status status = lab_rules_read(work->lab, work->file, &model, e);
    return status ? status : cli_study_run(&model, 1, label, how, study, e);
}

// "24.1 ±0.3 ms", filled up with blanks to `width` columns (± is two bytes in one column).
static void print_measured(const sim_metric_row *metric, sim_estimate measured, int width)
{
    char number[64], cell[80];
    snprintf(cell, sizeof cell, "%s %s", sim_estimate_text(measured, metric->factor, number, sizeof number), metric->unit);
    printf("%-*s", strstr(cell, "±") ? width + 1 : width, cell);
}

static void print_watched(const lab *l, const sim_study *study)
{
    printf("\nbeside the targets\n");
    for (size_t i = 0; i < l->watch_count; i++) {
        sim_estimate e = study->variants[0].estimate[l->watch[i]];
        if (e.value != e.value)                // NaN: the system has nothing of the sort
            continue;
        printf("  %-12s ", sim_metrics[l->watch[i]].word);
        print_measured(&sim_metrics[l->watch[i]], e, 28);
        printf("%s\n", sim_metrics[l->watch[i]].help);
    }
    printf("\nseed %llu, %d replications of %.6g s, of which %.6g s warm-up; intervals at 95 %%\n", (unsigned long long)study->seed,
           study->replications, (double)study->duration / 1e9, (double)study->warmup / 1e9);
}

static hr_status run(const options *o, hr_error *e)
{
    lab_work work = {0};
    sim_study *study = NULL;
    sim_study_options study_options = lab_run_options();
    hr_status status = lab_work_open(o->word ? o->word : ".", o->lab, &work, e);
    if (!status)
        status = measure(&work, &study_options, "measuring", &study, e);
    if (!status) {
        const lab *l = work.lab;
        printf("Lab %d: %s\n\n", l->number, l->title);
        for (size_t i = 0; i < l->target_count; i++) {
            printf("  %-12s ", l->claims[i].id);
            print_measured(&sim_metrics[l->targets[i].metric], lab_measured(l, study, i), 28);
            printf("target: %s\n", l->claims[i].expression);
        }
        print_watched(l, study);
        printf("No grade: ./headroom lab test%s%s\n", o->word ? " " : "", o->word ? o->word : "");
    }
    sim_study_free(study);
    lab_work_close(&work);
    return status;
}

static void print_grade(const lab *l, const sim_study *study)
{
    printf("Lab %d: %s\n\n", l->number, l->title);
    for (size_t i = 0; i < l->target_count; i++) {
        char word[32];
        printf("  %s  %s\n             %s: measured ", cli_verdict(study->claims[i].verdict, word, sizeof word), l->targets[i].title,
               l->claims[i].expression);
        print_measured(&sim_metrics[l->targets[i].metric], lab_measured(l, study, i), 0);
        putchar('\n');
        if (study->claims[i].verdict != SIM_HOLDS)
            print_wrapped("             look at: ", l->targets[i].look);
    }
    print_watched(l, study);
}

static void print_end(const lab *l, const sim_study *study)
{
    size_t held = 0;
    for (size_t i = 0; i < study->claim_count; i++)
        held += study->claims[i].verdict == SIM_HOLDS;
    if (lab_verdict(study) == SIM_HOLDS) {
        print_wrapped("", l->after);
    } else {
        printf("%zu of %zu targets hold.%s\n", held, study->claim_count,
               lab_verdict(study) == SIM_UNDECIDED ? " One is too close to call: give it some more room and test again."
                                                   : " Change the file and test again; `./headroom lab hint` helps.");
    }
}

static hr_status read_seed(const options *o, sim_study_options *study_options)
{
    cli_study_options plain = {.seed = o->seed};
    sim_study_options read;
    hr_status status = cli_study_read(&plain, &read);
    if (!status && o->seed)
        study_options->seed = read.seed;
    return status;
}

static hr_status test(const options *o, hr_error *e)
{
    lab_work work = {0};
    sim_study *study = NULL;
    sim_study_options study_options = lab_test_options();
    if (read_seed(o, &study_options))
        return HR_BAD_INPUT;                   // the complaint is printed
    hr_status status = lab_work_open(o->word ? o->word : ".", o->lab, &work, e);
    if (!status)
        status = measure(&work, &study_options, "testing", &study, e);
    if (!status && !o->json) {
        print_grade(work.lab, study);
        print_end(work.lab, study);
    }
    if (o->json && work.folder) {              // refused hand-ins get their line, too
        char *document = lab_test_document(work.lab, work.folder, study, e);
        puts(document);
        free(document);
    }
    if (!status) {
        status = status_of(lab_verdict(study));
        work.tests++;
        work.passed = work.passed || status == HR_OK;
        hr_error kept = {0};
        if (lab_work_keep(&work, &kept))
            cli_complain(&kept);               // the grade stands
    }
    sim_study_free(study);
    lab_work_close(&work);
    return status;
}

// --- hint and solution --------------------------------------------------------------------------------------------------

static hr_status hint(const options *o, hr_error *e)
{
    lab_work work = {0};
    hr_status status = lab_work_open(o->word ? o->word : ".", o->lab, &work, e);
    if (!status) {
        const lab *l = work.lab;
        int count = (int)l->hint_count, from = work.hints < count ? work.hints : 0, to = work.hints < count ? work.hints + 1 : count;
        if (work.hints >= count)
            printf("There is no further hint. These were all:\n\n");
        for (int i = from; i < to; i++) {
            char begin[48];
            snprintf(begin, sizeof begin, "hint %d of %d: ", i + 1, count);
            print_wrapped(begin, l->hints[i]);
        }
        work.hints = work.hints < count ? work.hints + 1 : count;
        status = lab_work_keep(&work, e);
    }
    lab_work_close(&work);
    return status;
}

static hr_status print_file(const char *path, hr_error *e)
{
    char *text;
    size_t size;
    hr_status status = hr_read_file(path, (size_t)1 << 20, &text, &size, e);
    if (!status) {
        fwrite(text, 1, size, stdout);
        free(text);
    }
    return status;
}

static hr_status solution(const options *o, hr_error *e)
{
    lab_work work = {0};
    hr_status status = lab_work_open(o->word ? o->word : ".", o->lab, &work, e);
    if (!status && !work.passed && !o->give_up)
        status = hr_fail(e, HR_BAD_INPUT, "the solution is shown when your own has passed `headroom lab test`, or with --give-up. "
                                          "%d of %zu hints are used", work.hints, work.lab->hint_count);
    if (!status) {
        char *path = hr_format("%s/solution/%s", work.lab->folder, work.lab->file);
        status = print_file(path, e);
        free(path);
        printf("\n# Tempting, and why not:\n");
        for (size_t i = 0; i < work.lab->tempting_count; i++)
            printf("# - %s: %s\n", work.lab->tempting[i].file, work.lab->tempting[i].why);
        work.gave_up = work.gave_up || !work.passed;
    }
    if (!status)
        status = lab_work_keep(&work, e);
    lab_work_close(&work);
    return status;
}

// --- check --------------------------------------------------------------------------------------------------------------

static void print_check(const lab *l, const lab_checked *c)
{
    printf("%s: %s, %s, %.1f s\n", l->id, c->is_good ? "good" : "not good", c->is_stable ? "stable" : "UNSTABLE", (double)c->wall / 1e9);
    for (size_t i = 0; i < c->row_count; i++) {
        const lab_check_row *row = &c->rows[i];
        printf("  %-6s %-26s %s%s%s%s\n", row->is_right ? "right" : "WRONG", row->name, sim_verdict_name(row->verdict),
               row->missed[0] ? ", misses " : "", row->missed, row->is_stable ? "" : "   (other seeds, other verdicts)");
    }
}

static hr_status check(const options *o, hr_error *e)
{
    lab **labs;
    size_t count = 0, done = 0;
    int seeds = o->seeds ? (int)o->seeds : SEEDS;
    if (o->seeds > MOST_SEEDS)
        return hr_fail(e, HR_BAD_INPUT, "--seeds %llu: want 1 to %d", (unsigned long long)o->seeds, MOST_SEEDS);
    hr_status status = lab_list(&labs, &count, e), verdict = HR_OK;
    if (status)
        return status;
    lab_checked *checked = hr_alloc(count * sizeof *checked);
    hr_time begun = hr_now();
    for (; done < count && !status; done += !status) {
        cli_progress("checking", (double)done / (double)count, begun);
        status = lab_check(labs[done], seeds, &checked[done], e);
        cli_progress_end();
        if (!status && !o->json)
            print_check(labs[done], &checked[done]);
        if (!status && (!checked[done].is_good || !checked[done].is_stable))
            verdict = HR_FAILS;
    }
    if (!status && o->json) {
        char *document = lab_check_document(labs, checked, count);
        puts(document);
        free(document);
    }
    for (size_t i = 0; i < done; i++)
        free(checked[i].rows);
    free(checked);
    lab_list_free(labs, count);
    return status ? status : verdict;
}

// --- the verb -----------------------------------------------------------------------------------------------------------

typedef struct { const char *name; int most; const char *honours; hr_status (*run)(const options *o, hr_error *e); } verb;
static const verb verbs[] = {{"list", 1, "json", list}, {"start", 2, "dir", start}, {"run", 2, "lab", run}, {"test", 2, "lab seed json", test},
                             {"hint", 2, "lab", hint}, {"solution", 2, "give-up lab", solution}, {"check", 1, "seeds json", check}};

// An option that the sub-verb ignores is refused, not dropped.
static void refuse_strays(const verb *v, const options *o, hr_error *e)
{
    const struct { const char *name; bool given; } all[] = {{"dir", o->folder != NULL}, {"lab", o->lab != NULL}, {"seed", o->seed != NULL},
                                                            {"seeds", o->seeds != 0}, {"give-up", o->give_up}, {"json", o->json}};
    for (size_t i = 0; i < HR_COUNT(all); i++) {
        const char *at = strstr(v->honours, all[i].name);
        size_t n = strlen(all[i].name);
        bool honoured = at && (at[n] == ' ' || !at[n]);
        if (all[i].given && !honoured)
            hr_fail(e, HR_BAD_INPUT, "`lab %s` has no --%s; see headroom lab --help", v->name, all[i].name);
    }
}

hr_status cli_lab(int argc, char **argv)
{
    options o = {0};
    const cli_option table[] = {{"dir", CLI_TEXT, &o.folder, "DIR", "start: make the work folder here (lab-ID)"},
                                {"lab", CLI_TEXT, &o.lab, "N", "the lab of a folder without lab.json; nothing is written then"},
                                {"seed", CLI_TEXT, &o.seed, "N", "test: another seed than the grader's own"},
                                {"seeds", CLI_COUNT, &o.seeds, "N", "check: so many seeds must give the same verdicts (3)"},
                                {"give-up", CLI_FLAG, &o.give_up, NULL, "solution: show it although the test is not passed"},
                                {"json", CLI_FLAG, &o.json, NULL, "list, test, check: print the document for programs"}, {0}};
    const cli_usage usage = {"lab list | start N | run [DIR] | test [DIR] | hint [DIR] | solution [DIR] | check",
                             "Exercises. `start` copies one into a folder; edit the file named there, `run` it as often as you like, and have "
                             "`test` grade it: 0 all targets hold, 1 one fails, 2 one is undecided, 3 refused. DIR is the work folder, else "
                             "the present one. `check` is for those who write labs.",
                             "headroom lab start 1", table, 1, 2};
    int words;
    cli_parse_result parsed = cli_parse(&usage, argc, argv, &words);
    if (parsed != CLI_GO)
        return parsed == CLI_DONE ? HR_OK : HR_BAD_INPUT;
    o.word = words > 1 ? argv[2] : NULL;
    hr_error e = {0};
    const char *names[HR_COUNT(verbs) + 1] = {0};
    for (size_t i = 0; i < HR_COUNT(verbs); i++) {
        names[i] = verbs[i].name;
        if (strcmp(argv[1], names[i]) == 0 && words <= verbs[i].most) {
            refuse_strays(&verbs[i], &o, &e);
            hr_status status = e.count ? e.status : verbs[i].run(&o, &e);
            if (e.count)
                cli_complain(&e);
            return status;
        }
    }
    const char *near = hr_nearest(argv[1], names);
    hr_fail(&e, HR_BAD_INPUT, "lab %s%s: want headroom %s%s", argv[1], words > 1 ? " …" : "", usage.usage, HR_HINT(near, '\''));
    return cli_complain(&e);
}
