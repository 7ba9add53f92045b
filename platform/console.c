/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/console.h"

#include <stdatomic.h>

#include "gen/rows.h"
#include "platform/keyboard.h"
#include "platform/log_ring.h"
#include "platform/relax.h"
#include "platform/stage.h"
#include "platform/uart.h"
#include "platform/voice.h"
#include <tables.h>

#define VOICE_COUNT COUNT_AT_LEAST_ONE(CONSOLE_VOICE_COUNT + 0u)
#define LOG_VOICE 0u
#define NOBODY STAGE_NOBODY

/* Characters that one exit sends, and stages, at most, beyond what the log says in it: the smallest
 * FIFO of the UARTs that we drive (PL011 before r1p5). The rest is the UART's interrupt's. */
#define DRAIN_SHARE 16u
#define SEIZE_SPINS (1u << 20)

/* DIRECT: one CPU, no rings; SHARED: by the rules of console.h; SILENT: the UART is a guest's;
 * SEIZED: a panic's alone. */
enum console_mode { CONSOLE_DIRECT, CONSOLE_SHARED, CONSOLE_SILENT, CONSOLE_SEIZED };

static struct voice guest_voices[COUNT_AT_LEAST_ONE(VOICE_COUNT - 1u)]; /* voice_of() */
static _Atomic uint32_t mode;                                           /* enum console_mode */
static _Atomic bool seized;

/* One drainer at a time holds `busy`; the others don't wait for it: it looks again when done. */
static struct {
    _Atomic bool busy;
    _Atomic bool interrupt; /* the transmit interrupt is on, and will continue */
    _Atomic bool paced;     /* it is off, though the UART takes more: continues after a pause */
    _Atomic bool flushing;  /* unfinished lines go out too */
    uint32_t last;          /* voice that finished a line last: the next one has its turn */
} drainer;

/* Of a guest: the log has log_ring.h instead. */
static struct voice *voice_of(uint32_t voice)
{
    return &guest_voices[voice - 1];
}

static enum console_mode mode_get(void)
{
    return (enum console_mode)atomic_load_explicit(&mode, memory_order_relaxed);
}

/* --- Drainer: from rings to the stage, with prefixes --- */

static bool flushing(void)
{
    return atomic_load_explicit(&drainer.flushing, memory_order_relaxed);
}

/* Any CPU. */
static bool ready(uint32_t voice)
{
    return voice == LOG_VOICE ? log_ring_ready() : voice_ready(voice_of(voice), flushing());
}

static int take(uint32_t voice)
{
    return voice == LOG_VOICE ? log_ring_get() : voice_take(voice_of(voice), flushing());
}

/* The voice whose line is unfinished goes on while it can, then the others in turn. */
static int32_t next_voice(void)
{
    int32_t open = stage_open();

    if (open != NOBODY && ready((uint32_t)open)) {
        return open;
    }
    for (uint32_t i = 1; i <= VOICE_COUNT; i++) {
        uint32_t voice = (drainer.last + i) % VOICE_COUNT;
        if (ready(voice)) {
            return (int32_t)voice;
        }
    }
    return NOBODY;
}

/* false: nothing was lost. */
static bool stage_lost(void)
{
    static const char words[] = "(log lines were lost here)\n";

    if (log_ring_lost() == 0) {
        return false;
    }
    for (const char *c = words; *c != '\0'; c++) {
        stage_text(LOG_VOICE, *c);
    }
    return true;
}

/* false: no voice has anything that may go out. */
static bool stage_fill(void)
{
    int32_t voice = next_voice();
    int c = 0;

    if (voice == NOBODY) {
        return stage_lost();
    }
    for (uint32_t moved = 0; moved < DRAIN_SHARE && c != '\n' && stage_room(); moved++) {
        c = take((uint32_t)voice);
        if (c < 0) {
            break;
        }
        stage_text((uint32_t)voice, (char)c);
    }
    if (c == '\n') {
        drainer.last = (uint32_t)voice;
    }
    return true;
}

/* EMPTY: all that may go out is at the UART; FULL: it takes no more, or was seized; SHARED_OUT: no
 * more of `share`, which counts down, is left. */
enum pumped { PUMPED_EMPTY, PUMPED_FULL, PUMPED_SHARED_OUT };

