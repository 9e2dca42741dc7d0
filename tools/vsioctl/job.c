/* SPDX-License-Identifier: MIT */
/*
 * job.c - one job of the guest's agent, seen from the command that wants it:
 * streams to and from file descriptors, signals, a deadline.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

#define RETRY_MS      50   /* while somebody else starts or ends */
#define BUSY_MS       3000 /* then it is somebody else's line */
#define SIGTERM_GRACE 2000 /* ms until a command is killed */

/* --- Options ------------------------------------------------------------ */

/* The word behind an option; true if the option is there. */
static bool take_word(int *argc, char **argv, const char *option, char **word)
{
    for ( int i = 0; i < *argc && strcmp(argv[i], "--"); i++ )
    {
        if ( strcmp(argv[i], option) )
            continue;
        *word = i + 1 < *argc ? argv[i + 1] : NULL;
        *argc -= *word ? 2 : 1;
        memmove(&argv[i], &argv[i + (*word ? 2 : 1)],
                (size_t)(*argc - i) * sizeof(*argv));
        return true;
    }

    return false;
}

enum status take_options(int *argc, char **argv, struct options *o)
{
    char *word = NULL, *end = NULL;
    double seconds = -1;

    *o = (struct options){ .wait_ms = -1 };
    o->slot = take_value(argc, argv, "--slot");
    if ( !take_word(argc, argv, "-t", &word) )
        return OK;
    if ( word )
        seconds = strtod(word, &end);
    if ( !word || end == word || *end || !(seconds >= 0 && seconds < 1e9) )
        return error(USAGE, "-t %s: it is a number of seconds",
                     word ? word : "");
    o->wait_ms = (int64_t)(seconds * 1000);

    return OK;
}

/* --- The channel -------------------------------------------------------- */

static int connect_to(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
    if ( fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) )
    {
        close(fd);
        fd = -1;
    }

    return fd;
}

/* To the process that holds the line, which we start if there is none. */
static enum status reach(struct channel *ch,
                         const char *name,
                         const char *who,
                         const char *slot)
{
    int64_t end = clock_now_ms() + BUSY_MS;

    while ( (ch->fd = connect_to(name)) < 0 )
    {
        enum status status = broker_start(who, slot);

        if ( status == OK )
            continue;
        if ( status != REFUSED )
            return status; /* it has said why */
        if ( clock_now_ms() > end )
            return error(REFUSED, "%s: somebody else has this line open",
                         ch->name);
        (void)poll(NULL, 0, RETRY_MS);
    }

    return OK;
}

static int left(int64_t end)
{
    int64_t ms = end - clock_now_ms();

    return ms < 0 ? 0 : ms > 1000000 ? 1000000 : (int)ms;
}

/* What somebody else says, as one line of ours. */
static void copy_words(char *to, const uint8_t *from, size_t size)
{
    size_t i;

    for ( i = 0; i < size && i < VSIO_FRAME_PAYLOAD; i++ )
        to[i] = isprint(from[i]) ? (char)from[i] : '?';
    to[i] = '\0';
}

/*
 * A packet. That the other side has left with some of ours unread is an error
 * before what it has said until then.
 */
static ssize_t receive_packet(int fd, uint8_t *packet, size_t size)
{
    ssize_t n = recv(fd, packet, size, MSG_DONTWAIT);

    if ( n < 0 && errno == ECONNRESET )
        n = recv(fd, packet, size, MSG_DONTWAIT);

    return n;
}

