#!/usr/bin/env python3
"""Simulate weeks of a chat centre, plant outages in it, and write what SQL Server would have exported.

A small discrete simulation: customers arrive, agents work shifts on application servers, routing gives work to
whoever is free the longest. An outage takes a server away; what it leaves behind follows from that and is not written
by hand. `truth.json` beside the exports says what was planted. Nothing here knows a rule of `chatdb analyze`.

    outages.py make --seed 3 --out DIR [--healthy] [--variant NAME]
    outages.py score --chatdb target/debug/chatdb --seeds 1-20 [--variants full,rows] [--work DIR]

Only the standard library is used. The same arguments give the same bytes.
"""
import argparse
import csv
import heapq
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from bisect import bisect_left, bisect_right
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

EPOCH = datetime(1970, 1, 1)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
CHAT, MAIL = 2000, 1
HOSTS = ("43app", "44app", "45app")
# What is exported, by the name of a variant.
VARIANTS = {
    "full": ("activity", "user", "queue", "event", "user_event", "session", "chat_event"),
    "task": ("activity", "user", "queue", "event", "session", "chat_event", "task"),
    "events": ("activity", "user", "queue", "event"),
    "rows": ("activity", "user", "queue"),
    "activity": ("activity",),
    "no_limit": ("activity", "user", "queue", "event", "session", "chat_event"),
    "top": ("activity", "user", "queue", "event"),
    "during": ("activity", "user", "queue", "event", "session", "chat_event"),
    "no_modified": ("activity", "user", "queue", "event"),
    "cleaned": ("activity", "user", "queue", "event", "session", "chat_event"),
}


