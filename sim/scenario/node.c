// sim/scenario/node.c - YAML text to nodes by libfyaml's events, and messages with a caret.
#include "sim/scenario/node.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MESSAGES = 20, LONGEST_MESSAGE = 400 };

struct sim_pool_block { struct sim_pool_block *next; size_t used, room; };

void *sim_pool_take(sim_pool *pool, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    struct sim_pool_block *b = pool->blocks;
    if (!b || b->used + bytes > b->room) {
        size_t room = bytes > 16384 ? bytes : 16384;
        b = hr_alloc(sizeof *b + 16 + room);
        b->room = room;
        b->next = pool->blocks;
        pool->blocks = b;
    }
    char *start = (char *)(((uintptr_t)(b + 1) + 15) & ~(uintptr_t)15);
    void *p = start + b->used;
    b->used += bytes;
    return p;
}

char *sim_pool_text(sim_pool *pool, const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(sim_pool_take(pool, n), text, n);
}

void sim_pool_free(sim_pool *pool)
{
    for (struct sim_pool_block *b = pool->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    pool->blocks = NULL;
}

// --- messages -------------------------------------------------------------------------------------------------------

// Bytes of the character at `at`, which starts one: 1 to 4, or 0 when it is not UTF-8 (RFC 3629) or a control character.
static int character_bytes(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    int more = p[0] < 0x80 ? 0 : p[0] >= 0xC2 && p[0] < 0xE0 ? 1 : p[0] >= 0xE0 && p[0] < 0xF0 ? 2 : p[0] >= 0xF0 && p[0] < 0xF5 ? 3 : -1;
    if (more < 0 || end - at <= more || (p[0] < 0x20 && p[0] != '\t' && p[0] != '\n' && p[0] != '\r') || p[0] == 0x7F)
        return 0;
    for (int i = 1; i <= more; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool too_long = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool no_character = (p[0] == 0xED && p[1] >= 0xA0) || (p[0] == 0xF4 && p[1] >= 0x90);
    return too_long || no_character ? 0 : more + 1;
}

// Makes a message fit for a terminal: one line of whole characters, nothing that commands it, and no longer than people read.
static void tidy(char *said)
{
    char *end = said + strlen(said), *at = said;
    for (int n; at < end; at += n) {
        n = character_bytes(at, end);
        if (at + n - said > LONGEST_MESSAGE) {
            memcpy(at, "…", sizeof "…");
            return;
        }
        if (n == 0 || (unsigned char)*at < 0x20) {
            *at = '?';
            n = 1;
        }
    }
}

static void add_caret(hr_text *message, const char *text, int line, int column)
{
    const char *start = text;
    for (int i = 1; i < line && start; i++) {
        start = strchr(start, '\n');
        start = start ? start + 1 : NULL;
    }
    if (!start || !*start)
        return;
    int length = (int)strcspn(start, "\r\n");
    int from = column > 100 ? column - 60 : 0, shown = length - from > 120 ? 120 : length - from;
    if (shown <= 0)
        return;
    char line_text[128];
    snprintf(line_text, sizeof line_text, "%.*s", shown, start + from);
    tidy(line_text);
    hr_text_add(message, "\n    %s\n    %*s^", line_text, column - 1 - from, "");
}

static void forget_reason(const sim_source *source)
{
    if (source->reason)
        *source->reason->text = 0;
}

bool sim_because(const sim_source *source, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (source && source->reason && !*source->reason->text)        // the innermost reason is the one to mend
        vsnprintf(source->reason->text, sizeof source->reason->text, format, args);
    va_end(args);
    return false;
}

hr_status sim_wrong(const sim_source *source, int line, int column, const char *format, ...)
{
    if (source->error && source->error->count >= MOST_MESSAGES) {  // counted, not shown: the first ones are the ones to mend
        source->error->count++;
        forget_reason(source);
        return HR_BAD_INPUT;
    }
    va_list args;
    va_start(args, format);
    char said[1024];
    vsnprintf(said, sizeof said, format, args);
    va_end(args);
    tidy(said);
    hr_text message = {0};
    hr_text_add(&message, "%s:%d:%d: %s%s", source->path, line, column, source->about ? source->about : "", said);
    if (source->reason && *source->reason->text) {
        tidy(source->reason->text);
        hr_text_add(&message, " (%s)", source->reason->text);
    }
    add_caret(&message, source->text, line, column);
    hr_fail(source->error, HR_BAD_INPUT, "%s", message.data);
    free(message.data);
    forget_reason(source);
    return HR_BAD_INPUT;
}

// --- parsing --------------------------------------------------------------------------------------------------------

typedef struct {
    sim_pool   *pool;
    sim_source *source;
    struct fy_parser *parser;
    size_t      nodes;
    bool        failed;
    struct { sim_node *node; size_t used, room; int open; } joined;        // the value that arguments are being joined to
} builder;

static sim_node *new_node(builder *b, sim_node_kind kind, struct fy_token *token)
{
    sim_node *n = sim_pool_take(b->pool, sizeof *n);
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    *n = (sim_node){.kind = kind, .line = mark ? mark->line + 1 : 1, .column = mark ? mark->column + 1 : 1};
    if (++b->nodes > SIM_MOST_values && !b->failed) {
        SIM_WRONG(b->source, n, "more than %d values: too many for a file that is read here", SIM_MOST_values);
        b->failed = true;
    }
    return n;
}

static sim_node *read_value(builder *b, struct fy_event *event, int depth);

static struct fy_event *next_event(builder *b)
{
    return b->failed ? NULL : fy_parser_parse(b->parser);
}

static void refuse_duplicate(builder *b, const sim_node *map, const sim_node *key)
{
    for (const sim_node *m = map->first; m; m = m->next)
        if (m->key && key->text && strcmp(m->key->text, key->text) == 0) {
            SIM_WRONG(b->source, key, "'%s' stands here a second time; the first is in line %d", key->text, m->key->line);
            b->failed = true;
        }
}

// How many more ( than ) a text has.
static int open_parentheses(const char *text)
{
    int open = 0;
    for (; *text; text++)
        open += (*text == '(') - (*text == ')');
    return open;
}

// `{key: zipf(0.99, 100k)}`: YAML ends the value at the comma. While a parenthesis is open, the next member is the rest of it.
// The joined text has room to grow, so that a value of many arguments costs their length, not its square.
static bool join_arguments(builder *b, sim_node *last, const sim_node *rest)
{
    if (!last || last->kind != SIM_SCALAR || rest->kind != SIM_SCALAR)
        return false;
    if (b->joined.node != last) {
        b->joined.node = last;
        b->joined.used = b->joined.room = strlen(last->text);
        b->joined.open = open_parentheses(last->text);
    }
    if (b->joined.open <= 0)
        return false;
    size_t n = b->joined.used, m = strlen(rest->text);
    if (n + m + 3 > b->joined.room) {
        b->joined.room = (n + m + 3) * 2;
        char *longer = sim_pool_take(b->pool, b->joined.room);
        memcpy(longer, last->text, n);
        last->text = longer;
    }
    char *joined = (char *)(uintptr_t)last->text;                  // taken above
    memcpy(joined + n, ", ", 2);
    memcpy(joined + n + 2, rest->text, m + 1);
    b->joined.used = n + 2 + m;
    b->joined.open += open_parentheses(rest->text);
    return true;
}

static void read_members(builder *b, sim_node *into, int depth)
{
    sim_node **tail = &into->first, *last = NULL;
    for (struct fy_event *event; (event = next_event(b));) {
        bool ends = event->type == FYET_MAPPING_END || event->type == FYET_SEQUENCE_END;
        sim_node *key = NULL;
        if (!ends && into->kind == SIM_MAP) {
            key = read_value(b, event, depth + 1);
            fy_parser_event_free(b->parser, event);
            if (key && key->kind != SIM_SCALAR) {
                SIM_WRONG(b->source, key, "a key must be a word");
                b->failed = true;
            }
            event = next_event(b);
            if (!event)
                return;
            if (key && event->type == FYET_SCALAR && join_arguments(b, last, key)) {
                fy_parser_event_free(b->parser, event);                // the empty value that YAML gave it
                continue;
            }
            if (key)
                refuse_duplicate(b, into, key);
        }
        sim_node *value = ends ? NULL : read_value(b, event, depth + 1);
        fy_parser_event_free(b->parser, event);
        if (ends || !value)
            return;
        if (into->kind == SIM_LIST && join_arguments(b, last, value))
            continue;
        if (into->kind == SIM_MAP && into->count == SIM_MOST_members) {
            SIM_WRONG(b->source, key ? key : value, "more than %d members in one place: too many for a file that is read here", SIM_MOST_members);
            b->failed = true;
        }
        if (key && value->kind == SIM_SCALAR && !*value->text) {   // an empty value stands nowhere
            value->line = key->line;
            value->column = key->column;
        }
        value->key = key;
        last = value;
        *tail = value;
        tail = &value->next;
        into->count++;
    }
}

static struct fy_token *anchor_of(struct fy_event *event)
{
    switch (event->type) {
    case FYET_SCALAR: return event->scalar.anchor;
    case FYET_MAPPING_START: return event->mapping_start.anchor;
    case FYET_SEQUENCE_START: return event->sequence_start.anchor;
    default: return NULL;
    }
}

static sim_node *read_value(builder *b, struct fy_event *event, int depth)
{
    if (event->type == FYET_ALIAS || anchor_of(event)) {
        sim_node *n = new_node(b, SIM_SCALAR, event->type == FYET_ALIAS ? event->alias.anchor : anchor_of(event));
        SIM_WRONG(b->source, n, "anchors and aliases (& and *) are not read here: write the value itself");
        b->failed = true;
        return NULL;
    }
    if (event->type == FYET_SCALAR) {
        sim_node *n = new_node(b, SIM_SCALAR, event->scalar.value);
        size_t length = 0;
        const char *text = event->scalar.value ? fy_token_get_text(event->scalar.value, &length) : "";
        char *copy = sim_pool_take(b->pool, length + 1);
        memcpy(copy, text ? text : "", text ? length : 0);
        n->text = copy;
        return n;
    }
    if (event->type != FYET_MAPPING_START && event->type != FYET_SEQUENCE_START)
        return NULL;
    bool map = event->type == FYET_MAPPING_START;
    sim_node *n = new_node(b, map ? SIM_MAP : SIM_LIST, map ? event->mapping_start.mapping_start : event->sequence_start.sequence_start);
    if (depth >= SIM_MOST_levels) {
        SIM_WRONG(b->source, n, "nested more than %d levels deep", SIM_MOST_levels);
        b->failed = true;
        return NULL;
    }
    read_members(b, n, depth);
    return n;
}

static void tell_yaml_error(builder *b, struct fy_diag *diag)
{
    void *previous = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &previous);
    if (first)
        sim_wrong(b->source, first->line > 0 ? first->line : 1, first->column > 0 ? first->column : 1, "not YAML: %s", first->msg);
    else
        sim_wrong(b->source, 1, 1, "not YAML");
}

// Every character is text, and none begins a YAML directive: a line with % in front means nothing here, and libfyaml 0.7 never comes
// back from some of those.
static hr_status check_text(const sim_source *source, size_t size)
{
    int line = 1, column = 1;
    const char *text = source->text, *end = text + size;
    for (int n; text < end; text += n, column++) {
        n = character_bytes(text, end);
        if (n == 0 && *text == 0)
            return hr_fail(source->error, HR_BAD_INPUT, "%s:%d:%d: not a text file: it has a zero byte", source->path, line, column);
        if (n == 0)
            return hr_fail(source->error, HR_BAD_INPUT, "%s:%d:%d: the byte 0x%02x is no text: want UTF-8", source->path, line, column,
                           (unsigned)(unsigned char)*text);
        if (*text == '%' && column == 1)
            return sim_wrong(source, line, column, "a line that begins with %%: YAML directives are not read here");
        if (*text == '\n') {
            line++;
            column = 0;
        }
    }
    return HR_OK;
}

hr_status sim_node_parse_all(sim_pool *pool, sim_source *source, size_t size, sim_node **first)
{
    if (size > SIM_MOST_text)
        return hr_fail(source->error, HR_BAD_INPUT, "%s: %zu bytes; such a file has at most %d", source->path, size, SIM_MOST_text);
    hr_status status = check_text(source, size);
    if (status)
        return status;
    FILE *silent = fopen("/dev/null", "w");
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = silent;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = diag};
    builder b = {.pool = pool, .source = source, .parser = fy_parser_create(&config)};
    HR_ASSERT(b.parser && diag && silent);
    sim_node **tail = first;
    *first = NULL;
    fy_parser_set_string(b.parser, source->text, size);
    for (struct fy_event *event; (event = next_event(&b)); fy_parser_event_free(b.parser, event))
        if (event->type == FYET_SCALAR || event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START || event->type == FYET_ALIAS) {
            *tail = read_value(&b, event, 0);
            if (*tail)
                tail = &(*tail)->next;
        }
    if (!b.failed && (fy_parser_get_stream_error(b.parser) || fy_diag_got_error(diag))) {
        tell_yaml_error(&b, diag);
        b.failed = true;
    }
    fy_parser_destroy(b.parser);
    fy_diag_destroy(diag);
    fclose(silent);
    return b.failed ? HR_BAD_INPUT : HR_OK;
}

hr_status sim_node_parse(sim_pool *pool, sim_source *source, size_t size, sim_node **root)
{
    hr_status status = sim_node_parse_all(pool, source, size, root);
    if (status)
        return status;
    if (*root && (*root)->next)
        return sim_wrong(source, (*root)->next->line, (*root)->next->column, "a second document (---): a file holds one scenario");
    if (!*root || (*root)->kind != SIM_MAP)
        return sim_wrong(source, 1, 1, "want a mapping that begins with `scenario: NAME`");
    return HR_OK;
}

sim_node *sim_node_find(const sim_node *map, const char *key, size_t length)
{
    for (sim_node *m = map && map->kind == SIM_MAP ? map->first : NULL; m; m = m->next)
        if (strlen(m->key->text) == length && memcmp(m->key->text, key, length) == 0)
            return m;
    return NULL;
}

sim_node *sim_node_member(sim_node *map, const char *key)
{
    sim_node *found = sim_node_find(map, key, strlen(key));
    if (found)
        found->used = true;
    return found;
}
