/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/order/order_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "repro/base/file.h"

static const char version[] = "wedge-lock-order 1";
static const char then[] = " then ";

struct parser {
    struct order *order;
    struct order_error *error;
    uint32_t line, class; /* class: whose block this is, or ORDER_NONE */
    char *comment;        /* lines above the next one that says something, or NULL */
    size_t comment_length;
    bool header_done;
};

/* `at`: what was found instead; the rest of the line from there. */
__attribute__((format(printf, 3, 4))) static bool refuse(struct parser *parser, const char *at,
                                                         const char *format, ...)
{
    char expected[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    parser->error->line = parser->line;
    snprintf(parser->error->text, sizeof parser->error->text, "expected %s, found %s%.80s%s",
             expected, *at == '\0' ? "the end of the line" : "\"", at, *at == '\0' ? "" : "\"");
    for (char *byte = parser->error->text; *byte != '\0'; byte++)
        if ((unsigned char)*byte < ' ')
            *byte = '?';
    return false;
}

/* --- comments --- */

static void keep_comment(struct parser *parser, const char *line)
{
    size_t length = strlen(line);
    char *longer = order_room((uint32_t)(parser->comment_length + length + 2), 1);
    if (parser->comment != NULL)
        memcpy(longer, parser->comment, parser->comment_length);
    memcpy(longer + parser->comment_length, line, length);
    longer[parser->comment_length + length] = '\n';
    free(parser->comment);
    parser->comment = longer;
    parser->comment_length += length + 1;
}

/* What was kept, without empty lines at its end; NULL: nothing. */
static const char *take_comment(struct parser *parser)
{
    size_t length = parser->comment_length;
    while (length > 1 && parser->comment[length - 2] == '\n')
        length--;
    const char *taken = NULL;
    if (length > 1)
        taken = order_text(parser->order, parser->comment, length);
    free(parser->comment);
    parser->comment = NULL;
    parser->comment_length = 0;
    return taken;
}

/* The comments right below the version are the file's own. */
static void end_header(struct parser *parser)
{
    if (!parser->header_done)
        parser->order->header = take_comment(parser);
    parser->header_done = true;
}

/* --- lines --- */

static bool is_plain_byte(char byte)
{
    return (unsigned char)byte > ' ' && byte != '"' && byte != '\\' && byte != ':';
}

static bool is_plain(const char *name)
{
    const char *at = name;
    while (is_plain_byte(*at))
        at++;
    return at > name && *at == '\0';
}

/* Reads a name; *at is behind it then. The copy in *name is the order's. */
static bool read_quoted(struct parser *parser, const char **at, const char **name)
{
    const char *from = *at + 1;
    char *plain = order_room((uint32_t)strlen(from) + 1, 1);
    size_t length = 0;
    for (; *from != '\0' && *from != '"'; from++) {
        bool escaped = *from == '\\' && (from[1] == '"' || from[1] == '\\' || from[1] == 'n');
        from += escaped;
        plain[length++] = escaped && *from == 'n' ? '\n' : *from;
    }
    bool closed = *from == '"' && length > 0;
    if (closed)
        *name = order_text(parser->order, plain, length);
    free(plain);
    if (!closed)
        return refuse(parser, *at, "a name in double quotes");
    *at = from + 1;
    return true;
}

static bool read_name(struct parser *parser, const char **at, const char **name)
{
    if (**at == '"')
        return read_quoted(parser, at, name);
    size_t length = 0;
    while (is_plain_byte((*at)[length]))
        length++;
    if (length == 0)
        return refuse(parser, *at, "the name of a class");
    *name = order_text(parser->order, *at, length);
    *at += length;
    return true;
}

static bool read_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool read_class(struct parser *parser, const char *at)
{
    bool is_state = read_word(&at, "state ");
    const char *name;
    if (!is_state && !read_word(&at, "lock "))
        return refuse(parser, at,
                      "`lock CLASS`, `state CLASS` or, two spaces in, `under CLASS: ...`");
    const char *begin = at;
    if (!read_name(parser, &at, &name))
        return false;
    if (*at != '\0')
        return refuse(parser, at, "the end of the line");
    parser->class = order_class_add(parser->order, name, is_state);
    struct order_class *class = &parser->order->classes.items[parser->class];
    if (class->line != 0)
        return refuse(parser, begin, "one block for each class");
    class->line = parser->line;
    class->is_state = is_state;
    class->comment = take_comment(parser);
    return true;
}

/* FUNCTION:EXPRESSION */
static bool is_site(const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    return colon != NULL && colon > text && colon + 1 < text + length &&
           memchr(text, ' ', (size_t)(colon - text)) == NULL;
}

static bool read_example(struct parser *parser, const char *at, struct order_link *link)
{
    const char *middle = strstr(at, then);
    const char *taken = middle != NULL ? middle + strlen(then) : NULL;
    if (middle == NULL || !is_site(at, (size_t)(middle - at)) || !is_site(taken, strlen(taken)))
        return refuse(parser, at, "an example: `FUNCTION:EXPRESSION then FUNCTION:EXPRESSION`");
    link->held = order_text(parser->order, at, (size_t)(middle - at));
    link->taken = order_text(parser->order, taken, strlen(taken));
    return true;
}

/* The class that is held may have its block further down: until then it has no line. */
static bool read_link(struct parser *parser, const char *at)
{
    const char *name;
    bool reads = read_word(&at, "read ");
    if (!read_word(&at, "under "))
        return refuse(parser, at, "`under CLASS: ...` or `read under CLASS: ...`");
    if (parser->class == ORDER_NONE)
        return refuse(parser, at, "`lock CLASS` or `state CLASS` before what may be held");
    const char *begin = at;
    if (!read_name(parser, &at, &name))
        return false;
    if (!read_word(&at, ": "))
        return refuse(parser, at, "a colon, a space and an example");
    uint32_t held = order_class_add(parser->order, name, false);
    if (order_link_find(parser->order, held, parser->class) != NULL)
        return refuse(parser, begin, "each class once in a block");
    struct order_link *link = order_link_add(parser->order, held, parser->class);
    link->reads = reads;
    link->line = parser->line;
    link->comment = take_comment(parser);
    return read_example(parser, at, link);
}

/* --- the whole --- */

static bool have_blocks(struct parser *parser)
{
    const struct order *order = parser->order;
    for (uint32_t i = 0; i < order->links.count; i++) {
        const struct order_class *held = &order->classes.items[order->links.items[i].from];
        parser->line = order->links.items[i].line;
        if (held->line == 0)
            return refuse(parser, held->name, "a class that has a block of its own");
    }
    return true;
}

static bool read_line(struct parser *parser, char *line)
{
    size_t length = strlen(line);
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        line[--length] = '\0';
    const char *at = line + strspn(line, " \t");
    if (parser->line == 1)
        return strcmp(line, version) == 0 || refuse(parser, line, "`%s`", version);
    if (*at != '#')
        end_header(parser);
    if (*at == '#' || (*at == '\0' && parser->comment != NULL))
        keep_comment(parser, at);
    if (*at == '#' || *at == '\0')
        return true;
    return at == line ? read_class(parser, at) : read_link(parser, at);
}

static bool parse_lines(struct parser *parser, char *text, size_t size)
{
    char *end = text + size;
    do {
        parser->line++;
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *next = newline != NULL ? newline : end;
        *next = '\0';
        if (strlen(text) != (size_t)(next - text))
            return refuse(parser, text, "text without zero bytes");
        if (!read_line(parser, text))
            return false;
        text = next < end ? next + 1 : end;
    } while (text < end);
    return have_blocks(parser);
}

bool order_file_parse(struct order *order, const char *text, size_t size,
                      struct order_error *error)
{
    struct parser parser = { .order = order, .error = error, .class = ORDER_NONE };
    char *copy = order_room((uint32_t)size + 1, 1);
    memcpy(copy, text, size);
    bool good = parse_lines(&parser, copy, size);
    free(copy);
    end_header(&parser);
    order->footer = take_comment(&parser);
    if (good)
        order_arrange(order);
    return good;
}

bool order_file_read(struct order *order, const char *path, struct order_error *error)
{
    size_t size;
    char *text = file_read(path, ORDER_FILE_SIZE_MAX, &size);
    if (text == NULL) {
        error->line = 1;
        snprintf(error->text, sizeof error->text, "expected a lock order, found: %s",
                 strerror(errno));
        return false;
    }
    bool good = order_file_parse(order, text, size, error);
    free(text);
    return good;
}

/* --- printing --- */

void order_file_print_name(FILE *out, const char *name)
{
    if (is_plain(name)) {
        fputs(name, out);
        return;
    }
    fputc('"', out);
    for (; *name != '\0'; name++)
        if (*name == '\n')
            fputs("\\n", out);
        else if (*name == '"' || *name == '\\')
            fprintf(out, "\\%c", *name);
        else
            fputc(*name, out);
    fputc('"', out);
}

static void print_comment(FILE *out, const char *comment, const char *indent)
{
    while (comment != NULL && *comment != '\0') {
        size_t length = strcspn(comment, "\n");
        fprintf(out, "%s%.*s\n", length > 0 ? indent : "", (int)length, comment);
        comment += length + (comment[length] == '\n');
    }
}

static void print_link(FILE *out, const struct order *order, const struct order_link *link)
{
    print_comment(out, link->comment, "  ");
    fputs(link->reads ? "  read under " : "  under ", out);
    order_file_print_name(out, order->classes.items[link->from].name);
    fprintf(out, ": %s%s%s\n", link->held, then, link->taken);
}

void order_file_print(FILE *out, const struct order *order)
{
    fprintf(out, "%s\n", version);
    print_comment(out, order->header, "");
    uint32_t row = 0;
    for (uint32_t i = 0; i < order->classes.count; i++) {
        const struct order_class *class = &order->classes.items[i];
        fputc('\n', out);
        print_comment(out, class->comment, "");
        fputs(class->is_state ? "state " : "lock ", out);
        order_file_print_name(out, class->name);
        fputc('\n', out);
        for (; row < order->links.count && order->links.items[row].to == i; row++)
            print_link(out, order, &order->links.items[row]);
    }
    if (order->footer != NULL)
        fputc('\n', out);
    print_comment(out, order->footer, "");
}

bool order_file_write(const struct order *order, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return false;
    order_file_print(out, order);
    bool done = fclose(out) == 0 && file_write(path, text, size);
    free(text);
    return done;
}
