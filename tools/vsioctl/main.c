/* SPDX-License-Identifier: MIT */
/*
 * vsioctl - devices of domains: attached, described, listed, saved, and the
 * consoles of UARTs. docs/toolstack.md, docs/vsioctl.8.md;
 * commands in guests: docs/channel.md.
 */
#include <signal.h>
#include <string.h>

#include "vsioctl.h"

static const struct command {
    const char *name, *synopsis;
    int min, max; /* words behind the name, options apart; max < 0: any */
    enum status (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "attach", "DOM DEVICE [KEY=VALUE...]", 2, -1, cmd_attach,
      "Give a domain that has not run yet a device: pl011, pl031, i8042,\n"
      "ns16550 or flash. Address and interrupt are chosen unless given.\n\n"
      "  addr=N irq=N           all but flash, which has no irq\n"
      "  limit=N                UARTs: bytes kept for a console nobody reads\n"
      "  log=FILE|none          UARTs: instead of guest-NAME-vsioSLOT.log\n"
      "  stride=1|2|4           ns16550: bytes between registers (4)\n"
      "  offset=SECONDS         pl031: the guest's time minus UTC\n"
      "  size=N block=N file=F  flash: bytes, of an erase block, contents\n"
      "  host=xen|daemon        who serves it: this domain's vsiod is "
      "started\n" },
    { "detach", "DOM SLOT", 2, 2, cmd_detach,
      "Take a device from a domain that has not run yet.\n" },
    { "dt", "DEVICE [KEY=VALUE...]... > FILE", 1, -1, cmd_dt,
      "Write the partial device tree for device_tree= in xl.cfg. Attach the\n"
      "same devices in the same order, and they are where it says.\n" },
    { "list", "[--json] [DOM]", 0, 1, cmd_list,
      "The devices of a domain, or of all.\n" },
    { "stat", "[--json | --watch] DOM", 1, 1, cmd_stat,
      "What the devices of a domain have seen. --watch: live, every "
      "second.\n" },
    { "console", "DOM [SLOT]", 1, 2, cmd_console,
      "Connect the terminal to a UART, the first one unless a slot is given.\n"
      "Ctrl-] ends it.\n" },
    { "send", "DOM SLOT FILE", 3, 3, cmd_send,
      "Type a file into a UART; - is standard input.\n" },
    { "serve", "[OPTION...]", 0, 0, cmd_serve,
      "Serve the consoles of UARTs, the files of flashes and the offsets of\n"
      "clocks, of all domains.\n\n"
      "  --foreground           stay there; say on stderr what happens\n"
      "  --log=none|guest       no log files, or one for each UART (guest)\n"
      "  --log-dir=DIR          where (/var/log/xen/console)\n"
      "  --pid-file=FILE        (/run/vsioctl-serve.pid)\n"
      "  --overflow-data=discard|keep   what to do when nobody reads a\n"
      "                         console: lose old bytes, or hold the guest\n" },
    { "save", "DOM FILE", 2, 2, cmd_save,
      "Write the state of all devices of a paused domain to a file.\n" },
    { "restore", "DOM FILE", 2, 2, cmd_restore,
      "Make the devices of a paused domain what the file says, or change\n"
      "nothing.\n" },
    { "key", "DOM [--text] KEY...", 2, -1, cmd_key,
      "Press keys of the i8042's keyboard: names as enter, f1 or "
      "ctrl-alt-del,\n"
      "anything else is typed. --text: all of it is typed.\n" },
    { "mouse", "DOM [x=N] [y=N] [wheel=N] [buttons=B,B...] [click=B]", 2, -1,
      cmd_mouse,
      "Move the i8042's mouse to the right and up; buttons are left, right,\n"
      "middle, side, extra or none. click: pressed, and released.\n" },
    { "exec", "DOM [-t SECONDS] [--slot=N] -- COMMAND [ARGUMENT...]", 0, -1,
      cmd_exec,
      "Run a command in a guest with vsio-agent on its second UART. Its "
      "input,\n"
      "output, errors and exit status are this one's; 124: it took more than\n"
      "SECONDS, 125: vsioctl failed, 126, 127: it could not be started.\n" },
    { "cp", "[-t SECONDS] [--slot=N] FROM TO", 2, -1, cmd_cp,
      "Copy a file to a guest or back; one of both is DOM:/PATH.\n" },
    { "ls", "[-t SECONDS] [--slot=N] DOM:/PATH", 1, -1, cmd_ls,
      "List a directory of a guest.\n" },
    { "ping", "DOM [-t SECONDS] [--slot=N]", 1, -1, cmd_ping,
      "Ask the agent of a guest for an answer.\n" },
    { "boot-time", "[--json] DOM [-t SECONDS] [--slot=N]", 1, -1, cmd_boot_time,
      "Wait until the agent of a guest is there; say when that was.\n" },
    { "forward", "DOM PORT HOST:PORT | DOM PORT --allow=FILE", 2, -1,
      cmd_forward,
      "Connections to 127.0.0.1:PORT in the guest go to HOST:PORT from here,\n"
      "or, as those of an HTTP proxy, to the places in a file.\n" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static enum status help(void)
{
    puts("Usage: vsioctl COMMAND [ARGUMENT...]\n");
    for ( size_t i = 0; i < COMMANDS; i++ )
        printf("  %-9s %s\n", commands[i].name, commands[i].synopsis);
    puts("\nDOM is a domain's number or name. vsioctl COMMAND --help says more."
         "\nExit status: 0 done, 1 failed, 2 usage, 3 no such domain or device,"
         "\n4 not in this state, 5 no Xen, no xenstored, or no permission;"
         "\nexec: the command's.");

    return OK;
}

static enum status run(const struct command *c, int argc, char **argv)
{
    int words = argc;

    if ( take_flag(&argc, argv, "--help") )
    {
        printf("Usage: vsioctl %s %s\n\n%s", c->name, c->synopsis, c->help);
        return OK;
    }
    for ( int i = 0; i < argc && strcmp(argv[i], "--"); i++ )
        words -= !strncmp(argv[i], "--", 2);
    if ( words < c->min || (c->max >= 0 && words > c->max) )
        return error(USAGE, "usage: vsioctl %s %s", c->name, c->synopsis);

    return c->run(argc, argv);
}

int main(int argc, char **argv)
{
    enum status status = USAGE;
    const struct command *c = commands;

    signal(SIGPIPE, SIG_IGN);
    if ( argc == 2 && !strcmp(argv[1], "--help") )
        return help();
    if ( argc < 2 )
        return error(USAGE, "no command; see vsioctl --help");
    while ( c < commands + COMMANDS && strcmp(c->name, argv[1]) )
        c++;
    if ( c == commands + COMMANDS )
        return error(USAGE, "no command '%s'; see vsioctl --help", argv[1]);

    status = run(c, argc - 2, argv + 2);
    if ( fflush(stdout) && !status )
        status = error(FAILED, "standard output: %m");

    return status;
}