static enum pumped drainer_pump(uint32_t *share)
{
    for (;;) {
        for (int c = stage_peek(); c >= 0; c = stage_peek()) {
            if (*share == 0) {
                return PUMPED_SHARED_OUT;
            }
            if (mode_get() != CONSOLE_SHARED || !plat_uart_put((char)c)) {
                return PUMPED_FULL;
            }
            stage_pop();
            (*share)--;
        }
        if (!stage_fill()) {
            return PUMPED_EMPTY;
        }
    }
}

static bool drainer_lock(void)
{
    return !atomic_exchange_explicit(&drainer.busy, true, memory_order_acquire);
}

/* The fence orders the release before what the holder then looks at, as the one in drain() orders
 * what a writer published before its try: one of the two sees the other. */
static void drainer_unlock(void)
{
    atomic_store_explicit(&drainer.busy, false, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
}

static bool any_ready(void)
{
    for (uint32_t voice = 0; voice < VOICE_COUNT; voice++) {
        if (ready(voice)) {
            return true;
        }
    }
    return false;
}

static bool any_starved(void)
{
    for (uint32_t voice = LOG_VOICE + 1; voice < VOICE_COUNT; voice++) {
        if (atomic_load_explicit(&voice_of(voice)->starved, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/* Holder of the lock: will the transmit interrupt continue? */
static void continue_by_interrupt(bool interrupt)
{
    if (mode_get() == CONSOLE_SHARED && interrupt != drainer.interrupt) {
        drainer.interrupt = interrupt;
        plat_uart_interrupts(interrupt);
    }
}

/* Any CPU: what may go out does, by this CPU's share or by the one that is at it.  What the UART
 * does not take now, what is beyond the share, and what still comes after a second look, its
 * transmit interrupt continues.  `paces`: by the CPU of this interrupt, which comes back after a
 * pause where the UART would take more: it would interrupt that CPU's guest without end.  What is
 * left of the share. */
static uint32_t drain_share(uint32_t share, bool paces)
{
    atomic_thread_fence(memory_order_seq_cst);
    for (uint32_t look = 0; look < 2; look++) {
        if (mode_get() != CONSOLE_SHARED || !drainer_lock()) {
            break;
        }
        if (!paces) { /* it would come to its CPU again and again while this one sends */
            continue_by_interrupt(false);
        }
        enum pumped pumped = drainer_pump(&share);
        bool waits = !paces && atomic_load_explicit(&drainer.paced, memory_order_relaxed);
        bool more = pumped != PUMPED_EMPTY || look > 0;
        bool pause = waits || (paces && pumped == PUMPED_SHARED_OUT);

        atomic_store_explicit(&drainer.paced, pause, memory_order_relaxed);
        continue_by_interrupt(more && !pause);
        drainer_unlock();
        if (more || !(any_ready() || any_starved())) {
            break;
        }
    }
    return share;
}

/* By who said `said` characters at once.  So much goes out that voices keep their order where the
 * UART takes all that comes. */
static void drain(uint32_t said)
{
    (void)drain_share(DRAIN_SHARE + said, false);
}

/* --- Direct writing: before console_init() and after console_seize() --- */

static void put_waiting(void)
{
    for (int c = stage_peek(); c >= 0; c = stage_peek()) {
        while (!plat_uart_put((char)c)) {
            plat_relax();
        }
        stage_pop();
    }
}

static void write_direct(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        stage_text(LOG_VOICE, text[i]);
        put_waiting();
    }
}

/* What the drainer had begun, and the log up to here. */
static void seize_shared(void)
{
    for (uint32_t i = 0; i < SEIZE_SPINS; i++) {
        if (!atomic_load_explicit(&drainer.busy, memory_order_acquire)) {
            break;
        }
        plat_relax();
    }
    plat_uart_interrupts(false); /* one that stays raised would wake the CPUs that halt */
    put_waiting();
    for (int c = log_ring_get(); c >= 0; c = log_ring_get()) {
        stage_text(LOG_VOICE, (char)c);
        put_waiting();
    }
}

/* Is it this CPU that seizes?  While it is the only one its MMU may be off: no atomic exchange. */
static bool seize_first(enum console_mode before)
{
    if (before != CONSOLE_DIRECT) {
        return !atomic_exchange_explicit(&seized, true, memory_order_acq_rel);
    }
    bool first = !atomic_load_explicit(&seized, memory_order_relaxed);

    atomic_store_explicit(&seized, true, memory_order_relaxed);
    return first;
}

bool console_seize(void)
{
    enum console_mode before = mode_get();

    if (!seize_first(before)) {
        return false;
    }
    if (before != CONSOLE_SILENT) {
        atomic_store_explicit(&mode, CONSOLE_SEIZED, memory_order_seq_cst);
    }
    if (before == CONSOLE_SHARED) {
        seize_shared();
    }
    return true;
}

void console_write_seized(const char *text, size_t size)
{
    if (mode_get() == CONSOLE_SEIZED) {
        write_direct(text, size);
    }
}

/* --- Voices --- */

void console_write(const char *text, size_t size)
{
    switch (mode_get()) {
    case CONSOLE_SHARED:
        log_ring_put(text, size);
        drain((uint32_t)size);
        break;
    case CONSOLE_DIRECT:
        write_direct(text, size);
        break;
    case CONSOLE_SEIZED:
    case CONSOLE_SILENT:
        break;
    }
}

/* The mark comes before the second look, so that a drainer that made room meanwhile either sees the
 * mark or was seen. */
static bool has_room(struct voice *voice, uint32_t room)
{
    if (voice_room(voice) >= room) {
        return true;
    }
    atomic_store_explicit(&voice->starved, true, memory_order_relaxed);
    drain(0);
    return voice_room(voice) >= room;
}

enum console_result console_put(uint32_t voice, char c)
{
    if (mode_get() != CONSOLE_SHARED) {
        return CONSOLE_TAKEN;
    }
    if (!has_room(voice_of(voice), 1)) {
        return CONSOLE_FULL;
    }
    bool due = voice_put(voice_of(voice), c);
    bool held = !due && keyboard_is_at(voice);

    if (held && voice_of(voice)->answers) {
        voice_release(voice_of(voice));
        due = true;
        held = false;
    }
    if (due || atomic_load_explicit(&drainer.paced, memory_order_relaxed)) {
        drain(0);
    }
    return held ? CONSOLE_HELD : CONSOLE_TAKEN;
}

bool console_tick(uint32_t voice)
{
    if (mode_get() != CONSOLE_SHARED || !keyboard_is_at(voice)) {
        return false;
    }
    bool held = voice_tick(voice_of(voice));

    if (!held) {
        drain(0);
    }
    return held;
}

bool console_room(uint32_t voice)
{
    return mode_get() != CONSOLE_SHARED || has_room(voice_of(voice), CONSOLE_ROOM);
}

int console_get(uint32_t voice)
{
    return voice_typed(voice_of(voice));
}

/* --- Interrupt --- */

bool console_interrupt(void (*notify)(uint32_t voice), int (*filter)(int c))
{
    if (mode_get() != CONSOLE_SHARED) {
        return false;
    }
    int32_t typed = keyboard_take(guest_voices, filter);

    if (typed != NOBODY) {
        notify((uint32_t)typed);
    }
    uint32_t share = drain_share(DRAIN_SHARE, true);

    for (uint32_t voice = LOG_VOICE + 1; voice < VOICE_COUNT; voice++) {
        if (voice_room(voice_of(voice)) >= VOICE_OUTPUT_SIZE / 2 &&
            atomic_exchange_explicit(&voice_of(voice)->starved, false, memory_order_acq_rel)) {
            notify(voice);
        }
    }
    (void)drain_share(share, true); /* with nobody starved any more the interrupt can go off */
    return atomic_load_explicit(&drainer.paced, memory_order_relaxed);
}

/* --- Life --- */

void console_init(void)
{
    plat_uart_init();
    keyboard_init();
    plat_uart_interrupts(false);
    atomic_store_explicit(&mode, CONSOLE_SHARED, memory_order_release);
}

/* false: not everything is out yet. */
static bool flush_step(void)
{
    if (!drainer_lock()) {
        return false;
    }
    uint32_t share = UINT32_MAX;
    bool done = drainer_pump(&share) == PUMPED_EMPTY;

    if (done) {
        stage_cut();
        done = drainer_pump(&share) == PUMPED_EMPTY;
    }
    drainer_unlock();
    return done;
}

void console_flush(void)
{
    atomic_store_explicit(&drainer.flushing, true, memory_order_relaxed);
    while (mode_get() == CONSOLE_SHARED && !flush_step()) {
        plat_relax();
    }
    atomic_store_explicit(&drainer.flushing, false, memory_order_relaxed);
    while (mode_get() == CONSOLE_SHARED && !plat_uart_idle()) {
        plat_relax();
    }
}

void console_release(void)
{
    console_flush();
    atomic_store_explicit(&mode, CONSOLE_SILENT, memory_order_release);
    plat_uart_release();
}