def at(seconds):
    """Seconds since 1970 on the servers' wall clock, as SQL Server prints them."""
    moment = EPOCH + timedelta(milliseconds=round(seconds * 1000))
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (moment.microsecond // 1000)


class Activity:
    __slots__ = ("id", "kind", "sub_type", "status", "queue", "agent", "created", "modified", "messages", "session",
                 "serial", "said_agent", "said_customer", "picked", "blind", "left")

    def __init__(self, number, kind, queue, created):
        self.id, self.kind, self.queue, self.created, self.modified = number, kind, queue, created, created
        self.sub_type, self.status, self.agent, self.serial = 1, (4000, 4100), None, 0
        self.session, self.said_agent, self.said_customer, self.picked = created, None, None, None
        self.left = None


class Agent:
    def __init__(self, number, host, limit, persons):
        self.id, self.host, self.limit = number, host, limit * persons
        self.present, self.pause, self.leaving, self.down, self.unheard = False, False, False, False, False
        self.open, self.idle_since, self.login, self.gone = set(), 0.0, None, "N"

    def can_take(self):
        return (self.present and not self.pause and not self.leaving and not self.down and not self.unheard
                and len(self.open) < self.limit)


class Site:
    """What a site is like; the same for the twin with outages and the healthy one."""

    def __init__(self, seed):
        r = random.Random("site %d" % seed)
        self.seed = seed
        self.days = r.randint(8, 13)
        self.first = (datetime(2024, 1, 1) - EPOCH).total_seconds() + r.randint(0, 600) * DAY
        self.hosts = HOSTS[:r.choice((1, 2, 2, 2, 3))]
        self.volume = math.exp(r.uniform(math.log(200), math.log(700)))
        self.mails = r.choice((0.0, 0.3, 0.7, 1.2))
        self.limit = r.choice((1, 1, 2, 3, 3))
        self.handle = r.uniform(5, 16) * MINUTE
        busy = self.volume * self.handle / HOUR / 11 / self.limit
        self.agents = max(9 * len(self.hosts) + 6, int(busy * r.uniform(2.2, 3.8)) + 4)
        self.open_at, self.close_at = r.choice(((7, 19), (8, 18), (6, 22)))
        self.nights = r.random() < 0.35
        self.weekend = r.choice((0.0, 0.15, 0.5))
        self.offset = r.choice((0, 60, 120, -300, 330))
        self.queues = r.randint(3, 8)
        self.assigned_by = r.choice((205, 205, 209, 213))
        self.touch = r.choice((0.0, 0.3, 1.0))  # how often a message changes the activity's row
        self.ghost_share = r.uniform(0.5, 1.0)
        self.backlog_lost = r.random() < 0.4  # what arrived without Services stays where it is
        self.messaging_blocks = r.random() < 0.25  # no chat comes in without Messaging
        self.shared = r.random() < 0.5
        self.holiday = r.randint(2, self.days - 3) if r.random() < 0.6 else None
        self.short_handed = r.randint(1, self.days - 2) if r.random() < 0.6 else None
        self.end_hour = r.uniform(self.open_at + 4, self.close_at - 1.5)
        self.end = self.first + (self.days - 1) * DAY + self.end_hour * HOUR

    def weekday(self, day):
        return (EPOCH + timedelta(seconds=self.first + day * DAY)).weekday()

    def rate(self, t):
        """Chats a second."""
        day, hour = divmod((t - self.first) / HOUR, 24)
        day = int(day)
        width = self.close_at - self.open_at
        if self.open_at <= hour < self.close_at:
            x = (hour - self.open_at) / width
            shape = 0.45 + 0.9 * math.sin(math.pi * x) ** 0.7 - (0.25 if 0.44 < x < 0.54 else 0)
        else:
            shape = 0.06 if self.nights else 0.0
        if self.weekday(day) >= 5:
            shape *= self.weekend
        if day == self.holiday:
            shape *= 0.0 if self.seed % 2 else 0.08
        return self.volume / (width * HOUR) * shape


class Outage:
    def __init__(self, kind, start, end, host=None):
        self.kind, self.start, self.end, self.host = kind, start, end, host

    def takes(self, server, t, host=None):
        if not self.start <= t < self.end:
            return False
        if server == "application":
            return (self.kind in ("all", "messaging_application", "application")
                    or (self.kind == "host" and host == self.host))
        if server == "services":
            return self.kind in ("services", "all")
        return self.kind in ("messaging", "messaging_application", "all")


class Simulation:
    def __init__(self, site, outages):
        self.site, self.outages = site, outages
        self.r = random.Random("run %d" % site.seed)
        self.heap, self.order, self.now = [], 0, site.first
        self.activities, self.events, self.logins = [], [], []
        self.waiting = {CHAT: [], MAIL: []}
        self.held_mail = []
        self.agents = []
        self.assigned_at, self.host_events, self.message_times = [], defaultdict(list), []
        self.completed_at, self.arrived_at = [], []
        self.at_limit, self.waits = 0, 0
        self.truth = {"ghosts": {}, "dead": set()}

    # -- machinery

    def later(self, t, what, *args):
        self.order += 1
        heapq.heappush(self.heap, (t, self.order, what, args))

    def down(self, server, host=None):
        return any(outage.takes(server, self.now, host) for outage in self.outages)

    def event(self, operation, activity, agent=None, t=None):
        t = self.now if t is None else t
        self.events.append((t, operation, activity.id, agent.id if agent else None, activity.queue))
        if agent and operation not in (205, 209, 213, 409, 412):
            self.host_events[agent.host].append(t)

    def run(self):
        site, r = self.site, self.r
        share = [1.0 / len(site.hosts)] * len(site.hosts)
        for n in range(site.agents):
            host = site.hosts[n % len(site.hosts)] if n < 2 * len(site.hosts) else r.choices(site.hosts, share)[0]
            persons = 3 if site.shared and n in (3, 7) else 1
            self.agents.append(Agent(1001 + n, host, site.limit, persons))
        for day in range(-1, site.days):
            for n, agent in enumerate(self.agents):
                self.shift(day, n, agent)
        self.later(site.first, self.next_chat)
        if site.mails:
            self.later(site.first, self.next_mail)
        for outage in self.outages:
            self.later(outage.start, self.begin_outage, outage)
            if outage.end < site.end:
                self.later(outage.end, self.end_outage, outage)
        while self.heap and self.heap[0][0] <= site.end:
            self.now, _, what, args = heapq.heappop(self.heap)
            what(*args)
        self.now = site.end
        for times in self.host_events.values():
            times.sort()
        return self

    def shift(self, day, n, agent):
        site, r = self.site, self.r
        working = site.weekday(day) < 5
        if not working and r.random() > site.weekend * 1.1:
            return
        if working and r.random() < 0.12:
            return
        if site.nights and n % 9 == 8:
            start, length = 21.5, 9.0
        elif n % 2:
            start, length = site.open_at - 0.1, 8.5
        else:
            start, length = max(site.open_at, site.close_at - 8.5), 8.6
        if day == site.short_handed and r.random() < 0.6:
            start += 2.5
            length -= 2.5
        begin = site.first + day * DAY + start * HOUR + r.uniform(-600, 900)
        self.later(begin, self.log_in, agent)
        middle = begin + length * HOUR * r.uniform(0.35, 0.6)
        self.later(middle, self.pause, agent, r.uniform(20, 45) * MINUTE)
        self.later(begin + length * HOUR + r.uniform(-300, 600), self.go_home, agent)

    # -- agents

    def log_in(self, agent):
        if self.down("application", agent.host):
            return self.later(self.now + self.r.uniform(60, 400), self.log_in, agent)
        agent.present, agent.leaving, agent.unheard, agent.idle_since = True, False, False, self.now
        agent.login = self.now
        self.logins.append((self.now, 5, agent.id))
        self.route()

    def log_out(self, agent):
        if agent.present:
            agent.present, agent.login = False, self.now
            self.logins.append((self.now, 6, agent.id))

    def pause(self, agent, length):
        agent.pause = True
        self.later(self.now + length, self.resume, agent)

    def resume(self, agent):
        agent.pause, agent.idle_since = False, self.now
        self.route()

    def go_home(self, agent):
        agent.leaving = True
        self.may_go(agent)

    def may_go(self, agent):
        """Whoever goes home finishes what is still alive; work in mail is left to others by the pushback."""
        alive = [a for a in agent.open if a.id not in self.truth["dead"]]
        if agent.leaving and not alive and not self.down("application", agent.host):
            self.log_out(agent)

    # -- arrivals

    def next_chat(self):
        peak = self.site.volume / HOUR / (self.site.close_at - self.site.open_at) * 1.5
        self.later(self.now + self.r.expovariate(peak), self.next_chat)
        if self.r.random() < self.site.rate(self.now) / peak:
            self.chat()

    def chat(self):
        host = self.r.choice(self.site.hosts)
        if self.down("application", host) or (self.down("messaging") and self.site.messaging_blocks):
            return
        activity = self.new(CHAT)
        self.waiting[CHAT].append(activity)
        self.later(self.now + self.r.uniform(240, 1500), self.give_up, activity)
        self.route()

    def new(self, kind):
        activity = Activity(1000 + len(self.activities), kind, 1000 + self.r.randrange(self.site.queues), self.now)
        self.activities.append(activity)
        self.arrived_at.append(self.now)
        self.event(1, activity)
        return activity

    def next_mail(self):
        mean = DAY / (self.site.volume * self.site.mails)
        self.later(self.now + self.r.expovariate(1 / mean), self.next_mail)
        if self.down("services"):
            self.held_mail.append(self.now)
        elif self.site.weekday(int((self.now - self.site.first) / DAY)) < 5 or self.r.random() < 0.3:
            self.mail()

    def mail(self):
        activity = self.new(MAIL)
        if self.r.random() < 0.004:
            activity.sub_type = 4  # a delivery exception: nobody routes it
            return
        self.waiting[MAIL].append(activity)
        self.route()

    def give_up(self, activity):
        """A customer who waits too long leaves; the row stays in the queue where Services cannot take it out."""
        if activity.status == (4000, 4100) and activity in self.waiting[CHAT] and self.r.random() < 0.5:
            if self.down("services"):
                return
            self.waiting[CHAT].remove(activity)
            self.event(412, activity)
            activity.status, activity.modified = (9000, 9100), self.now

    # -- routing

    def route(self):
        if self.down("services"):
            return
        for kind in (CHAT, MAIL):
            queue = self.waiting[kind]
            while queue:
                free = [a for a in self.agents if a.can_take() and not self.down("application", a.host)]
                if kind == MAIL:
                    free = [a for a in free if not a.open]
                if not free:
                    break
                self.assign(queue.pop(0), min(free, key=lambda a: (len(a.open), a.idle_since, a.id)))

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
        delay = self.r.uniform(2, 25) if activity.kind == CHAT else self.r.uniform(5, 200)
        self.later(self.now + delay, self.pick_up, activity, activity.serial)

    def pick_up(self, activity, serial):
        if activity.serial != serial:
            return
        agent = activity.agent
        if self.down("application", agent.host):
            return
        if activity.kind == CHAT and self.r.random() < 0.015 and not self.down("services"):
            agent.open.discard(activity)
            self.event(308, activity, agent)
            activity.agent, activity.status, activity.modified = None, (4000, 4100), self.now
            activity.serial += 1
            self.waiting[CHAT].insert(0, activity)
            self.later(self.now + self.r.uniform(20, 60), self.route)
            return
        self.event(410 if activity.kind == CHAT else 540, activity, agent)
        activity.status, activity.modified, activity.picked = (5000, 5900), self.now, self.now
        length = self.r.gammavariate(2.2, self.site.handle / 2.2) + 40
        end = self.now + length
        if activity.kind == CHAT:
            self.later(self.now + self.r.uniform(5, 40), self.message, activity, serial, end)
            leaves = end - min(length * 0.2, self.r.uniform(5, 90))
            if self.r.random() < 0.7:
                self.later(leaves, self.leave, activity, serial)
            if self.r.random() < 0.02:
                self.later(self.now + length * 0.4, self.reload, activity, serial)
        self.later(end, self.complete, activity, serial)

    def message(self, activity, serial, end):
        if activity.serial != serial or activity.status[0] == 9000:
            return
        agent = activity.agent
        if not self.down("messaging") and not self.down("application", agent.host):
            if self.r.random() < 0.55:
                activity.said_agent = self.now
            elif activity.left is None:
                activity.said_customer = self.now
            activity.session = self.now
            self.message_times.append(self.now)
            if self.r.random() < self.site.touch:
                activity.modified = self.now
        if not self.down("application", agent.host):
            self.later(self.now + self.r.expovariate(1 / 40.0) + 3, self.message, activity, serial, end)

    def leave(self, activity, serial):
        if activity.serial == serial and activity.status[0] != 9000 and not self.down("application", activity.agent.host):
            activity.left = self.now
            self.event(412, activity)

    def reload(self, activity, serial):
        """The customer's window is loaded again: it leaves, and is added anew."""
        if activity.serial == serial and activity.status[0] != 9000 and not self.down("application", activity.agent.host):
            self.event(412, activity)
            self.event(414, activity, activity.agent, self.now + self.r.uniform(3, 30))

    def complete(self, activity, serial):
        if activity.serial != serial or activity.status[0] == 9000:
            return
        agent = activity.agent
        if self.down("application", agent.host):
            return
        activity.status, activity.modified = (9000, 9100), self.now
        self.completed_at.append(self.now)
        self.event(544, activity, agent)
        agent.open.discard(activity)
        agent.idle_since = self.now
        if self.down("services"):
            agent.unheard = True  # the completion is held: no other work before the next log-in
        self.may_go(agent)
        self.later(self.now + self.r.uniform(1, 20), self.route)

    # -- outages

    def begin_outage(self, outage):
        if outage.kind in ("host", "application", "messaging_application", "all"):
            for agent in self.agents:
                if outage.takes("application", self.now, agent.host):
                    self.lose(agent)

    def lose(self, agent):
        agent.down = True
        for activity in sorted(agent.open, key=lambda a: a.id):
            activity.serial += 1
            if activity.kind == CHAT:
                self.truth["dead"].add(activity.id)

    def end_outage(self, outage):
        if outage.kind in ("services", "all"):
            for _ in self.held_mail:
                self.later(self.now + self.r.uniform(5, 180), self.mail)
            self.held_mail = []
            if self.site.backlog_lost:
                self.waiting[CHAT] = [a for a in self.waiting[CHAT] if a.created < outage.start]
            for agent in self.agents:
                if agent.unheard and agent.present:
                    self.later(self.now + self.r.uniform(30, 1500), self.again, agent)
            self.later(self.now + self.r.uniform(1, 20), self.route)
        if outage.kind in ("host", "application", "messaging_application", "all"):
            for agent in self.agents:
                if agent.down:
                    self.later(self.now + self.r.uniform(20, 500), self.back, agent)

    def again(self, agent):
        if agent.present:
            self.log_out(agent)
            self.later(self.now + self.r.uniform(20, 90), self.log_in, agent)

    def back(self, agent):
        agent.down = False
        was = agent.present
        for activity in sorted(agent.open, key=lambda a: a.id):
            if activity.id in self.truth["dead"] and self.r.random() > self.site.ghost_share:
                self.truth["dead"].discard(activity.id)
                self.later(self.now + self.r.uniform(30, 1200), self.complete, activity, activity.serial)
            elif activity.kind == MAIL:
                self.later(self.now + self.r.uniform(100, 1500), self.complete, activity, activity.serial)
        if was:
            self.log_in(agent)
        else:
            agent.login = agent.login or self.now


def plan(site, kind, healthy, r):
    """An outage in an hour in which the healthy twin has work, so that there is something to be missed."""
    least = {"services": 20, "host": 36, "messaging": 60, "all": 36, "application": 36, "messaging_application": 36}
    for _ in range(4000):
        day = r.randint(3, site.days - 1)
        start = site.first + day * DAY + r.uniform(site.open_at + 0.7, site.close_at - 1.5) * HOUR
        end = start + r.choice((10, 15, 20, 30, 45, 60, 90)) * MINUTE + r.uniform(0, 60)
        if end > site.end - 40 * MINUTE:
            continue
        host = None
        seen = healthy.assigned_at
        if kind == "host":
            if len(site.hosts) < 2:
                return None
            host = r.choice(site.hosts)
            seen = healthy.host_events[host]
            others = sum(bisect_left(t, end) - bisect_left(t, start)
                         for h, t in healthy.host_events.items() if h != host)
            if others < 20:
                continue
        elif kind == "messaging":
            seen = healthy.message_times
        elif kind != "services":
            seen = sorted(healthy.assigned_at + healthy.completed_at)
        if bisect_left(seen, end) - bisect_left(seen, start) >= least[kind]:
            return Outage(kind, start, end, host)
    return None


def outages_of(site, healthy, variant):
    r = random.Random("outages %d %s" % (site.seed, "during" if variant == "during" else ""))
    kinds = ["services"]
    if site.seed % 2 == 0 or len(site.hosts) > 1:
        kinds.append("host" if len(site.hosts) > 1 else "application")
    kinds.append(("messaging", "all", "services", "messaging_application")[site.seed % 4])
    planned = []
    for kind in kinds:
        for _ in range(20):
            one = plan(site, kind, healthy, r)
            if one and all(one.end + 3 * HOUR < o.start or o.end + 3 * HOUR < one.start for o in planned):
                planned.append(one)
                break
    if variant == "during":
        kind = ("services", "host" if len(site.hosts) > 1 else "services", "all")[site.seed % 3]
        start = site.end - r.uniform(25, 70) * MINUTE
        host = r.choice(site.hosts)
        planned = [o for o in planned if o.end + 3 * HOUR < start]
        planned.append(Outage(kind, start, site.end + HOUR, host if kind == "host" else None))
    return sorted(planned, key=lambda o: o.start)


class Export:
    """What is selected and written, and the odd rows that are planted in it."""

    def __init__(self, site, run, variant, healthy):
        self.site, self.run, self.variant, self.healthy = site, run, variant, healthy
        self.r = random.Random("odd %d" % site.seed)
        self.truth = {"ghosts": [], "blocked": [], "may_be_blocked": [], "over_limit": [], "exceptions": [], "unassigned": [],
                      "hidden": [], "limit": site.limit}
        self.sessions = {}
        self.next = 1000 + len(run.activities)
        if not healthy:
            self.old_ghosts()
            # In an outage that goes on nobody takes one chat more.
            if not any(outage.end > site.end for outage in run.outages):
                self.over_limit()
            self.hidden()
        if variant == "cleaned":
            self.clean()
        self.settle()

    def add(self, kind, agent, created, modified, status):
        activity = Activity(self.next, kind, 1000 + self.r.randrange(self.site.queues), created)
        self.next += 1
        activity.agent, activity.status, activity.modified, activity.session = agent, status, modified, modified
        self.run.activities.append(activity)
        return activity

    def old_ghosts(self):
        """Chats that a customer left and nobody completed, here and there over the weeks."""
        done = [a for a in self.run.activities if a.kind == CHAT and a.status[0] == 9000 and a.agent
                and a.modified < self.site.end - 2 * DAY]
        for activity in self.r.sample(done, min(len(done), self.r.randint(3, 9))):
            was = activity.modified
            activity.status = (5000, 5900)
            activity.modified = activity.picked or activity.created
            self.run.events = [e for e in self.run.events if not (e[2] == activity.id and e[1] in (544, 412))]
            self.run.events.append((was - 20, 412, activity.id, None, activity.queue))
            self.run.truth["dead"].add(activity.id)

    def over_limit(self):
        ready = [a for a in self.run.agents if a.present and a.limit == self.site.limit]
        for agent in self.r.sample(ready, min(len(ready), 2)):
            lacking = self.site.limit + self.r.randint(1, 2) - len([a for a in agent.open if a.kind == CHAT])
            for _ in range(lacking):
                created = self.site.end - self.r.uniform(5, 25) * MINUTE
                chat = self.add(CHAT, agent, created, created + self.r.uniform(20, 60), (5000, 5900))
                chat.said_agent = chat.said_customer = self.site.end - self.r.uniform(5, 100)
                chat.session = chat.said_agent
                self.run.events.append((created, 1, chat.id, None, chat.queue))
                self.run.events.append((created + 8, self.site.assigned_by, chat.id, agent.id, chat.queue))
                self.run.events.append((chat.modified, 410, chat.id, agent.id, chat.queue))
                agent.open.add(chat)

    def hidden(self):
        for n in range(3):
            created = self.site.end - self.r.uniform(0.2, 100) * HOUR
            chat = self.add(CHAT, None, created, created, (4000, 4100))
            if n == 1:
                chat.queue = None
            self.truth["hidden"].append(chat.id)

    def clean(self):
        """Half of the dead chats are completed by a supervisor later."""
        dead = sorted(self.run.truth["dead"])
        for number in dead[::2]:
            activity = next(a for a in self.run.activities if a.id == number)
            activity.status = (9000, 9100)
            activity.modified = self.site.end - self.r.uniform(60, 600)
            if activity.agent:
                activity.agent.open.discard(activity)
            self.run.truth["dead"].discard(number)

    def settle(self):
        site, run, truth = self.site, self.run, self.truth
        self.activities = run.activities
        dead = run.truth["dead"]
        truth["ghosts"] = sorted(dead)
        for activity in self.activities:
            old = activity.created < site.end - 30 * MINUTE
            if activity.sub_type == 4 and old:
                truth["exceptions"].append(activity.id)
            if activity.kind == CHAT and activity.status == (4000, 4100) and old:
                truth["unassigned"].append(activity.id)
        peers = {a.id: 0 for a in run.agents}
        open_chats = defaultdict(int)
        for activity in self.activities:
            if activity.kind == CHAT and activity.status[0] == 5000 and activity.agent:
                open_chats[activity.agent.id] += 1
        for agent in run.agents:
            if open_chats[agent.id] > agent.limit:
                truth["over_limit"].append(agent.id)
        truth["over_limit"].sort()
        # A limit that next to nobody has reached cannot be read from rows, nor one that let no customer wait.
        truth["may_be_over_limit"] = truth["over_limit"]
        if run.at_limit * 200 < len(run.assigned_at) or run.waits < 20:
            truth["over_limit"] = []
        self.blocked(open_chats)

    def blocked(self, open_chats):
        """Agents at work whose dead chats leave them no room, and whom routing has passed by while others got work.
        Those whom it has not passed by for long, and those at lunch, are blocked as well, and need not be found."""
        site, run = self.site, self.run
        given = defaultdict(list)
        for activity in self.activities:
            if activity.agent:
                given[activity.agent.id].append(activity.created)
        for agent in run.agents:
            dead = [a for a in self.activities if a.agent is agent and a.id in run.truth["dead"]]
            others = [a for a in self.activities if a.agent is agent and a.status[0] == 5000 and a not in dead]
            if not dead or others or not agent.present or agent.leaving:
                continue
            since = max([agent.login or 0] + [max(a.modified, a.session) for a in dead])
            if len(dead) >= agent.limit and not any(t > since for t in given[agent.id]):
                self.truth["may_be_blocked"].append(agent.id)
            if since > site.end - 2 * HOUR or agent.pause:
                continue
            got = sorted(sum(t > since for t in times) for number, times in given.items() if number != agent.id)
            got = [n for n in got if n]
            if got and got[len(got) // 4] >= 10 and not any(t > since for t in given[agent.id]):
                self.truth["blocked"].append(agent.id)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        tables = VARIANTS[self.variant]
        activities = sorted(self.activities, key=lambda a: a.id)
        if self.variant == "top":
            activities = sorted(activities, key=lambda a: -a.id)[:1000]
        chosen = {a.id for a in activities}
        utc = getattr(self.site, "utc", lambda t: t - self.site.offset * 60)
        if "activity" in tables:
            self.write_activities(folder, activities)
        if "user" in tables:
            self.table(folder, "egpl_user", ("user_id", "user_name", "screen_name", "login_ip", "login_logout_time",
                                             "delete_flag", "user_state"),
                       ((a.id, "agent%d" % a.id, "Agent %d" % a.id, a.host, at(a.login) if a.login else "NULL",
                         a.gone, 1) for a in self.run.agents))
        if "queue" in tables:
            self.table(folder, "egpl_routing_queue", ("queue_id", "queue_name", "queue_state", "queue_type"),
                       ((1000 + n, "Queue %d" % n, 1, 0) for n in range(self.site.queues)))
        if "event" in tables:
            events = sorted(e for e in self.run.events if self.variant != "top" or e[2] in chosen)
            self.table(folder, "egpl_event_history_case_mgmt",
                       ("event_id", "event_date", "object_operation", "user_id", "queue_id", "activity_id"),
                       ((n + 1, round(utc(t) * 1000), operation,
                         "NULL" if user is None else user, "NULL" if queue is None else queue, activity)
                        for n, (t, operation, activity, user, queue) in
                        enumerate(sorted(events, key=lambda e: (e[0], e[2], e[1])))))
        if "user_event" in tables:
            self.table(folder, "egpl_event_history_user",
                       ("event_id", "event_date", "application_id", "object_operation", "user_id"),
                       ((n + 1, round(utc(t) * 1000), 1, operation, user)
                        for n, (t, operation, user) in enumerate(sorted(self.run.logins))))
        chats = [a for a in activities if a.kind == CHAT]
        if "session" in tables:
            self.table(folder, "eglv_session", ("activity_id", "create_date", "when_modified"),
                       ((a.id, at(a.created), at(a.session)) for a in chats))
        if "chat_event" in tables:
            said = (a for a in chats if a.said_agent or a.said_customer)
            self.table(folder, "eglv_session_chat_event",
                       ("activity_id", "user_id", "agent_last_response_time", "customer_last_message_time"),
                       ((a.id, a.agent.id if a.agent else "NULL", at(a.said_agent) if a.said_agent else "NULL",
                         at(a.said_customer) if a.said_customer else "NULL") for a in said))
        if "task" in tables:
            self.table(folder, "egicm_concurrent_task", ("user_id", "queue_id", "concurrent_task_limit"),
                       ((a.id, 1000 + n, a.limit) for a in self.run.agents for n in range(self.site.queues)))
        truth, run = dict(self.truth), self.run
        truth["seed"], truth["healthy"], truth["variant"] = self.site.seed, self.healthy, self.variant
        truth["outages"] = [] if self.healthy else [
            {"kind": o.kind, "host": o.host, "from": at(o.start), "to": at(o.end) if o.end <= self.site.end else None,
             "start": o.start, "end": min(o.end, self.site.end)} for o in self.run.outages]
        truth["offset"] = self.site.offset
        # What the rows show of messages: the last of each side.
        run.message_times = [t for a in chats for t in (a.said_agent, a.said_customer) if t]
        for name in ("assigned_at", "completed_at", "arrived_at", "message_times"):
            truth[name] = sorted(getattr(run, name))
        truth["host_events"] = {host: sorted(times) for host, times in self.run.host_events.items()}
        with open(os.path.join(folder, "truth.json"), "w", encoding="utf-8") as f:
            json.dump(truth, f)

    def write_activities(self, folder, activities):
        names = ("activity_id", "case_id", "activity_mode", "activity_type", "activity_sub_type", "activity_status",
                 "activity_sub_status", "queue_id", "assigned_to", "contact_point_data", "when_created", "when_modified")
        if self.variant == "no_modified":
            names = names[:-1]

        def row(a):
            cells = (a.id, a.id + 5000, 100, a.kind, a.sub_type, a.status[0], a.status[1],
                     "NULL" if a.queue is None else a.queue, "NULL" if a.agent is None else a.agent.id,
                     "customer%d@example.com" % (a.id % 997), at(a.created), at(a.modified))
            return cells[:len(names)]
        self.table(folder, "egpl_casemgmt_activity", names, (row(a) for a in activities))

    @staticmethod
    def table(folder, name, header, rows):
        with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f, lineterminator="\r\n")
            writer.writerow(header)
            writer.writerows(rows)


def make(seed, folder, variant="full", healthy=False, generator="calls"):
    model = sys.modules[__name__]
    if generator != "calls":
        model = __import__("outage_" + generator)
    site = model.Site(seed)
    twin = model.Simulation(site, []).run()
    run = twin
    if not healthy:
        run = model.Simulation(site, outages_of(site, twin, variant)).run()
    Export(site, run, variant, healthy).write(folder)


# -- scoring

SERVERS = {"services": {"services"}, "host": {"application"}, "application": {"application"},
           "messaging": {"messaging"}, "messaging_application": {"messaging", "application"},
           "all": {"messaging", "application", "services"}}


def seconds(text):
    return (datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S") - EPOCH).total_seconds() + float("0" + text[19:] or 0)


def between(times, a, b):
    low, high = min(a, b), max(a, b)
    return max(0, bisect_left(times, high - 0.002) - bisect_right(times, low + 0.002))


def evidence_times(truth, kind, host):
    if kind == "services":
        return truth["assigned_at"]
    if kind == "host":
        return truth["host_events"].get(host, [])
    if kind == "messaging":
        return truth["message_times"]
    return sorted(truth["assigned_at"] + truth["completed_at"])


def matches(window, outage, truth):
    if (window.get("host") or None) != outage["host"]:
        return "host"
    likely = [set(servers.split("+")) for servers in [window["servers"], *window["or_servers"]]]
    if SERVERS[outage["kind"]] not in likely:
        return "servers"
    times = evidence_times(truth, outage["kind"], outage["host"])
    begin, end = seconds(window["from"]), seconds(window["to"]) if window["to"] else None
    if between(times, begin, outage["start"]) > 2:
        return "begin"
    if (end is None) != (outage["to"] is None):
        return "open"
    if end is not None and between(times, end, outage["end"]) > 2:
        return "end"
    return None


def judged(chatdb, folder, options=()):
    files = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".csv"))
    ran = subprocess.run([chatdb, "analyze", "--format", "json", "--include-pii", *options, *files],
                         capture_output=True)
    if ran.returncode not in (0, 1, 3):
        raise SystemExit("%s: exit %d: %s" % (folder, ran.returncode, ran.stderr.decode()[:2000]))
    return json.loads(ran.stdout)["analysis"]