/* True: the agent is there. False, and words: why not; no words: try again. */
static bool wait_up(struct channel *ch,
                    int64_t end,
                    char words[VSIO_FRAME_PAYLOAD + 1])
{
    uint8_t packet[VSIO_FRAME_PAYLOAD + 8];
    struct pollfd fd = { .fd = ch->fd, .events = POLLIN };
    ssize_t n;

    words[0] = '\0';
    if ( poll(&fd, 1, left(end)) <= 0 )
    {
        snprintf(words, VSIO_FRAME_PAYLOAD + 1, "no agent answers");
        return false;
    }
    n = receive_packet(ch->fd, packet, sizeof(packet));
    if ( n == (ssize_t)(VSIO_MESSAGE_HEAD + sizeof(ch->ready)) &&
         packet[2] == LOCAL_UP )
    {
        memcpy(&ch->ready, packet + VSIO_MESSAGE_HEAD, sizeof(ch->ready));
        return true;
    }
    if ( n > (ssize_t)VSIO_MESSAGE_HEAD && packet[2] == LOCAL_LOST )
        copy_words(words, packet + VSIO_MESSAGE_HEAD,
                   (size_t)n - VSIO_MESSAGE_HEAD);

    return false;
}

static void channel_close_fd(struct channel *ch)
{
    if ( ch->fd >= 0 )
        close(ch->fd);
    ch->fd = -1;
}

enum status channel_open(struct channel *ch,
                         const char *who,
                         const struct options *o)
{
    int64_t end =
        clock_now_ms() + (o->wait_ms >= 0 ? o->wait_ms : AGENT_WAIT_MS);
    char words[VSIO_FRAME_PAYLOAD + 1] = "";
    struct line line;
    char *name;
    enum status status = channel_line(&line, who, o->slot, &name);
    bool up = false;

    *ch = (struct channel){ .fd = -1 };
    ch->name = line.path ? text("domain %u (%s), slot %u", line.d.id,
                                line.d.name, line.slot)
                         : text("%s", who);
    line_close(&line);
    while ( !status && !up && !words[0] )
    {
        channel_close_fd(ch);
        status = reach(ch, name, who, o->slot);
        up = !status && wait_up(ch, end, words);
    }
    free(name);
    if ( !status && !up )
        status = error(FAILED, "%s: %s", ch->name, words);
    if ( status )
        channel_close(ch);

    return status;
}

void channel_close(struct channel *ch)
{
    channel_close_fd(ch);
    free(ch->name);
    ch->name = NULL;
}

