/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The tree is built from expat's events, with a stack of open elements. The
 * first error stops it.
 */
#include "xml.h"
#include "file.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define NAMESPACE_END ':'

/* Expat 2.9 has another name for it, and warns of the old one. */
#if XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION < 9
#define current_line XML_GetCurrentLineNumber
#else
#define current_line XML_GetCurrentLineNumber64
#endif

struct parser {
    struct tool *tool;
    const char *path;
    XML_Parser expat;
    struct xml_element *root;
    struct xml_element *open[XML_DEPTH_MAX];
    struct xml_element **tails[XML_DEPTH_MAX]; /* where the next child of open[i] goes */
    size_t depth;
    bool has_failed;
};

static struct place here(const struct parser *parser)
{
    return (struct place){parser->path, (unsigned)current_line(parser->expat)};
}

static void stop(struct parser *parser)
{
    parser->has_failed = true;
    XML_StopParser(parser->expat, XML_FALSE);
}

static const char *copy(struct parser *parser, const char *text)
{
    return arena_text(&parser->tool->arena, text, strlen(text));
}

/* expat puts the namespace's name before an element's own. */
static const char *own_name(const char *name)
{
    const char *end = strrchr(name, NAMESPACE_END);

    return end == NULL ? name : end + 1;
}

static struct xml_attribute *copy_attributes(struct parser *parser, const char **pairs)
{
    struct xml_attribute *first = NULL, **tail = &first;

    for (; pairs[0] != NULL; pairs += 2) {
        struct xml_attribute *attribute = arena_alloc(&parser->tool->arena, sizeof(*attribute));
        attribute->name = copy(parser, pairs[0]);
        attribute->value = copy(parser, pairs[1]);
        *tail = attribute;
        tail = &attribute->next;
    }
    return first;
}

static void on_start(void *data, const char *name, const char **pairs)
{
    struct parser *parser = data;

    if (parser->has_failed) {
        return;
    }
    if (parser->depth == XML_DEPTH_MAX) {
        diag_error(&parser->tool->diag, here(parser), "element \"%s\" is nested deeper than %d elements",
                   own_name(name), XML_DEPTH_MAX);
        stop(parser);
        return;
    }
    struct xml_element *element = arena_alloc(&parser->tool->arena, sizeof(*element));
    element->name = copy(parser, own_name(name));
    element->place = here(parser);
    element->attributes = copy_attributes(parser, pairs);
    if (parser->depth == 0) {
        parser->root = element;
    } else {
        *parser->tails[parser->depth - 1] = element;
        parser->tails[parser->depth - 1] = &element->next;
    }
    parser->open[parser->depth] = element;
    parser->tails[parser->depth] = &element->children;
    parser->depth++;
}

static void on_end(void *data, const char *name)
{
    struct parser *parser = data;

    (void)name;
    if (!parser->has_failed) {
        parser->depth--;
    }
}

static void on_text(void *data, const char *text, int length)
{
    struct parser *parser = data;
    size_t begin = 0;

    while (begin < (size_t)length && strchr(" \t\r\n", text[begin]) != NULL) {
        begin++;
    }
    if (begin == (size_t)length || parser->has_failed) {
        return;
    }
    struct xml_element *element = parser->open[parser->depth - 1];
    if (element->has_text) {
        return;
    }
    element->has_text = true;
    size_t shown = (size_t)length - begin;
    if (shown > 20) {
        shown = 20;
    }
    if (element != parser->root) {
        diag_warn(&parser->tool->diag, here(parser), "text \"%.*s\" in element \"%s\" is ignored", (int)shown,
                  text + begin, element->name);
        return;
    }
    diag_error(&parser->tool->diag, here(parser),
               "text \"%.*s\" in element \"%s\": only elements and comments belong there", (int)shown, text + begin,
               element->name);
    stop(parser);
}

static void on_doctype(void *data, const char *name, const char *system, const char *public, int has_internal)
{
    struct parser *parser = data;

    (void)system;
    (void)public;
    (void)has_internal;
    diag_error(&parser->tool->diag, here(parser), "document type \"%s\": a system description has none", name);
    stop(parser);
}

static enum result parse_bytes(struct parser *parser, const struct file *file)
{
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, on_start, on_end);
    XML_SetCharacterDataHandler(parser->expat, on_text);
    XML_SetStartDoctypeDeclHandler(parser->expat, on_doctype);
    if (file->size_bytes > INT_MAX) {
        diag_error(&parser->tool->diag, (struct place){parser->path, 0}, "is larger than a system description can be");
        return RESULT_FAILED;
    }
    enum XML_Status status = XML_Parse(parser->expat, (const char *)file->bytes, (int)file->size_bytes, XML_TRUE);
    if (parser->has_failed) {
        return RESULT_FAILED;
    }
    if (status != XML_STATUS_OK) {
        diag_error(&parser->tool->diag, here(parser), "not well-formed XML: %s",
                   XML_ErrorString(XML_GetErrorCode(parser->expat)));
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

enum result xml_parse(struct tool *tool, const char *path, struct xml_element **root)
{
    struct file file;
    struct parser parser = {.tool = tool, .path = path};

    if (file_read(tool, (struct place){path, 0}, path, &file) != RESULT_OK) {
        return RESULT_FAILED;
    }
    parser.expat = XML_ParserCreateNS(NULL, NAMESPACE_END);
    if (parser.expat == NULL) {
        diag_error(&tool->diag, (struct place){path, 0}, "out of memory");
        return RESULT_FAILED;
    }
    enum result result = parse_bytes(&parser, &file);
    XML_ParserFree(parser.expat);
    *root = parser.root;
    return result;
}

const char *xml_attribute(const struct xml_element *element, const char *name)
{
    for (const struct xml_attribute *attribute = element->attributes; attribute != NULL; attribute = attribute->next) {
        if (strcmp(attribute->name, name) == 0) {
            return attribute->value;
        }
    }
    return NULL;
}