def rows_of(run, name):
    return run["findings"].get(name, {}).get("rows", [])


class Tally:
    def __init__(self):
        self.hit, self.false, self.missed = 0, 0, 0

    def count(self, found, true):
        self.hit += len(found & true)
        self.false += len(found - true)
        self.missed += len(true - found)

    def ratio(self):
        precision = self.hit / (self.hit + self.false) if self.hit + self.false else 1.0
        recall = self.hit / (self.hit + self.missed) if self.hit + self.missed else 1.0
        return precision, recall


def score_one(run, truth, note):
    """Counts per kind: what was found, what else, what not."""
    tallies = defaultdict(Tally)
    windows = list(run.get("detected", []))
    taken = set()
    for outage in truth["outages"]:
        kind = outage["kind"]
        why = []
        for n, window in enumerate(windows):
            end = seconds(window["to"]) if window["to"] else float("inf")
            if n in taken or seconds(window["from"]) > outage["end"] + 900 or end < outage["start"] - 900:
                continue
            reason = matches(window, outage, truth)
            if reason is None:
                taken.add(n)
                tallies["window " + kind].hit += 1
                break
            why.append("%s %s %s..%s: %s" % (window["servers"], window.get("host"), window["from"], window["to"], reason))
        else:
            tallies["window " + kind].missed += 1
            note("missed %s %s %s..%s %s" % (kind, outage["host"] or "", outage["from"], outage["to"], why))
    for n, window in enumerate(windows):
        if n not in taken:
            tallies["window " + window["servers"]].false += 1
            note("false %s %s %s..%s %s" % (window["servers"], window.get("host"), window["from"], window["to"],
                                            window.get("evidence")))
    ghosts = {r["activity_id"] for r in rows_of(run, "ghost_chats") if r.get("verdict") in ("ghost", "probable")}
    tallies["ghosts"].count(ghosts, set(truth["ghosts"]))
    if ghosts ^ set(truth["ghosts"]):
        note("ghosts: false %s missed %s" % (sorted(ghosts - set(truth["ghosts"]))[:8],
                                             sorted(set(truth["ghosts"]) - ghosts)[:8]))
    over = {r["user_id"] for r in rows_of(run, "over_limit")}
    over -= set(truth.get("may_be_over_limit", ())) - set(truth["over_limit"])
    tallies["over limit"].count(over, set(truth["over_limit"]))
    if over ^ set(truth["over_limit"]):
        note("over_limit: found %s true %s" % (sorted(over), truth["over_limit"]))
    blocked = {r["user_id"] for r in rows_of(run, "blocked_agents") if r["verdict"] == "blocked"}
    blocked -= set(truth.get("may_be_blocked", ())) - set(truth["blocked"])
    tallies["blocked"].count(blocked, set(truth["blocked"]))
    if blocked ^ set(truth["blocked"]):
        note("blocked: found %s true %s" % (sorted(blocked), truth["blocked"]))
    unassigned = {r["activity_id"] for r in rows_of(run, "unassigned_activities")}
    wanted = set(truth["unassigned"]) | set(truth["exceptions"])
    tallies["unassigned, exceptions"].count(unassigned & wanted | set(), wanted)
    hidden = {r["activity_id"] for r in rows_of(run, "hidden_chats")}
    tallies["hidden"].count(hidden & set(truth["hidden"]), set(truth["hidden"]))
    return tallies


