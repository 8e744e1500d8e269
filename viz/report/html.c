// viz/report/html.c - the report as one page: readable on a telephone, in light and dark, and on paper; see report.h.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viz/report/figure.h"
#include "viz/report/report.h"
#include "viz/report/svg.h"

enum { FIGURE_WIDTH = 460, FIGURE_HEIGHT = 252 };

static const char style[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--canvas);color:var(--text);font:15px/1.5 Inter,system-ui,'Segoe UI','DejaVu Sans',sans-serif;"
    "font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}\n"
    "main{max-width:1080px;margin:0 auto;padding:32px 16px 64px}\n"
    "h1{font-size:17px;font-weight:600;color:var(--muted);margin:0}\n"
    "h2{font-size:19px;color:var(--strong);margin:48px 0 4px}\n"
    "p{margin:4px 0 16px;max-width:72ch}\n"
    ".lead{font-size:24px;line-height:1.35;font-weight:600;color:var(--strong);margin:8px 0 12px;max-width:40em;text-wrap:balance}\n"
    ".muted,small,figcaption{color:var(--muted)}\n"
    "small{display:block;font-weight:400;font-size:12.5px;line-height:1.4;white-space:normal}\n"
    "code,pre{font:13px/1.5 ui-monospace,'DejaVu Sans Mono',monospace}\n"
    "pre{background:var(--panel);border:1px solid var(--border);border-radius:6px;padding:12px;overflow-x:auto;color:var(--text)}\n"
    "pre.command{color:var(--strong)}\n"
    ".variants{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:12px;list-style:none;padding:0;margin:20px 0}\n"
    ".variants li,.claims li,.scroll,summary{background:var(--panel);border:1px solid var(--border);border-radius:6px}\n"
    ".variants li{padding:12px}\n"
    ".variants b{color:var(--strong)}\n"
    ".variants svg{width:14px;height:14px;vertical-align:-2px;margin-right:6px}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px 16px}\n"
    "figure{margin:0;break-inside:avoid}\n"
    "figure svg{display:block;width:100%;height:auto}\n"
    "figcaption{font-size:12.5px;line-height:1.45;padding:6px 12px 0}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:separate;border-spacing:0;width:100%}\n"
    "th,td{padding:8px 12px;text-align:right;vertical-align:top;border-top:1px solid var(--border)}\n"
    ".name{text-align:left}\n"
    "thead th{border-top:0;color:var(--strong);white-space:nowrap}\n"
    "td,td small{white-space:nowrap}\n"
    "th[scope=row]{text-align:left;font-weight:600;color:var(--strong);position:sticky;left:0;background:var(--panel);min-width:150px;max-width:300px;overflow-wrap:anywhere}\n"
    "th span{font-weight:400;color:var(--muted)}\n"
    ".v{white-space:nowrap;font-weight:600}\n"
    ".v.good{color:var(--hit)}.v.bad{color:var(--critical)}.v.open{color:var(--busy)}.v.same{color:var(--muted)}\n"
    ".claims{list-style:none;padding:0;display:grid;gap:8px}\n"
    ".claims li{padding:12px;display:grid;grid-template-columns:7.5em 1fr;gap:0 12px;break-inside:avoid}\n"
    ".claims b{color:var(--strong)}\n"
    ".claims code{overflow-wrap:anywhere}\n"
    "details{margin:8px 0}\n"
    "summary{cursor:pointer;padding:10px 12px;font-weight:600;color:var(--strong)}\n"
    "@media(max-width:560px){main{padding-top:20px}.lead{font-size:20px}.claims li{grid-template-columns:1fr}"
    "table{font-size:13px}th,td{padding:8px 6px}th[scope=row]{min-width:112px;max-width:112px}th small{font-size:11.5px}}\n"
    "@media print{main{max-width:none;padding:0}h2{break-after:avoid}tr{break-inside:avoid}.scroll{overflow:visible}"
    "th[scope=row]{position:static}body{font-size:12px}.figures{grid-template-columns:1fr 1fr}}\n";

static void add_colours(viz_theme theme, hr_text *out)
{
    hr_text_add(out, ":root{color-scheme:%s", theme == VIZ_DARK ? "dark" : "light");
    for (int i = 0; i < VIZ_COLOUR_COUNT; i++)
        hr_text_add(out, ";--%s:#%06X", viz_colour_name((viz_colour)i), (unsigned)viz_colour_value((viz_colour)i, theme));
    hr_text_add(out, "}");
}