/* A connection has room for more than there is credit. */
bool channel_send(struct channel *ch, const uint8_t *message, size_t size)
{
    return send(ch->fd, message, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool send_stream(struct channel *ch,
                        enum vsio_message what,
                        unsigned int stream,
                        const void *data,
                        size_t size)
{
    uint8_t message[VSIO_FRAME_PAYLOAD];
    size_t n = vsio_message(message, 0, what);

    message[n++] = (uint8_t)stream;
    memcpy(message + n, data, size);

    return channel_send(ch, message, n + size);
}

bool channel_send_data(struct channel *ch, const void *data, size_t size)
{
    return send_stream(ch, VSIO_MESSAGE_DATA_OF, 0, data, size);
}

bool channel_send_eof(struct channel *ch)
{
    return send_stream(ch, VSIO_MESSAGE_EOF, 0, "", 0);
}

/* --- A job begins ------------------------------------------------------- */

void job_init(struct job *j, struct channel *ch)
{
    memset(j, 0, sizeof(*j));
    j->ch = ch;
    j->deadline = -1;
    j->in = j->out[0] = j->out[1] = -1;
    vsio_outflow_init(&j->to);
    vsio_inflow_init(&j->from[0]);
    vsio_inflow_init(&j->from[1]);
}

static bool send_one(struct channel *ch,
                     enum vsio_message what,
                     const void *data,
                     size_t size)
{
    uint8_t message[VSIO_FRAME_PAYLOAD];
    size_t n = vsio_message(message, 0, what);

    memcpy(message + n, data, size);

    return channel_send(ch, message, n + size);
}

static bool send_args(struct channel *ch, const char *const *args, size_t count)
{
    bool ok = true;

    for ( size_t i = 0; i < count; i++ )
    {
        const char *at = args[i];
        size_t size = strlen(at) + 1;

        while ( ok && size )
        {
            size_t n = size < VSIO_MESSAGE_DATA ? size : VSIO_MESSAGE_DATA;

            ok = send_one(ch, VSIO_MESSAGE_ARG, at, n);
            at += n;
            size -= n;
        }
    }

    return ok;
}

enum status job_start(struct job *j,
                      enum vsio_operation op,
                      const char *const *args,
                      size_t count,
                      bool info)
{
    uint8_t file[12], operation = (uint8_t)op;
    size_t size = 0;

    for ( size_t i = 0; i < count; i++ )
        size += strlen(args[i]) + 1;
    if ( size > VSIO_JOB_ARGS )
        return error(USAGE, "more than %u bytes of arguments", VSIO_JOB_ARGS);
    vsio_put32(file, (uint32_t)j->size);
    vsio_put32(file + 4, (uint32_t)(j->size >> 32));
    vsio_put32(file + 8, j->mode);
    if ( !send_one(j->ch, VSIO_MESSAGE_OPEN, &operation, 1) ||
         !send_args(j->ch, args, count) ||
         (info && !send_one(j->ch, VSIO_MESSAGE_INFO, file, sizeof(file))) ||
         !send_one(j->ch, VSIO_MESSAGE_RUN, "", 0) )
        return error(FAILED, "%s: the channel has ended", j->ch->name);

    return OK;
}

void job_cancel(struct job *j)
{
    (void)send_one(j->ch, VSIO_MESSAGE_CANCEL, "", 0);
}

/* --- What the agent says ------------------------------------------------ */

static bool end_message(struct job *j, const uint8_t *data, size_t size)
{
    if ( size < 5 )
        return false;
    j->how = data[0];
    j->value = vsio_get32(data + 1);
    copy_words(j->words, data + 5, size - 5);
    j->has_end = true;

    return true;
}

static bool stream_message(struct job *j,
                           uint8_t what,
                           unsigned int stream,
                           const uint8_t *data,
                           size_t size)
{
    if ( what == VSIO_MESSAGE_CREDIT )
        return stream == 0 && size == 4 &&
               vsio_outflow_credit(&j->to, vsio_get32(data));
    if ( stream != 1 && stream != 2 )
        return false;
    if ( what == VSIO_MESSAGE_DATA_OF )
        return vsio_inflow_put(&j->from[stream - 1], data, size);
    j->from[stream - 1].ended = true;

    return true;
}

/* False: the agent makes no sense. */
static bool message(struct job *j,
                    uint8_t what,
                    const uint8_t *data,
                    size_t size)
{
    switch ( what )
    {
    case VSIO_MESSAGE_INFO:
        if ( size != 12 )
            return false;
        j->size = vsio_get32(data) | (uint64_t)vsio_get32(data + 4) << 32;
        j->mode = vsio_get32(data + 8);
        return true;

    case VSIO_MESSAGE_SUM:
        j->has_sum = size == 4;
        j->sum = j->has_sum ? vsio_get32(data) : 0;
        return j->has_sum;

    case VSIO_MESSAGE_ACCEPT:
        return true;

    case VSIO_MESSAGE_END:
        return end_message(j, data, size);

    case VSIO_MESSAGE_DATA_OF:
    case VSIO_MESSAGE_EOF:
    case VSIO_MESSAGE_CREDIT:
        return size && stream_message(j, what, data[0], data + 1, size - 1);

    default:
        return false;
    }
}

/* One packet. JOB_ENDED: go on. */
static enum outcome receive(struct job *j)
{
    uint8_t packet[VSIO_MESSAGE_HEAD + VSIO_FRAME_PAYLOAD + 1];
    ssize_t n = receive_packet(j->ch->fd, packet, sizeof(packet));

    if ( n < 0 && (errno == EAGAIN || errno == EINTR) )
        return JOB_ENDED;
    if ( n < (ssize_t)VSIO_MESSAGE_HEAD )
    {
        strcpy(j->words, "the channel has ended");
        return JOB_LOST;
    }
    n -= (ssize_t)VSIO_MESSAGE_HEAD;
    if ( packet[2] == LOCAL_LOST )
    {
        copy_words(j->words, packet + VSIO_MESSAGE_HEAD, (size_t)n);
        return JOB_LOST;
    }
    if ( packet[2] != LOCAL_UP &&
         !message(j, packet[2], packet + VSIO_MESSAGE_HEAD, (size_t)n) )
    {
        strcpy(j->words, "the agent makes no sense");
        return JOB_LOST;
    }

    if ( packet[2] == VSIO_MESSAGE_INFO && j->pauses_at_info )
        return JOB_PAUSED;

    return packet[2] == VSIO_MESSAGE_ACCEPT ? JOB_ACCEPTED : JOB_ENDED;
}

/* --- Streams ------------------------------------------------------------ */

static void show(struct job *j, bool last)
{
    if ( j->file )
        progress(j->file, j->done, j->size ? (int64_t)j->size : -1, last);
}

/* Bytes of stream 0, or its end. */
static enum outcome from_in(struct job *j)
{
    uint8_t data[VSIO_MESSAGE_DATA], sum[4];
    size_t room = j->to.credit < sizeof(data) ? j->to.credit : sizeof(data);
    ssize_t n = read(j->in, data, room);

    if ( n < 0 && (errno == EAGAIN || errno == EINTR) )
        return JOB_ENDED;
    if ( n < 0 && !j->is_socket && errno != EIO && errno != EBADF )
        return JOB_NO_INPUT;
    if ( n > 0 )
    {
        j->to.credit -= (uint32_t)n;
        j->crc = vsio_crc32(j->crc, data, (size_t)n);
        j->done += (uint64_t)n;
        show(j, false);
        (void)channel_send_data(j->ch, data, (size_t)n);
        return JOB_ENDED;
    }
    j->in = -1;
    vsio_put32(sum, j->crc);
    if ( j->file )
        (void)send_one(j->ch, VSIO_MESSAGE_SUM, sum, sizeof(sum));
    (void)channel_send_eof(j->ch);

    return JOB_ENDED;
}

static void grant(struct job *j, unsigned int i)
{
    uint32_t more = vsio_inflow_grant(&j->from[i]);
    uint8_t bytes[4];

    vsio_put32(bytes, more);
    if ( more )
        (void)send_stream(j->ch, VSIO_MESSAGE_CREDIT, i + 1, bytes,
                          sizeof(bytes));
}

/* A piece of stream 1 or 2. */
static enum outcome to_out(struct job *j, unsigned int i)
{
    const uint8_t *data;
    size_t size = vsio_inflow_peek(&j->from[i], &data);
    enum take taken = TAKE_MORE;
    ssize_t n = (ssize_t)size;

    if ( !size )
        return JOB_ENDED;
    if ( !i && j->take )
    {
        taken = j->take(j, data, size);
        if ( taken == TAKE_FAILED )
            return JOB_NO_OUTPUT;
    }
    else if ( j->out[i] >= 0 )
        n = write(j->out[i], data, size);
    if ( n < 0 )
        return errno == EAGAIN || errno == EINTR ? JOB_ENDED : JOB_NO_OUTPUT;
    if ( !i && j->out[1] < 0 && j->file )
    {
        j->crc = vsio_crc32(j->crc, data, (size_t)n);
        j->done += (uint64_t)n;
        show(j, false);
    }
    vsio_inflow_drop(&j->from[i], (size_t)n);
    grant(j, i);

    return taken == TAKE_ENOUGH ? JOB_PAUSED : JOB_ENDED;
}

/* The other end of a connection shall know that this one has said all. */
static void close_out(struct job *j)
{
    if ( !j->is_socket || !j->from[0].ended || j->from[0].count ||
         j->out[0] < 0 )
        return;
    shutdown(j->out[0], SHUT_WR);
    j->out[0] = -1;
}

/* --- Signals ------------------------------------------------------------ */

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
    signalled = sig;
}

/* They come during ppoll() alone. */
static void catch_signals(sigset_t *before)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };
    sigset_t set;

    sigemptyset(&set);
    for ( size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++ )
    {
        sigaction(signals[i], &action, NULL);
        sigaddset(&set, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &set, before);
    sigemptyset(before);
}