def score(args):
    low, _, high = args.seeds.partition("-")
    seeds = range(int(low), int(high or low) + 1)
    for variant in args.variants.split(","):
        total, by_seed, alarms = defaultdict(Tally), defaultdict(list), 0

        def judge(case):
            seed, healthy = case
            folder = os.path.join(args.work, "%s%d_%s%s" % (args.generator[:1] if args.generator != "calls" else "", seed, variant, "_healthy" if healthy else ""))
            if not os.path.exists(os.path.join(folder, "truth.json")):
                make(seed, folder, variant, healthy, args.generator)
            with open(os.path.join(folder, "truth.json"), encoding="utf-8") as f:
                truth = json.load(f)
            run = judged(args.chatdb, folder, ("--only", "over_limit") if args.windows else ())
            notes = []
            tallies = score_one(run, truth, notes.append)
            return case, len(run.get("detected", [])), tallies, notes

        cases = [(seed, healthy) for seed in seeds for healthy in (False, True)]
        with ThreadPoolExecutor(args.jobs) as workers:
            results = list(workers.map(judge, cases))
        for (seed, healthy), windows, tallies, notes in results:
            name = "%s seed %d%s" % (variant, seed, " healthy" if healthy else "")
            for text in () if args.quiet else notes:
                print("  %s: %s" % (name, text))
            if healthy:
                alarms += windows
                continue
            for kind, tally in tallies.items():
                total[kind].hit += tally.hit
                total[kind].false += tally.false
                total[kind].missed += tally.missed
                by_seed[kind].append(tally.ratio())
        print("== %s, %s, seeds %s: %d false windows on healthy twins" % (args.generator, variant, args.seeds, alarms))
        for kind in sorted(total):
            if args.windows and not kind.startswith("window"):
                continue
            each = by_seed[kind]
            mean = [sum(one[n] for one in each) / len(each) for n in (0, 1)]
            print("%-28s precision %.3f (worst %.2f)  recall %.3f (worst %.2f)  of %d"
                  % (kind, mean[0], min(o[0] for o in each), mean[1], min(o[1] for o in each),
                     total[kind].hit + total[kind].missed))