static void add_top(const sim_study *study, hr_text *out)
{
    hr_text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    viz_escape(viz_report_title(study), out);
    hr_text_add(out, "</title>\n<style>\n");
    add_colours(VIZ_LIGHT, out);
    hr_text_add(out, "\n@media screen and (prefers-color-scheme:dark){");
    add_colours(VIZ_DARK, out);
    hr_text_add(out, "}\n");
    hr_text_bytes(out, style, sizeof style - 1);
    hr_text_add(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
    viz_escape(viz_report_title(study), out);
    hr_text_add(out, "</h1>\n<p class=\"lead\">");
    hr_text sentence = {0};
    sim_study_sentence(study, &sentence);
    viz_escape(sentence.data, out);
    free(sentence.data);
    hr_text_add(out, "</p>\n<p class=\"muted\">A simulated comparison. ");
    viz_report_basis(study, out);
    hr_text_add(out, "</p>\n");
}

// A verdict with its sign: the colour says nothing that sign and word do not say.
static void add_verdict(sim_verdict verdict, hr_text *out)
{
    static const struct { const char *look, *sign; } looks[] = {
        [SIM_UNDECIDED] = {"open", "?"}, [SIM_HOLDS] = {"good", "✓"}, [SIM_FAILS] = {"bad", "✗"},
        [SIM_BETTER] = {"good", "✓"}, [SIM_WORSE] = {"bad", "✗"}, [SIM_EQUIVALENT] = {"same", "="}};
    hr_text_add(out, "<span class=\"v %s\">%s %s</span>", looks[verdict].look, looks[verdict].sign, sim_verdict_name(verdict));
}

// --- variants -------------------------------------------------------------------------------------------------------

static void draw_mark(viz_pen *pen, const void *look)
{
    const viz_look_row *row = look;
    viz_mark(pen, row->shape, row->colour, 7, 7, 10);
}

static void add_missed(const sim_study *study, size_t v, hr_text *out)
{
    const char *before = "<small>";
    if (study->objective_count == 0)
        return;
    if (sim_study_meets_objectives(study, v)) {
        hr_text_add(out, "<small><span class=\"v good\">✓ meets every objective</span></small>");
        return;
    }
    for (size_t i = 0; i < study->objective_count; i++) {
        const sim_objective_result *o = &study->objectives[i];
        if (o->variant != v || o->verdict == SIM_HOLDS)
            continue;
        bool is_open = o->verdict == SIM_UNDECIDED;
        hr_text_add(out, "%s<span class=\"v %s\">%s %s: %s</span>", before, is_open ? "open" : "bad", is_open ? "? undecided" : "✗ misses",
                    o->objective->metric, o->objective->text);
        before = "<br>";
    }
    hr_text_add(out, "</small>");
}

static void add_variants(const sim_study *study, hr_text *out)
{
    if (study->variant_count < 2)
        return;
    hr_text_add(out, "<ul class=\"variants\">\n");
    for (size_t v = 0; v < study->variant_count; v++) {
        char prefix[24];
        viz_look_row look = viz_look((int)v);
        hr_text_add(out, "<li>");
        snprintf(prefix, sizeof prefix, "m%zu-", v);
        viz_svg_inline(14, 14, prefix, "", draw_mark, &look, out);
        hr_text_add(out, "<b>");
        viz_escape(study->variants[v].name, out);
        hr_text_add(out, "</b><small>");
        viz_escape(study->variants[v].summary, out);
        hr_text_add(out, "</small>");
        add_missed(study, v, out);
        hr_text_add(out, "</li>\n");
    }
    hr_text_add(out, "</ul>\n");
}

// --- pictures -------------------------------------------------------------------------------------------------------

typedef struct { const viz_figure *figure; const sim_study *study; } one_figure;

static void draw_figure(viz_pen *pen, const void *what)
{
    const one_figure *one = what;
    viz_figure_draw(pen, (viz_rect){0, 0, FIGURE_WIDTH, FIGURE_HEIGHT}, one->figure, one->study);
}

static void add_figures(const sim_study *study, hr_text *out)
{
    hr_text_add(out, "<h2>Pictures</h2>\n<p>Whiskers are 95 %% intervals; where none is seen, it is narrower than the mark.</p>\n<div class=\"figures\">\n");
    for (const viz_figure *f = viz_figures; f->id; f++) {
        if (!viz_figure_is_there(f, study))
            continue;
        one_figure one = {f, study};
        char *prefix = hr_format("%s-", f->id);
        hr_text_add(out, "<figure>\n");
        viz_svg_inline(FIGURE_WIDTH, FIGURE_HEIGHT, prefix, f->title, draw_figure, &one, out);
        free(prefix);
        hr_text_add(out, "<figcaption>");
        viz_escape(f->help, out);
        hr_text_add(out, "</figcaption>\n</figure>\n");
    }
    hr_text_add(out, "</div>\n");
}

// --- tables ---------------------------------------------------------------------------------------------------------

static void add_table_head(const sim_study *study, size_t first, hr_text *out)
{
    hr_text_add(out, "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"row\"></th>");
    for (size_t v = first; v < study->variant_count; v++) {
        hr_text_add(out, "<th scope=\"col\">");
        viz_escape(study->variants[v].name[0] ? study->variants[v].name : "measured", out);
        hr_text_add(out, "</th>");
    }
    hr_text_add(out, "</tr></thead>\n<tbody>\n");
}

static void add_metric(int m, bool with_help, hr_text *out)
{
    hr_text_add(out, "<tr><th scope=\"row\">");
    for (const char *at = sim_metrics[m].word; *at; at++)            // a long word may be broken behind its underscores
        hr_text_add(out, *at == '_' ? "_<wbr>" : "%c", *at);
    hr_text_add(out, " <span>%s</span>", sim_metrics[m].unit);
    if (with_help) {
        hr_text_add(out, "<small>");
        viz_escape(sim_metrics[m].help, out);
        hr_text_add(out, "</small>");
    }
    hr_text_add(out, "</th>");
}

static void add_numbers(const sim_study *study, hr_text *out)
{
    char cell[64];
    hr_text_add(out, "<h2>Numbers</h2>\n<p>Behind ± stands half of the 95 %% interval: were the whole experiment repeated many times, 95 of 100 such "
                "intervals would hold the true value.</p>\n");
    add_table_head(study, 0, out);
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        if (!viz_report_has(study, m))
            continue;
        add_metric(m, true, out);
        for (size_t v = 0; v < study->variant_count; v++)
            hr_text_add(out, "<td>%s</td>", sim_estimate_text(study->variants[v].estimate[m], sim_metrics[m].factor, cell, sizeof cell));
        hr_text_add(out, "</tr>\n");
    }
    hr_text_add(out, "</tbody></table></div>\n");
}

