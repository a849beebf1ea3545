"""A second chat centre, made apart from that of outages.py: time goes in steps of five seconds.

Agents have teams, skills, speeds, breaks, lunches and a weekly meeting of the team, and begin at any full hour; mail is
pulled by whoever has nothing to do; days differ, and an hour of a campaign doubles what comes in. `outages.py score
--generator shifts` plants outages in it and scores what is found. Nothing here knows a rule of `chatdb analyze`.
"""
import math
import random
from collections import defaultdict
from datetime import datetime, timedelta

from outages import CHAT, DAY, EPOCH, HOUR, MAIL, MINUTE, Activity

STEP = 5.0
NAMES = ("app1", "app2", "app3", "app4")


class Item(Activity):
    __slots__ = ("patience",)


class Person:
    def __init__(self, number, host, limit, team, skills, speed):
        self.id, self.host, self.limit, self.team, self.skills, self.speed = number, host, limit, team, skills, speed
        self.present, self.leaving, self.down, self.unheard, self.pause = False, False, False, False, False
        self.open, self.login, self.gone, self.idle_since = set(), None, "N", 0.0
        self.breaks = []
        self.until = 0.0


class Site:
    def __init__(self, seed):
        r = random.Random("shifts %d" % seed)
        self.seed = seed
        self.days = r.randint(6, 16)
        self.first = (datetime(2025, 3, 3) - EPOCH).total_seconds() + r.randint(0, 400) * DAY
        self.hosts = NAMES[:r.choice((1, 2, 2, 3, 4))]
        self.volume = math.exp(r.uniform(math.log(180), math.log(900)))
        self.mails = r.choice((0.0, 0.2, 0.5, 1.0))
        self.limit = r.choice((1, 2, 2, 3, 4))
        self.handle = r.uniform(4, 13) * MINUTE
        self.spread = r.uniform(0.4, 0.8)
        self.open_at, self.close_at = r.choice(((8, 20), (7, 18), (9, 21)))
        self.weekend = r.choice((0.0, 0.3, 0.6))
        busy = self.volume / (self.close_at - self.open_at) * self.handle / HOUR / self.limit
        self.agents = max(8 * len(self.hosts), int(busy * r.uniform(2.6, 4.5)) + 5)
        self.queues = r.randint(1, 5)
        self.offset = r.choice((0, 60, 120, -480, 330))
        self.assigned_by = r.choice((205, 209))
        self.touch = r.choice((0.0, 0.5))
        self.ghost_share = r.uniform(0.4, 1.0)
        self.backlog_lost = r.random() < 0.3
        self.messaging_blocks = r.random() < 0.3
        self.factor = [math.exp(r.gauss(0, 0.2)) for _ in range(self.days)]
        self.quiet_day = r.randrange(self.days) if r.random() < 0.4 else None
        self.campaign = (r.randrange(self.days), r.uniform(self.open_at + 1, self.close_at - 2))
        self.end = self.first + (self.days - 1) * DAY + r.uniform(self.open_at + 4, self.close_at - 1.5) * HOUR

    def weekday(self, day):
        return (EPOCH + timedelta(seconds=self.first + day * DAY)).weekday()

    def rate(self, t):
        day, hour = divmod((t - self.first) / HOUR, 24)
        day = min(int(day), self.days - 1)
        if not self.open_at <= hour < self.close_at:
            return 0.0
        x = (hour - self.open_at) / (self.close_at - self.open_at)
        shape = 0.5 + math.exp(-((x - 0.3) / 0.15) ** 2) + 0.8 * math.exp(-((x - 0.7) / 0.15) ** 2)
        shape *= self.factor[day] * (self.weekend if self.weekday(day) >= 5 else 1.0)
        if day == self.quiet_day:
            shape *= 0.1
        if day == self.campaign[0] and self.campaign[1] <= hour < self.campaign[1] + 1:
            shape *= 2
        return self.volume / ((self.close_at - self.open_at) * HOUR) * shape