# -- which documented failure

FAILURES = {"services": "services", "host": "application", "application": "application", "messaging": "messaging",
            "messaging_application": "messaging_application", "all": "all_servers"}
# What is said of the outage, and what is exported, by the name of a situation.
SITUATIONS = {
    "exact": ("no_limit", "exact"),
    "no outage": ("no_limit", None),
    "5 minutes": ("no_limit", 5),
    "15 minutes": ("no_limit", 15),
    "time alone": ("no_limit", "time"),
    "activities only": ("activity", "exact"),
    "cleaned": ("cleaned", None),
    "host": ("no_limit", None),
    "host, named": ("no_limit", "exact"),
}


def single(site, model, kind, goes_on, r):
    """One outage of a kind; one that goes on began before the end of the rows. None where nothing would be missed."""
    twin = model.Simulation(site, []).run()
    if goes_on:
        host = r.choice(site.hosts) if kind == "host" else None
        start = site.end - r.uniform(40, 75) * MINUTE
        seen = twin.host_events[host] if host else twin.assigned_at
        missed = len(seen) - bisect_left(seen, start)
        return Outage(kind, start, site.end + HOUR, host) if missed >= 20 else None
    for _ in range(40):
        one = plan(site, kind, twin, r)
        if one and one.end < site.end - 2 * HOUR and one.end - one.start > 19 * MINUTE:
            return one
    return None