static void add_workloads(const sim_study *study, hr_text *out)
{
    sim_study_table t;
    if (!sim_study_workloads(study, &t))
        return;
    hr_text_add(out, "<h2>Workloads</h2>\n<p>How each fared: requests offered, answered inside its objective, and in per cent of those offered what "
                     "became of the others.</p>\n<div class=\"scroll\"><table>\n");
    for (size_t i = 0; i < t.count; i++) {
        bool is_head = i < t.columns, is_first = i % t.columns == 0, is_name = i % t.columns < t.names;
        const char *cell = is_head || is_first ? "th" : "td";
        if (is_first)
            hr_text_add(out, i == 0 ? "<thead><tr>" : "<tr>");
        hr_text_add(out, "<%s%s%s>", cell, is_first ? " scope=\"row\"" : is_head ? " scope=\"col\"" : "", is_name && !is_first ? " class=\"name\"" : "");
        viz_escape(t.cell[i], out);
        hr_text_add(out, "</%s>", cell);
        if ((i + 1) % t.columns == 0)
            hr_text_add(out, is_head ? "</tr></thead>\n<tbody>\n" : "</tr>\n");
    }
    hr_text_add(out, "</tbody></table></div>\n");
    sim_study_table_free(&t);
}

static void add_differences(const sim_study *study, hr_text *out)
{
    if (study->variant_count < 2)
        return;
    hr_text_add(out, "<h2>Against ");
    viz_escape(study->variants[0].name, out);
    hr_text_add(out, "</h2>\n<p>Each replication runs every variant on the same requests, so chance that hits both cancels out of the difference. "
                "Better and worse: the interval of the difference lies on one side of zero. Equivalent: it lies within 1 %% of the first variant's "
                "value. Undecided: neither, more replications would tell.</p>\n");
    add_table_head(study, 1, out);
    for (int m = 0; m < SIM_METRIC_COUNT; m++) {
        if (!viz_report_has(study, m) || sim_metrics[m].better == 0)
            continue;
        add_metric(m, false, out);
        for (size_t v = 1; v < study->variant_count; v++) {
            char cell[96];
            hr_text_add(out, "<td>");
            if (sim_study_can_compare(study, 0, v, (sim_metric)m)) {
                sim_paired paired = sim_study_compare(study, 0, v, (sim_metric)m);
                add_verdict(paired.verdict, out);
                hr_text_add(out, "<small>%s</small>", viz_report_difference(study, m, paired, cell, sizeof cell));
            } else {
                hr_text_add(out, "-");
            }
            hr_text_add(out, "</td>");
        }
        hr_text_add(out, "</tr>\n");
    }
    hr_text_add(out, "</tbody></table></div>\n");
}