/* The first one is the command's; one more ends the job. */
static bool pass_signal(struct job *j)
{
    uint8_t number = (uint8_t)signalled;

    j->value = number;
    signalled = 0;
    if ( !j->passes_signals || j->told )
        return false;
    j->told = true;

    return send_one(j->ch, VSIO_MESSAGE_SIGNAL, &number, 1);
}

/* Its time is over: it may end itself, for a while. */
static bool pass_deadline(struct job *j, bool *late)
{
    uint8_t number = SIGTERM;

    if ( *late || !j->passes_signals )
        return false;
    *late = true;
    j->deadline = clock_now_ms() + SIGTERM_GRACE;

    return send_one(j->ch, VSIO_MESSAGE_SIGNAL, &number, 1);
}

/* --- The loop ----------------------------------------------------------- */

static bool is_over(const struct job *j)
{
    return j->has_end && !j->from[0].count && !j->from[1].count;
}

static int wait_job(struct job *j, struct pollfd *fds, const sigset_t *mask)
{
    struct timespec t = { 0 };
    int ms = j->deadline < 0 ? 0 : left(j->deadline);

    fds[0] =
        (struct pollfd){ .fd = j->has_end ? -1 : j->ch->fd, .events = POLLIN };
    fds[1] = (struct pollfd){
        .fd = j->to.credit && !j->has_end ? j->in : -1,
        .events = POLLIN,
    };
    for ( int i = 0; i < 2; i++ )
        fds[2 + i] = (struct pollfd){
            .fd = j->from[i].count ? j->out[i] : -1,
            .events = POLLOUT,
        };
    t.tv_sec = ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000L;

    return ppoll(fds, 4, j->deadline < 0 ? NULL : &t, mask);
}

