// SPDX-License-Identifier: Apache-2.0
/*
 * Loopback churn: socket, connect, accept4, close, close, by one thread pinned to one CPU.
 *
 * Destinations rotate through 127.1.x.y, so that TIME_WAIT never uses up the ports of any of them.
 * Prints one line: connections, ns per connection, connections per second; with -b, a line for each
 * block of connections: when it began and when it ended, ns of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DESTINATIONS 4096	/* times 28,232 ports by default: 115 million tuples */

struct options {
	long connections;
	long warmup;
	int cpu;		/* -1: not pinned */
	int messages;		/* one-byte messages each way, per connection */
	int own_netns;
	int null_address;	/* accept4() without an address: getpeername hooks stay silent */
	int reset;		/* SO_LINGER 0: the client's close sends RST, no TIME_WAIT */
	long block;		/* connections per block; 0: no blocks */
	const char *cgroup;	/* directory to enter before the first socket */
};

static const char usage[] =
	"usage: churn [-n connections] [-w warmup] [-c cpu] [-m messages] [-b block] [-g cgroup-directory] [-u] [-0] [-r]\n"
	"  -u  in a network namespace of its own (root)\n"
	"  -0  pass accept4() no address\n"
	"  -r  close with RST\n";

static struct options parse(int argc, char **argv)
{
	struct options o = { .connections = 20000, .warmup = 500, .cpu = -1 };
	int c;

	while ((c = getopt(argc, argv, "n:w:c:m:b:g:u0r")) != -1) {
		switch (c) {
		case 'n': o.connections = atol(optarg); break;
		case 'w': o.warmup = atol(optarg); break;
		case 'c': o.cpu = atoi(optarg); break;
		case 'm': o.messages = atoi(optarg); break;
		case 'b': o.block = atol(optarg); break;
		case 'g': o.cgroup = optarg; break;
		case 'u': o.own_netns = 1; break;
		case '0': o.null_address = 1; break;
		case 'r': o.reset = 1; break;
		default: fputs(usage, stderr); exit(2);
		}
	}
	if (o.connections < 1 || o.warmup < 0 || o.messages < 0) {
		fputs(usage, stderr);
		exit(2);
	}
	return o;
}

static void enter_cgroup(const char *directory)
{
	char path[4096];
	FILE *procs;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	procs = fopen(path, "w");
	if (!procs || fputs("0", procs) < 0 || fclose(procs))
		err(1, "%s", path);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity to CPU %d", cpu);
}

static void own_netns(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd;

	if (unshare(CLONE_NEWNET))
		err(1, "unshare(CLONE_NEWNET)");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		err(1, "setting lo up");
	close(fd);
}

/* On INADDR_ANY: every 127.1.x.y reaches it. */
static int listen_any(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	if (fd < 0 || bind(fd, (void *)address, length) || listen(fd, 128) ||
	    getsockname(fd, (void *)address, &length))
		err(1, "listening");
	return fd;
}

static void talk(int client, int server, int messages)
{
	char byte = 'x';

	for (int i = 0; i < messages; i++)
		if (write(client, &byte, 1) != 1 || read(server, &byte, 1) != 1 ||
		    write(server, &byte, 1) != 1 || read(client, &byte, 1) != 1)
			err(1, "message");
}

static void one(const struct options *o, int listener, struct sockaddr_in to, long i)
{
	const struct linger reset = { .l_onoff = 1 };
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	int client, server;

	to.sin_addr.s_addr = htonl(0x7f010001u + (unsigned int)(i % DESTINATIONS));
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0 || connect(client, (void *)&to, sizeof(to)))
		err(1, "connection %ld: connect", i);
	if (o->null_address)
		server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	else
		server = accept4(listener, (void *)&peer, &length, SOCK_CLOEXEC);
	if (server < 0)
		err(1, "connection %ld: accept4", i);
	talk(client, server, o->messages);
	if (o->reset)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
	close(server);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	struct sockaddr_in to;
	long long began, took, block_began, block_ended;
	long i = 0;
	int listener;

	if (o.cgroup)
		enter_cgroup(o.cgroup);
	if (o.own_netns)
		own_netns();
	if (o.cpu >= 0)
		pin(o.cpu);
	setvbuf(stdout, NULL, _IOLBF, 0);	/* a block is told when it ends, whatever ends the churn */
	listener = listen_any(&to);
	for (; i < o.warmup; i++)
		one(&o, listener, to, i);
	began = block_began = now();
	for (; i < o.warmup + o.connections; i++) {
		one(&o, listener, to, i);
		if (!o.block || (i - o.warmup + 1) % o.block)
			continue;
		block_ended = now();
		printf("block %lld %lld\n", block_began, block_ended);
		block_began = now();
	}
	took = now() - began;
	printf("connections %ld ns_per_connection %.1f connections_per_s %.1f\n", o.connections,
	       (double)took / o.connections, o.connections * 1e9 / took);
	return 0;
}