// --- verdicts -------------------------------------------------------------------------------------------------------

static void add_claims(const sim_study *study, hr_text *out)
{
    if (study->claim_count == 0)
        return;
    hr_text_add(out, "<h2>Claims</h2>\n<p>What books say of the pattern, as expressions over what was measured. A claim holds or fails when the interval "
                "of the margin between both sides says so; else it is undecided.</p>\n<ul class=\"claims\">\n");
    for (size_t i = 0; i < study->claim_count; i++) {
        const sim_claim_result *c = &study->claims[i];
        hr_text_add(out, "<li><div>");
        add_verdict(c->verdict, out);
        hr_text_add(out, "</div><div><b>");
        viz_escape(c->claim->source, out);
        hr_text_add(out, "</b><br><code>");
        viz_escape(c->claim->expression, out);
        hr_text_add(out, "</code><small>");
        viz_escape(c->values, out);
        hr_text_add(out, " · ");
        viz_escape(c->claim->id, out);
        hr_text_add(out, "</small></div></li>\n");
    }
    hr_text_add(out, "</ul>\n");
}

// A row for each objective of the first variant; a variant that replaces the limit shows its own.
static void add_objectives(const sim_study *study, hr_text *out)
{
    const sim_model *first = study->variants[0].model;
    if (first->objective_count == 0)
        return;
    hr_text_add(out, "<h2>Objectives</h2>\n<p>What the scenario asks of every variant, and what was measured.</p>\n");
    add_table_head(study, 0, out);
    for (size_t k = 0; k < first->objective_count; k++) {
        int metric = sim_metric_find(first->objectives[k].metric);
        hr_text_add(out, "<tr><th scope=\"row\">%s <span>at %s %s</span></th>", first->objectives[k].metric,
                    sim_metrics[metric].better > 0 ? "least" : "most", first->objectives[k].text);
        for (size_t i = 0; i < study->objective_count; i++) {
            const sim_objective_result *o = &study->objectives[i];
            char cell[64];
            if (strcmp(o->objective->metric, first->objectives[k].metric) != 0)
                continue;
            hr_text_add(out, "<td>");
            add_verdict(o->verdict, out);
            hr_text_add(out, "<small>%s %s", sim_estimate_text(o->measured, sim_metrics[metric].factor, cell, sizeof cell), sim_metrics[metric].unit);
            if (strcmp(o->objective->text, first->objectives[k].text) != 0)
                hr_text_add(out, ", limit %s", o->objective->text);
            hr_text_add(out, "</small></td>");
        }
        hr_text_add(out, "</tr>\n");
    }
    hr_text_add(out, "</tbody></table></div>\n");
}

static void add_end(const viz_report *r, hr_text *out)
{
    hr_text assumptions = {0};
    viz_report_assumptions(r->study, &assumptions);
    hr_text_add(out, "<h2>How to repeat it</h2>\n<pre class=\"command\">");
    viz_escape(r->command, out);
    hr_text_add(out, "</pre>\n<p>The same version gives the same numbers on every machine.</p>\n"
                "<details><summary>Every assumption in force</summary>\n<pre>");
    viz_escape(assumptions.data, out);
    hr_text_add(out, "</pre></details>\n</main>\n</body>\n</html>\n");
    free(assumptions.data);
}

void viz_report_html(const viz_report *r, hr_text *out)
{
    add_top(r->study, out);
    add_variants(r->study, out);
    add_figures(r->study, out);
    add_claims(r->study, out);
    add_numbers(r->study, out);
    add_workloads(r->study, out);
    add_differences(r->study, out);
    add_objectives(r->study, out);
    add_end(r, out);
}
