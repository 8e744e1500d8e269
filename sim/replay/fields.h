// sim/replay/fields.h - the columns of a line: separated by commas or, where a line has none, by blanks and tabs.
#ifndef SIM_REPLAY_FIELDS_H
#define SIM_REPLAY_FIELDS_H

#include "sim/core/base.h"

enum { SIM_MOST_FIELDS = 64 };
// Cuts the line up in place; blanks around a field are not part of it. Returns the number of fields, those beyond SIM_MOST_FIELDS left out.
int sim_fields(char *line, char *field[SIM_MOST_FIELDS]);

// Where a column is: a number from 1, or the name that a header gives it.
bool sim_column_is_number(const char *column);
// The place from 0, or -1 when there is none. `header` NULL: `column` is a number.
int  sim_column_find(const char *column, char *const *header, int count);

// A whole number of milliseconds, 0 to 10^12; false for anything else.
bool sim_read_ms(const char *text, int64_t *ms);

#endif
