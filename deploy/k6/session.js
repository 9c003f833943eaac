// session.js: the life of many sessions at once, for k6 1.0 or newer. Each virtual user pings, logs in, authenticates, refreshes and logs
// out, looks whether what must be over is over, and begins again. One failed request or check fails the run.
//
//   k6 run --no-usage-report -e BASE_URL=http://localhost:8080 -e CLIENT=id:secret deploy/k6/session.js
//
//   BASE_URL     the load balancer, or an instance
//   LOGIN_URL    where /login is asked, if that is elsewhere
//   CLIENT       id:secret of a client, where login.require is client
//   VUS          virtual users, 1000 unless said
//   DURATION     seconds at that number, 60 unless said; a tenth of it more to get there
//   HEARD        seconds until every instance has heard of a logout, 1 unless said; auth.max_staleness, which is promised, where one may lose the
//                store, or where this script, the instances and everything else share processors that have too much to do
//   INTERRUPTED  how many logouts may find their session over, because an instance was killed before it could say so; 0 unless said
import encoding from 'k6/encoding';
import exec from 'k6/execution';
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const base = __ENV.BASE_URL || 'http://localhost:8080';
const loginBase = __ENV.LOGIN_URL || base;
const users = Number(__ENV.VUS || 1000);
const seconds = Number(__ENV.DURATION || 60);
const heard = Number(__ENV.HEARD || 1);
const ramp = Math.max(1, Math.round(seconds / 10));
const json = { 'Content-Type': 'application/json' };
const vouched = __ENV.CLIENT ? { ...json, Authorization: `Basic ${encoding.b64encode(__ENV.CLIENT)}` } : json;

const foundOver = new Counter('logouts_found_over');

export const options = {
  scenarios: {
    sessions: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [
        { duration: `${ramp}s`, target: users },
        { duration: `${seconds}s`, target: users },
      ],
      gracefulStop: `${heard + 30}s`,
      gracefulRampDown: `${heard + 30}s`,
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    iterations: ['count>0'],
    logouts_found_over: [`count<=${Number(__ENV.INTERRUPTED || 0)}`],
  },
  // Names are asked for again, so that instances that come and go are noticed where they are called directly.
  dns: { ttl: '1s', select: 'roundRobin', policy: 'preferIPv4' },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

// What a request is expected to be answered with; anything else is a failed request.
const expecting = (...statuses) => ({ responseCallback: http.expectedStatuses(...statuses) });
const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });

// Fails the iteration at its first surprise: what follows would only repeat it.
function must(response, name, holds) {
  const passed = check(response, { [name]: holds });
  if (!passed) {
    console.error(`${name}: status ${response.status} ${response.error} ${response.status >= 400 ? response.body : ''}`);
    sleep(1);
  }
  return passed;
}

export default function () {
  const user = exec.vu.idInTest;
  const pong = http.get(`${base}/ping`);
  if (!must(pong, 'ping answers', (r) => r.status === 200)) return;

  const begun = http.post(`${loginBase}/login`, JSON.stringify({ user_id: user }), { headers: vouched });
  if (!must(begun, 'login begins a session', (r) => r.status === 200 && !!r.json('refresh'))) return;
  const session = begun.json('session_id');

  const known = http.get(`${base}/authenticate`, bearer(begun.json('access')));
  if (!must(known, 'the token is this user\'s', (r) => r.status === 200 && r.json('user_id') === user)) return;
  sleep(Math.random());

  const next = http.post(`${base}/refresh`, JSON.stringify({ refresh: begun.json('refresh') }), { headers: json });
  if (!must(next, 'refresh goes on with the session', (r) => r.status === 200 && r.json('session_id') === session)) return;

  const again = http.get(`${base}/authenticate`, bearer(next.json('access')));
  if (!must(again, 'the new token is accepted', (r) => r.status === 200 && r.json('sid') === session)) return;
  sleep(Math.random());

  const ended = http.post(`${base}/logout`, null, { ...bearer(next.json('access')), ...expecting(200, 401) });
  foundOver.add(ended.status === 401 ? 1 : 0);
  if (!must(ended, 'logout ends it', (r) => r.status === 200 || r.status === 401)) return;

  const over = http.post(`${base}/refresh`, JSON.stringify({ refresh: next.json('refresh') }), { headers: json, ...expecting(401) });
  if (!must(over, 'nothing is refreshed after it', (r) => r.status === 401)) return;
  sleep(heard);
  const refused = http.get(`${base}/authenticate`, { ...bearer(next.json('access')), ...expecting(401) });
  must(refused, 'no instance accepts its token', (r) => r.status === 401);
}