/* What poll has found. */
static enum outcome turn(struct job *j, const struct pollfd *fds)
{
    enum outcome outcome = JOB_ENDED;

    if ( fds[0].revents )
        outcome = receive(j);
    if ( !outcome && fds[1].revents )
        outcome = from_in(j);
    for ( unsigned int i = 0; i < 2 && !outcome; i++ )
    {
        if ( fds[2 + i].revents || j->out[i] < 0 || (!i && j->take) )
            outcome = to_out(j, i);
    }
    close_out(j);
    if ( !outcome && j->pauses && j->from[0].ended && !j->from[0].count )
        outcome = JOB_PAUSED;

    return outcome;
}

enum outcome job_run(struct job *j)
{
    enum outcome outcome = JOB_ENDED;
    struct pollfd fds[4];
    bool late = false;
    sigset_t mask;

    catch_signals(&mask);
    while ( outcome == JOB_ENDED && !is_over(j) )
    {
        int n = wait_job(j, fds, &mask);

        if ( signalled && !pass_signal(j) )
            outcome = JOB_INTERRUPTED;
        else if ( j->deadline >= 0 && !left(j->deadline) &&
                  !pass_deadline(j, &late) )
            outcome = JOB_TIMED_OUT;
        else if ( n > 0 )
            outcome = turn(j, fds);
    }
    if ( outcome > JOB_LOST )
        job_cancel(j);
    if ( j->done || (outcome == JOB_ENDED && j->how == VSIO_END_EXIT) )
        show(j, true);

    return late && outcome == JOB_ENDED ? JOB_TIMED_OUT : outcome;
}

enum status job_error(const struct job *j, enum outcome outcome)
{
    const char *name = j->ch->name;

    switch ( outcome )
    {
    case JOB_LOST:
        return error(FAILED, "%s: %s", name, j->words);
    case JOB_TIMED_OUT:
        return error(FAILED, "%s: it took too long", name);
    case JOB_INTERRUPTED:
        return error(FAILED, "%s: interrupted", name);
    case JOB_NO_OUTPUT:
        return error(FAILED, "%s: output: %m", name);
    case JOB_NO_INPUT:
        return error(FAILED, "%s: input: %m", name);
    default:
        break;
    }
    if ( j->how == VSIO_END_FAILED )
        return error(FAILED, "%s: %s", name, j->words);
    if ( j->how == VSIO_END_SIGNAL )
        return error(FAILED, "%s: ended by signal %u", name, j->value);

    return OK;
}