class Simulation:
    def __init__(self, site, outages):
        self.site, self.outages = site, outages
        self.r = random.Random("shifts run %d" % site.seed)
        self.activities, self.events, self.logins = [], [], []
        self.assigned_at, self.completed_at, self.arrived_at, self.message_times = [], [], [], []
        self.host_events = defaultdict(list)
        self.truth = {"dead": set()}
        self.waiting = {CHAT: [], MAIL: []}
        self.held, self.late, self.at_limit, self.waits = 0, [], 0, 0
        self.now = site.first
        self.ends, self.says = {}, {}
        self.agents = []

    def down(self, server, host=None):
        return any(outage.takes(server, self.now, host) for outage in self.outages)

    def event(self, operation, activity, agent=None, t=None):
        t = self.now if t is None else t
        self.events.append((t, operation, activity.id, agent.id if agent else None, activity.queue))
        if agent and operation not in (205, 209, 213, 409, 412):
            self.host_events[agent.host].append(t)

    def run(self):
        site, r = self.site, self.r
        for n in range(site.agents):
            skills = set(r.sample(range(site.queues), min(site.queues, r.randint(1, 3))))
            if n < site.queues:
                skills.add(n)
            self.agents.append(Person(1001 + n, site.hosts[n % len(site.hosts)], site.limit, n % 4, skills,
                                      math.exp(r.gauss(0, 0.25))))
        roster = [(r.choice(range(site.open_at, max(site.open_at + 1, site.close_at - 7))), r.random())
                  for _ in self.agents]
        day = -1
        outages = sorted(self.outages, key=lambda o: o.end)
        running = set()
        while self.now < site.end:
            self.now += STEP
            today = int((self.now - site.first) / DAY)
            if today != day:
                day = today
                self.plan_day(day, roster)
            for outage in outages:
                if outage not in running and outage.start <= self.now < outage.end:
                    running.add(outage)
                    self.begin(outage)
                if outage in running and self.now >= outage.end:
                    running.discard(outage)
                    self.end_of(outage)
            for t, what in [one for one in self.late if one[0] <= self.now]:
                self.late.remove((t, what))
                what()
            self.people()
            self.arrive()
            if self.now % 10 < STEP:
                self.route()
            self.work()
        self.now = site.end
        for times in self.host_events.values():
            times.sort()
        return self

    def plan_day(self, day, roster):
        site, r = self.site, self.r
        midnight = site.first + day * DAY
        for agent, (start, often) in zip(self.agents, roster):
            on = r.random() < (0.9 if site.weekday(day) < 5 else site.weekend * 0.8)
            if not on:
                agent.begins = None
                continue
            agent.begins = midnight + start * HOUR + r.gauss(0, 240)
            agent.ends = min(agent.begins + 8 * HOUR, midnight + (site.close_at + 0.2) * HOUR) + r.uniform(0, 300)
            lunch = agent.begins + r.uniform(2.8, 4.6) * HOUR
            agent.breaks = [(lunch, lunch + r.uniform(30, 60) * MINUTE)]
            for n in (1.6, 6.2):
                at = agent.begins + r.gauss(n, 0.3) * HOUR
                agent.breaks.append((at, at + r.uniform(6, 14) * MINUTE))
            if site.weekday(day) == agent.team:
                at = midnight + (site.open_at + 2 + agent.team) * HOUR
                agent.breaks.append((at, at + 25 * MINUTE))

    def people(self):
        for agent in self.agents:
            if agent.begins is None or agent.down or self.down("application", agent.host):
                continue
            if not agent.present and agent.begins <= self.now < agent.ends:
                agent.present, agent.leaving, agent.unheard, agent.login = True, False, False, self.now
                self.logins.append((self.now, 5, agent.id))
            agent.leaving = self.now >= agent.ends
            alive = any(a.id not in self.truth["dead"] for a in agent.open)
            if agent.present and agent.leaving and not alive:
                agent.present, agent.login = False, self.now
                self.logins.append((self.now, 6, agent.id))
            agent.pause = any(a <= self.now < b for a, b in agent.breaks)

    def new(self, kind, t):
        activity = Item(1000 + len(self.activities), kind, 1000 + self.r.randrange(self.site.queues), t)
        self.activities.append(activity)
        self.arrived_at.append(t)
        self.event(1, activity, t=t)
        self.waiting[kind].append(activity)
        return activity

    def arrive(self):
        site, r = self.site, self.r
        if r.random() < site.rate(self.now) * STEP:
            blocked = self.down("messaging") and site.messaging_blocks
            if not self.down("application", r.choice(site.hosts)) and not blocked:
                chat = self.new(CHAT, self.now - r.uniform(0, STEP - 0.01))
                chat.patience = self.now + r.uniform(5, 40) * MINUTE
        if r.random() < site.volume * site.mails / DAY * STEP:
            if self.down("services"):
                self.held += 1
            else:
                mail = self.new(MAIL, self.now - r.uniform(0, STEP - 0.01))
                if r.random() < 0.003:
                    mail.sub_type = 4
                    self.waiting[MAIL].remove(mail)
        for chat in [c for c in self.waiting[CHAT] if c.patience < self.now]:
            chat.patience = math.inf
            if not self.down("services") and r.random() < 0.6:
                self.waiting[CHAT].remove(chat)
                self.event(412, chat)
                chat.status, chat.modified = (9000, 9100), self.now

    def free(self, agent):
        return (agent.present and not agent.pause and not agent.leaving and not agent.down and not agent.unheard
                and not self.down("application", agent.host))

    def route(self):
        if self.down("services"):
            return
        for chat in list(self.waiting[CHAT]):
            able = [a for a in self.agents if len(a.open) < a.limit and chat.queue - 1000 in a.skills and self.free(a)]
            if able:
                self.waiting[CHAT].remove(chat)
                self.assign(chat, min(able, key=lambda a: (len(a.open), a.idle_since)), self.site.assigned_by)
        for agent in self.agents:
            if self.waiting[MAIL] and not agent.open and self.free(agent) and self.r.random() < 0.08:
                self.assign(self.waiting[MAIL].pop(0), agent, 213)

    def assign(self, activity, agent, operation):
        t = self.now + self.r.uniform(0, 4)
        activity.agent, activity.status, activity.modified = agent, (5000, 5100), t
        agent.open.add(activity)
        self.at_limit += len(agent.open) >= self.site.limit
        self.waits += activity.kind == CHAT and t - activity.created > MINUTE
        self.assigned_at.append(t)
        if activity.kind == CHAT:
            self.event(409, activity, agent, t)
        self.event(operation, activity, agent, t)
        length = self.site.handle * (1.6 if activity.kind == MAIL else 1.0) * agent.speed
        self.ends[activity.id] = t + 20 + length * math.exp(self.r.gauss(-0.2, self.site.spread))
        activity.serial = 0

    def work(self):
        r, site = self.r, self.site
        for agent in self.agents:
            if not agent.open or agent.down or self.down("application", agent.host):
                continue
            for activity in sorted(agent.open, key=lambda a: a.id):
                if activity.id in self.truth["dead"]:
                    continue
                if activity.status == (5000, 5100):
                    if self.now - activity.modified > r.uniform(3, 40):
                        activity.status, activity.modified, activity.picked = (5000, 5900), self.now, self.now
                        self.event(410 if activity.kind == CHAT else 540, activity, agent)
                    continue
                if activity.kind == CHAT and activity.left is None:
                    if not self.down("messaging") and r.random() < STEP / 35:
                        t = self.now - r.uniform(0, STEP)
                        if r.random() < 0.5:
                            activity.said_agent = t
                        else:
                            activity.said_customer = t
                        activity.session = t
                        if r.random() < site.touch:
                            activity.modified = t
                    if self.now > self.ends[activity.id] - 30 and r.random() < 0.1:
                        activity.left = self.now
                        self.event(412, activity)
                if self.now >= self.ends[activity.id]:
                    self.complete(activity, agent)

    def complete(self, activity, agent):
        t = self.now + self.r.uniform(0, 3)
        activity.status, activity.modified = (9000, 9100), t
        self.completed_at.append(t)
        self.event(544, activity, agent, t)
        agent.open.discard(activity)
        agent.idle_since = self.now
        if self.down("services"):
            agent.unheard = True

    def begin(self, outage):
        for agent in self.agents:
            if outage.kind not in ("services", "messaging") and outage.takes("application", self.now, agent.host):
                agent.down = True
                self.truth["dead"].update(a.id for a in agent.open if a.kind == CHAT)

    def end_of(self, outage):
        site, r = self.site, self.r
        if outage.kind in ("services", "all"):
            for _ in range(self.held):
                self.late.append((self.now + r.uniform(5, 120), lambda: self.new(MAIL, self.now)))
            self.held = 0
            if site.backlog_lost:
                self.waiting[CHAT] = [c for c in self.waiting[CHAT] if c.created < outage.start]
            for agent in self.agents:
                if agent.unheard and agent.present:
                    self.late.append((self.now + r.uniform(60, 900), lambda a=agent: self.log_in_again(a)))
        for agent in self.agents:
            if agent.down and outage.kind not in ("services", "messaging") and outage.host in (None, agent.host):
                self.late.append((self.now + r.uniform(30, 600), lambda a=agent: self.back(a)))

    def log_in_again(self, agent):
        if agent.present:
            self.logins.append((self.now, 6, agent.id))
            self.logins.append((self.now + 40, 5, agent.id))
            agent.login, agent.unheard = self.now + 40, False

    def back(self, agent):
        agent.down = False
        for activity in sorted(agent.open, key=lambda a: a.id):
            if activity.id in self.truth["dead"] and self.r.random() > self.site.ghost_share:
                self.truth["dead"].discard(activity.id)
                self.ends[activity.id] = self.now + self.r.uniform(30, 900)
            elif activity.kind == MAIL:
                self.ends[activity.id] = max(self.ends[activity.id], self.now + self.r.uniform(60, 600))
        if agent.present:
            agent.login = self.now
            self.logins.append((self.now, 5, agent.id))
