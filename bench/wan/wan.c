// Joins two TUN devices by a path with delay, rate, queue and loss, for kernels without netem.
// usage: wan DEVICE_A DEVICE_B DELAY_MS RATE_MBIT QUEUE_KB LOSS_PERCENT
// Both directions are alike; the round trip is twice the delay. Prints "ready" when both devices exist.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 65536      // packets under way in one direction; a power of two
#define PACKET_BYTES 2048
#define READS_AT_ONCE 64 // before the other direction gets its turn
#define SECOND 1000000000LL

struct packet {
  int64_t due;
  int length;
  unsigned char bytes[PACKET_BYTES];
};

struct direction {
  int from, to;
  int64_t idle_at; // when the last byte that was accepted has left the sender
  uint32_t first, next;
  struct packet *packets;
};

static int64_t delay_ns, queue_bytes;
static double ns_per_byte, loss;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static int open_tun(const char *name) {
  struct ifreq request = {0};
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
    perror(name);
    exit(1);
  }
  return fd;
}

// Hands over every packet that is due; returns when the next one is.
static int64_t deliver(struct direction *way, int64_t time) {
  while (way->first != way->next) {
    struct packet *packet = &way->packets[way->first % SLOTS];
    if (packet->due > time) return packet->due;
    // A receiver that cannot take the packet loses it, as on any path.
    if (write(way->to, packet->bytes, packet->length) < 0 && errno != EAGAIN && errno != EIO) {
      perror("write");
      exit(1);
    }
    way->first++;
  }
  return time + SECOND;
}

// Takes what the sender has ready: drops by chance and when the queue is full, and dates the rest.
static void accept_packets(struct direction *way) {
  for (int count = 0; count < READS_AT_ONCE; count++) {
    struct packet *packet = &way->packets[way->next % SLOTS];
    int length = read(way->from, packet->bytes, PACKET_BYTES);
    if (length <= 0) return;
    int64_t time = now();
    if (way->idle_at < time) way->idle_at = time;
    if (drand48() < loss || (way->idle_at - time) / ns_per_byte > queue_bytes || way->next - way->first == SLOTS - 1) continue;
    way->idle_at += (int64_t)(length * ns_per_byte);
    packet->due = way->idle_at + delay_ns;
    packet->length = length;
    way->next++;
  }
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: wan DEVICE_A DEVICE_B DELAY_MS RATE_MBIT QUEUE_KB LOSS_PERCENT\n");
    return 2;
  }
  int a = open_tun(argv[1]), b = open_tun(argv[2]);
  delay_ns = (int64_t)(atof(argv[3]) * 1e6);
  ns_per_byte = 8e3 / atof(argv[4]);
  queue_bytes = atoll(argv[5]) * 1024;
  loss = atof(argv[6]) / 100;
  srand48(now());
  prctl(PR_SET_TIMERSLACK, 1000UL);
  struct direction ways[2] = {{.from = a, .to = b}, {.from = b, .to = a}};
  for (int i = 0; i < 2; i++) {
    ways[i].packets = malloc(SLOTS * sizeof(struct packet));
    if (ways[i].packets == NULL) return 1;
  }
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int64_t time = now(), next = deliver(&ways[0], time), other = deliver(&ways[1], time);
    if (other < next) next = other;
    int64_t wait = next - now();
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / SECOND, wait % SECOND};
    struct pollfd fds[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    if (ppoll(fds, 2, &timeout, NULL) <= 0) continue;
    for (int i = 0; i < 2; i++) accept_packets(&ways[i]);
  }
}
