// sim/core/lines.h - the lines of a text file, plain or gzip, or of standard input ("-"), one after the other in bounded memory.
#ifndef HR_LINES_H
#define HR_LINES_H

#include "sim/core/base.h"

typedef struct hr_lines hr_lines;

// HR_BAD_INPUT: it can't be read.
hr_status hr_lines_open(const char *path, hr_lines **lines, hr_error *e) HR_MUST_USE;
void      hr_lines_close(hr_lines *lines);     // NULL is fine
// The next line without its end (LF or CRLF), valid and writable until the next call; NULL at the end, or when reading failed.
// `length` may be NULL.
char     *hr_lines_next(hr_lines *lines, size_t *length);
// How much of the file has been read, 0 to 1; 0 where its size is not known.
double    hr_lines_done_frac(const hr_lines *lines);
// HR_OK unless reading failed or a line was longer than 1 MiB: to be asked at the end.
hr_status hr_lines_status(const hr_lines *lines, hr_error *e) HR_MUST_USE;
// HR_BAD_INPUT, with "path:line: " before the message, for the line that was read last ("path: " when there is none).
hr_status hr_lines_fail(const hr_lines *lines, hr_error *e, const char *format, ...) HR_PRINTF(3, 4);

// Cuts off the comma-separated field that begins at *at: without the blanks around it, and without its quotes (RFC 4180), in place. *at
// moves behind the comma, or becomes NULL at the end of the line.
char     *hr_field(char **at);
// All fields of a line; false when there are more than `most`.
bool      hr_fields(char *line, char **field, size_t most, size_t *count);

#endif
