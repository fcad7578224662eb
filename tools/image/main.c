/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * image: builds a bootable image out of a system description. Takes the
 * options of Microkit's tool, and --kernel.
 *
 * Exit status: 0, 1 for an error in what it was given, 2 for a wrong command
 * line.
 */
#include "tool.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char usage_line[] =
    "usage: image FILE.system --board BOARD --config CONFIG --kernel KERNEL.elf\n"
    "             [--search-path DIR]... [--smc PD=FIRST[-LAST]]... [-o IMAGE] [-r REPORT]\n";

static const char help_text[] =
    "Builds a bootable ELF image out of a system description and the programs it names.\n"
    "\n"
    "  FILE.system             the system description\n"
    "  --board BOARD           the board, which must be the kernel's\n"
    "  --config CONFIG         debug, release or benchmark, or one of these behind smp-\n"
    "  --kernel KERNEL.elf     the kernel\n"
    "  --search-path DIR       where to look for programs and prefill files, after the\n"
    "                          current folder; may be given again\n"
    "  --smc PD=FIRST[-LAST]   function identifiers of the firmware that protection domain\n"
    "                          PD, which has smc=\"true\", may call: of the Arm\n"
    "                          architecture, silicon provider or OEM services; may be\n"
    "                          given again\n"
    "  -o, --output IMAGE      the image (loader.img)\n"
    "  -r, --report REPORT     a report of what lies where (report.txt)\n"
    "  -h, --help              this text\n";

static const char *const configs[] = {"debug", "release", "benchmark", "smp-debug", "smp-release", "smp-benchmark"};

enum option_code {
    OPTION_BOARD = 256,
    OPTION_CONFIG,
    OPTION_KERNEL,
    OPTION_SEARCH_PATH,
    OPTION_SMC,
};

static const struct option long_options[] = {
    {"board", required_argument, NULL, OPTION_BOARD},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"kernel", required_argument, NULL, OPTION_KERNEL},
    {"search-path", required_argument, NULL, OPTION_SEARCH_PATH},
    {"smc", required_argument, NULL, OPTION_SMC},
    {"output", required_argument, NULL, 'o'},
    {"report", required_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void usage_error(const char *problem, const char *value)
{
    if (problem != NULL) {
        fprintf(stderr, "image: %s%s\n", problem, value);
    }
    fputs(usage_line, stderr);
    exit(EXIT_USAGE);
}

static void set_option(struct options *options, int code, const char *value)
{
    switch (code) {
    case OPTION_BOARD:
        options->board = value;
        break;
    case OPTION_CONFIG:
        options->config = value;
        break;
    case OPTION_KERNEL:
        options->kernel_path = value;
        break;
    case OPTION_SEARCH_PATH:
        options->search_paths[options->search_path_count++] = value;
        break;
    case OPTION_SMC:
        options->smcs[options->smc_count++] = value;
        break;
    case 'o':
        options->output_path = value;
        break;
    case 'r':
        options->report_path = value;
        break;
    case 'h':
        printf("%s\n%s", usage_line, help_text);
        exit(EXIT_SUCCESS);
    default:
        usage_error(NULL, NULL); /* getopt has said what is wrong */
    }
}

static bool is_config(const char *name)
{
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        if (strcmp(configs[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_options(const struct options *options)
{
    if (options->board == NULL) {
        usage_error("option missing: ", "--board");
    }
    if (options->config == NULL) {
        usage_error("option missing: ", "--config");
    }
    if (options->kernel_path == NULL) {
        usage_error("option missing: ", "--kernel");
    }
    if (!is_config(options->config)) {
        usage_error("unknown --config: ", options->config);
    }
}

int main(int argument_count, char **arguments)
{
    struct options options = {.output_path = "loader.img", .report_path = "report.txt"};
    struct tool tool = {.diag = {.out = stderr}, .options = &options};
    int code;

    options.search_paths = arena_alloc(&tool.arena, (size_t)argument_count * sizeof(*options.search_paths));
    options.smcs = arena_alloc(&tool.arena, (size_t)argument_count * sizeof(*options.smcs));
    /* The system description may stand before options, whatever the user's environment says. */
    unsetenv("POSIXLY_CORRECT");
    while ((code = getopt_long(argument_count, arguments, "o:r:h", long_options, NULL)) != -1) {
        set_option(&options, code, optarg);
    }
    if (optind + 1 != argument_count) {
        usage_error(optind == argument_count ? "no system description" : "more than one system description: ",
                    optind == argument_count ? "" : arguments[optind + 1]);
    }
    options.system_path = arguments[optind];
    check_options(&options);
    return tool_run(&tool) == RESULT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
