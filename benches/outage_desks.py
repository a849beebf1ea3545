"""A third chat centre, made apart from the other two: desks with skills, rosters, and days that are not like the others.

Each desk (queue) has its hours; customers come in clusters, and a newsletter brings many at once. Agents work early, late,
or half days by a roster that rotates weekly, wrap up after each chat, go for lunch in two waves or when they like, and
keep mail overnight. There is a holiday, a slow day, a training afternoon of half the agents, a supervisor who completes
many activities within seconds, log-ins that use another server each day, and the change of the clocks. Nothing here
knows a rule of `chatdb analyze`. `outages.py score --generator desks` plants outages in it and scores what is found.
"""
import heapq
import math
import random
from collections import defaultdict
from datetime import datetime, timedelta

from outages import CHAT, DAY, EPOCH, HOUR, MAIL, MINUTE, Activity

SERVERS = ("chat-a", "chat-b", "chat-c")


class Person:
    def __init__(self, number, host, limit, desks, pattern, roams):
        self.id, self.host, self.limit, self.desks, self.pattern, self.roams = number, host, limit, desks, pattern, roams
        self.on, self.present, self.leaving, self.pause, self.down, self.unheard = host, False, False, 0, False, False
        self.open, self.login, self.gone, self.ready = set(), None, "N", 0.0


class Site:
    def __init__(self, seed):
        r = random.Random("desks %d" % seed)
        self.seed, self.days = seed, r.randint(7, 18)
        self.first = (datetime(2025, 8, 4) - EPOCH).total_seconds() + r.randint(0, 300) * DAY
        self.hosts = SERVERS[:r.choice((1, 2, 2, 3))]
        self.volume = math.exp(r.uniform(math.log(200), math.log(1000)))
        self.mails, self.limit = r.choice((0.0, 0.25, 0.6, 1.0)), r.choice((1, 2, 3, 3, 5))
        self.handle, self.open_at, self.close_at = r.uniform(5, 14) * MINUTE, *r.choice(((8, 18), (7, 20), (9, 22)))
        self.weekend, self.queues = r.choice((0.0, 0.0, 0.25, 0.5)), r.randint(2, 7)
        # Small desks open later and close earlier.
        self.hours = [(self.open_at + r.choice((0, 0, 1, 2)) * (q > 0), self.close_at - r.choice((0, 0, 1, 3)) * (q > 0))
                      for q in range(self.queues)]
        self.weights = [1.0 / (q + 1) for q in range(self.queues)]
        busy = self.volume / (self.close_at - self.open_at) * self.handle / HOUR / self.limit
        self.agents = max(9 * len(self.hosts), int(busy * r.uniform(2.5, 4.5)) + 6)
        self.offset, self.assigned_by = r.choice((0, 60, 60, 120, -300)), r.choice((205, 209, 213))
        self.touch, self.ghost_share = r.choice((0.0, 0.4, 1.0)), r.uniform(0.4, 1.0)
        self.backlog_lost, self.messaging_blocks, self.logs_in_again = (r.random() < p for p in (0.3, 0.3, 0.6))
        self.waves, self.roaming, self.team_training = (r.random() < p for p in (0.5, 0.25, 0.3))
        self.clustering = r.choice((0.0, 0.2, 0.4))
        self.factor = [math.exp(r.gauss(0, 0.15)) for _ in range(self.days + 1)]
        self.holiday, self.slow, self.training = (r.randrange(1, self.days) if r.random() < p else -1 for p in (0.5, 0.5, 0.6))
        self.newsletters = [(r.randrange(self.days), r.uniform(self.open_at + 1, self.close_at - 2)) for _ in range(2)]
        self.changes_at = self.first + r.randrange(1, self.days) * DAY + 2 * HOUR if r.random() < 0.3 else None
        self.end = self.first + (self.days - 1) * DAY + r.uniform(self.open_at + 3, self.close_at - 1) * HOUR

    def weekday(self, day):
        return (EPOCH + timedelta(seconds=self.first + day * DAY)).weekday()

    def utc(self, t):
        return t - self.offset * 60 - (HOUR if self.changes_at and t > self.changes_at else 0)

    def rate(self, t):
        day, hour = divmod((t - self.first) / HOUR, 24)
        day = min(max(int(day), 0), self.days)
        if not self.open_at <= hour < self.close_at:
            return 0.0
        x = (hour - self.open_at) / (self.close_at - self.open_at)
        shape = 1.6 * min(1.0, x * 7, (1 - x) * 4) * (0.75 + 0.25 * math.cos(2 * math.pi * (x - 0.25)))
        shape *= self.factor[day] * (self.weekend if self.weekday(day) >= 5 else 1.0)
        shape *= 0.04 if day == self.holiday else 0.25 if day == self.slow else 1.0
        if any(day == d and h <= hour < h + 0.5 for d, h in self.newsletters):
            shape *= 3
        return self.volume / ((self.close_at - self.open_at) * HOUR) * shape * (1 - self.clustering)