def said(outage, what, site, r):
    """The option that tells the outage, as well as somebody knows it."""
    if what is None:
        return []
    servers = sorted(SERVERS[outage.kind])
    name = "+".join("application@" + outage.host if outage.host else server for server in servers)
    shift = r.choice((-1, 1)) * what * MINUTE if isinstance(what, int) else 0
    # Who is wrong about both ends still says that it began first.
    begin, end = outage.start + shift, max(outage.end - shift, outage.start + shift + MINUTE)
    end = "" if outage.end > site.end else at(end)[:19]
    told = "%s..%s" % (at(begin)[:19], end)
    return ["--outage", told if what == "time" else "%s=%s" % (name, told)]


def match(args):
    """Scores the documented failure that comes first."""
    low, _, high = args.seeds.partition("-")
    kinds = ("services", "application", "messaging", "messaging_application", "all")
    model = __import__("outage_" + args.generator) if args.generator != "calls" else sys.modules[__name__]

    def judge(case):
        name, seed, kind, goes_on = case
        variant, what = SITUATIONS[name]
        if name.startswith("host"):
            kind = "host"
        r = random.Random("match %s %d %s %s" % (name, seed, kind, goes_on))
        folder = os.path.join(args.work, "match_%s_%d_%s_%s_%s" % (args.generator, seed, kind, goes_on, variant))
        site = model.Site(seed)
        if kind == "host":
            while len(site.hosts) < 2:
                seed += 1000
                site = model.Site(seed)
        if os.path.exists(os.path.join(folder, "truth.json")):
            with open(os.path.join(folder, "truth.json"), encoding="utf-8") as f:
                known = json.load(f)["outages"][0]
            outage = Outage(kind, known["start"], site.end + HOUR if goes_on else known["end"], known["host"])
        else:
            outage = single(site, model, kind, goes_on, random.Random("match %d %s %s" % (seed, kind, goes_on)))
            if outage is None:
                return case, None
            Export(site, model.Simulation(site, [outage]).run(), variant, False).write(folder)
        exported = ["--exported-at", at(site.end)[:19]]
        run = judged(args.chatdb, folder, said(outage, what, site, r) + exported)
        wanted = FAILURES[kind] + ("_failure" if goes_on else "_restored")
        first = [one["name"] for one in run["candidates"][0]["scenarios"]] if run["candidates"] else []
        return case, (wanted in first, len(first), wanted, first)

    names = args.situations.split(",") if args.situations else list(SITUATIONS)
    cases = [(name, seed, kind, goes_on) for name in names for seed in range(int(low), int(high or low) + 1)
             for kind in (kinds if not name.startswith("host") else ("host",)) for goes_on in (False, True)
             # Nobody completes a chat while all Application servers are down.
             if not (name == "cleaned" and goes_on)]
    with ThreadPoolExecutor(args.jobs) as workers:
        results = list(workers.map(judge, cases))
    for name in names:
        own = [(case, result) for case, result in results if case[0] == name and result]
        for case, (right, _, wanted, first) in own:
            if not right and not args.quiet:
                print("  %s, seed %d: %s, found %s" % (name, case[1], wanted, first))
        sizes = [result[1] for _, result in own]
        print("%-16s right first: %d of %d; group of %.1f on average, %d at most"
              % (name, sum(result[0] for _, result in own), len(own), sum(sizes) / max(1, len(sizes)), max(sizes or [0])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("make")
    one.add_argument("--seed", type=int, required=True)
    one.add_argument("--out", required=True)
    one.add_argument("--healthy", action="store_true")
    one.add_argument("--variant", choices=sorted(VARIANTS), default="full")
    many = commands.add_parser("score")
    many.add_argument("--chatdb", required=True)
    many.add_argument("--seeds", default="1-20")
    many.add_argument("--variants", default="full")
    many.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "chatdb_outages"))
    many.add_argument("--quiet", action="store_true")
    many.add_argument("--windows", action="store_true", help="score outages alone, which takes less time")
    many.add_argument("--jobs", type=int, default=2)
    matching = commands.add_parser("match")
    matching.add_argument("--chatdb", required=True)
    matching.add_argument("--seeds", default="1-3")
    matching.add_argument("--situations")
    matching.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "chatdb_outages"))
    matching.add_argument("--quiet", action="store_true")
    matching.add_argument("--jobs", type=int, default=2)
    for command in (one, many, matching):
        command.add_argument("--generator", choices=("calls", "shifts", "desks"), default="calls")
    args = parser.parse_args()
    if args.command == "make":
        make(args.seed, args.out, args.variant, args.healthy, args.generator)
    elif args.command == "match":
        match(args)
    else:
        score(args)


if __name__ == "__main__":
    sys.modules.setdefault("outages", sys.modules[__name__])
    sys.exit(main())