class Simulation:
    def __init__(self, site, outages):
        self.site, self.outages, self.r = site, outages, random.Random("desks run %d" % site.seed)
        self.heap, self.count, self.now = [], 0, site.first
        self.activities, self.events, self.logins, self.held = [], [], [], 0
        self.waiting = {CHAT: [], MAIL: []}
        self.assigned_at, self.completed_at, self.arrived_at, self.message_times = [], [], [], []
        self.host_events, self.truth, self.at_limit, self.waits = defaultdict(list), {"dead": set()}, 0, 0

    def down(self, server, host=None):
        return any(outage.takes(server, self.now, host) for outage in self.outages)

    def later(self, delay, what, *args):
        self.count += 1
        heapq.heappush(self.heap, (self.now + delay, self.count, what, args))

    def event(self, operation, activity, agent=None):
        self.events.append((self.now, operation, activity.id, agent.id if agent else None, activity.queue))
        if agent and operation not in (205, 209, 213, 409, 412):
            self.host_events[agent.on].append(self.now)

    def run(self):
        site, r = self.site, self.r
        self.agents = []
        for n in range(site.agents):
            desks = {n % site.queues, *r.sample(range(site.queues), min(site.queues, r.randint(1, 3)))}
            pattern = r.choice(("early", "late", "rotates", "rotates", "morning", "evening", "middle"))
            self.agents.append(Person(1001 + n, site.hosts[n % len(site.hosts)], site.limit, desks, pattern,
                                      site.roaming and n in (4, 9)))
        for day in range(site.days):
            for n, agent in enumerate(self.agents):
                self.plan(day, n, agent)
            for _ in range(r.choice((0, 0, 1))):
                self.later(day * DAY + r.uniform(site.open_at + 1, site.close_at - 1) * HOUR, self.supervise)
        self.later(0, self.customers)
        self.later(0, self.mailbox)
        for outage in self.outages:
            self.later(outage.start - site.first, self.begin, outage)
            if outage.end < site.end:
                self.later(outage.end - site.first, self.end_of, outage)
        while self.heap[0][0] <= site.end:
            self.now, _, what, args = heapq.heappop(self.heap)
            what(*args)
        self.now = site.end
        return self

    def plan(self, day, n, agent):
        site, r = self.site, self.r
        works = 0.9 if site.weekday(day) < 5 else site.weekend * 0.7
        if r.random() > (0.1 if day == site.holiday else works):
            return
        pattern = agent.pattern if agent.pattern != "rotates" else ("early", "late")[(day // 7 + n) % 2]
        begins, length = {"early": (site.open_at - 0.1, 8.2), "late": (site.close_at - 8.2, 8.3), "middle": (site.open_at + 2, 7),
                          "morning": (site.open_at, 4.2), "evening": (site.close_at - 4.5, 4.6)}[pattern]
        begin = day * DAY + begins * HOUR + r.gauss(0, 300)
        self.later(max(begin, 0), self.arrive_at_work, agent, r.choice(site.hosts) if agent.roams and day < site.days - 1
                   else agent.host)
        self.later(begin + length * HOUR, self.go_home, agent)
        if length > 6:
            lunch = day * DAY + (12.0 + 0.75 * (n % 2)) * HOUR + r.gauss(0, 150) if site.waves and pattern != "late" \
                else begin + r.uniform(3, 5) * HOUR
            self.later(max(lunch, 0), self.rest, agent, r.uniform(30, 45) * MINUTE)
        for at in (1.7, 6.0):
            self.later(max(begin + r.gauss(at, 0.4) * HOUR, 0), self.rest, agent, r.uniform(8, 15) * MINUTE)
        trained = site.hosts.index(agent.host) == 0 and r.random() < 0.6 if site.team_training else n % 2
        if day == site.training and trained:
            self.later(day * DAY + (site.open_at + 5.5) * HOUR + r.uniform(-120, 300), self.rest, agent, 2 * HOUR)

    def log_in(self, agent):
        if self.down("application", agent.on):
            return self.later(self.r.uniform(60, 300), self.log_in, agent)
        agent.present, agent.unheard, agent.login = True, False, self.now
        agent.ready = self.now + self.r.uniform(5, 60)
        self.logins.append((self.now, 5, agent.id))
        self.later(60, self.route)

    def arrive_at_work(self, agent, host):
        agent.on, agent.leaving, agent.pause = host, False, 0
        self.log_in(agent)

    def go_home(self, agent):
        agent.leaving = True
        chats = [a for a in agent.open if a.kind == CHAT and a.id not in self.truth["dead"]]
        if chats or agent.down:
            return self.later(120, self.go_home, agent)
        if agent.present:
            agent.present, agent.login = False, self.now
            self.logins.append((self.now, 6, agent.id))

    def rest(self, agent, length):
        agent.pause += 1
        self.later(length, self.rested, agent)

    def rested(self, agent):
        agent.pause = max(0, agent.pause - 1)
        self.route()

    def customers(self):
        most = self.site.volume / HOUR / (self.site.close_at - self.site.open_at) * 7
        self.later(self.r.expovariate(most), self.customers)
        if self.r.random() < self.site.rate(self.now) / most:
            self.customer()

    def customer(self):
        site, r = self.site, self.r
        if r.random() < site.clustering:
            self.later(r.expovariate(1 / 90.0), self.customer)
        queue = r.choices(range(site.queues), site.weights)[0]
        hour = (self.now - site.first) % DAY / HOUR
        opened, closed = site.hours[queue]
        if not opened <= hour < closed or self.down("application", r.choice(site.hosts)) or (
                site.messaging_blocks and self.down("messaging")):
            return
        chat = self.new(CHAT, queue)
        self.later(r.lognormvariate(math.log(15 * MINUTE), 0.5), self.give_up, chat)
        self.route()

    def new(self, kind, queue):
        activity = Activity(1000 + len(self.activities), kind, 1000 + queue, self.now)
        for times, what in ((self.activities, activity), (self.arrived_at, self.now), (self.waiting[kind], activity)):
            times.append(what)
        self.event(1, activity)
        return activity

    def mailbox(self):
        """Services fetches mail every minute; what comes in at night waits for the morning."""
        site = self.site
        self.later(MINUTE, self.mailbox)
        hour = (self.now - site.first) % DAY / HOUR
        mean = site.volume * site.mails / 1440 * (1.5 if 7 < hour < 22 else 0.3)
        self.held += sum(self.r.random() < mean / 8 for _ in range(8))
        if not self.down("services"):
            for _ in range(self.held):
                self.new(MAIL, self.r.randrange(site.queues))
            self.held = 0
            self.route()

    def give_up(self, chat):
        if chat in self.waiting[CHAT] and not self.down("services"):
            self.waiting[CHAT].remove(chat)
            self.event(412, chat)
            chat.status, chat.modified = (9000, 9100), self.now

    def route(self):
        if self.down("services"):
            return
        able = [a for a in self.agents if a.present and not (a.pause or a.leaving or a.down or a.unheard)
                and a.ready <= self.now and len(a.open) < a.limit]
        for kind in (CHAT, MAIL):
            able = [a for a in able if kind == CHAT or not a.open]
            for activity in [*self.waiting[kind]] if able else ():
                free = [a for a in able if activity.queue - 1000 in a.desks]
                if free:
                    self.waiting[kind].remove(activity)
                    chosen = min(free, key=lambda a: (len(a.open), a.ready))
                    self.assign(activity, chosen)
                    able.remove(chosen)
                if not able:
                    break

    def assign(self, activity, agent):
        activity.agent, activity.status, activity.modified = agent, (5000, 5100), self.now
        agent.open.add(activity)
        self.at_limit += len(agent.open) >= self.site.limit
        self.waits += activity.kind == CHAT and self.now - activity.created > MINUTE
        self.assigned_at.append(self.now)
        if activity.kind == CHAT:
            self.event(409, activity, agent)
        self.event(self.site.assigned_by, activity, agent)
        activity.serial += 1
        self.later(self.r.lognormvariate(2.2, 0.6), self.accept, activity, activity.serial)

    def works(self, activity, serial):
        return activity.serial == serial and activity.status[0] == 5000 and not self.down("application", activity.agent.on)

    def accept(self, activity, serial):
        if not self.works(activity, serial):
            return
        self.event(410 if activity.kind == CHAT else 540, activity, activity.agent)
        activity.status, activity.modified, activity.picked = (5000, 5900), self.now, self.now
        turns = 2 + int(self.r.expovariate(1 / 7.0)) if activity.kind == CHAT else 1
        self.later(0, self.turn, activity, serial, turns)

    def turn(self, activity, serial, turns):
        r, site = self.r, self.site
        if not self.works(activity, serial):
            return
        if turns == 0:
            return self.later(r.uniform(5, 60), self.complete, activity, serial)
        if activity.kind == CHAT and not self.down("messaging"):
            side = "said_agent" if turns % 2 else "said_customer"
            setattr(activity, side, self.now)
            activity.session = self.now
            self.message_times.append(self.now)
            if r.random() < site.touch:
                activity.modified = self.now
        if activity.kind == CHAT and turns == 1 and r.random() < 0.6:
            self.event(412, activity)
        mean = site.handle / 8 if activity.kind == CHAT else site.handle * (80 if r.random() < 0.02 else 1)
        self.later(r.lognormvariate(math.log(mean), 0.7), self.turn, activity, serial, turns - 1)

    def complete(self, activity, serial):
        if not self.works(activity, serial):
            return
        agent = activity.agent
        activity.status, activity.modified = (9000, 9100), self.now
        self.completed_at.append(self.now)
        self.event(544, activity, agent)
        agent.open.discard(activity)
        agent.ready = self.now + self.r.uniform(5, 50)
        agent.unheard = agent.unheard or (self.down("services") and self.site.logs_in_again)
        self.later(60, self.route)

    def supervise(self):
        """Somebody completes old mail by the dozen."""
        boss = self.agents[0]
        if boss.present and not self.down("application", boss.on):
            for mail in self.waiting[MAIL][:self.r.randint(3, 25)]:
                self.waiting[MAIL].remove(mail)
                mail.status, mail.modified = (9000, 9100), self.now
                self.completed_at.append(self.now)
                self.event(544, mail, boss)
                self.now += 0.4

    def begin(self, outage):
        for agent in self.agents:
            if outage.kind not in ("services", "messaging") and outage.takes("application", self.now, agent.on):
                agent.down = True
                for activity in agent.open:
                    activity.serial += 1
                    if activity.kind == CHAT:
                        self.truth["dead"].add(activity.id)

    def end_of(self, outage):
        r, site = self.r, self.site
        if site.backlog_lost and outage.kind in ("services", "all"):
            self.waiting[CHAT] = [a for a in self.waiting[CHAT] if a.created < outage.start]
        for agent in self.agents:
            if agent.unheard and agent.present and outage.kind in ("services", "all"):
                self.later(r.expovariate(1 / 400.0), self.log_in, agent)
            if agent.down and outage.host in (None, agent.on) and outage.kind not in ("services", "messaging"):
                self.later(r.lognormvariate(math.log(150), 0.7), self.back, agent)
        self.later(r.uniform(1, 15), self.route)

    def back(self, agent):
        agent.down = False
        for activity in sorted(agent.open, key=lambda a: a.id):
            if activity.kind == CHAT and self.r.random() < self.site.ghost_share:
                continue
            self.truth["dead"].discard(activity.id)
            self.later(self.r.uniform(60, 1200), self.complete, activity, activity.serial)
        if agent.present and not agent.leaving:
            self.log_in(agent)
