// Calls an API with a token that a Mintmark on this host keeps fresh:  node call.mjs UPSTREAM URL
//   UPSTREAM  such as http://127.0.0.1:8080/upstreams/crm
// Node 18 or later, no packages. A token that the API refuses is given up, and the call is made once more.

import http from "node:http";

// Not `fetch`: it marks its requests as a web page's, and a Mintmark that trusts this host does not trust the pages open on it.
function ask(upstream, path, body) {
  return new Promise((resolve, reject) => {
    const options = { method: body ? "POST" : "GET", headers: body ? { "Content-Type": "application/json" } : {} };
    const request = http.request(upstream + path, options, (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (part) => (text += part)).on("error", reject);
      reply.on("end", () => resolve({ status: reply.statusCode, wait: reply.headers["retry-after"], text }));
    });
    request.on("error", reject).end(body);
  });
}

async function token(upstream) {
  const reply = await ask(upstream, "/token");
  if (reply.status !== 200) throw new Error(`no token: ${reply.status}, come again in ${reply.wait ?? "?"} s`);
  return JSON.parse(reply.text).access_token;
}

async function invalidate(upstream, refused) {
  await ask(upstream, "/invalidate", JSON.stringify({ access_token: refused }));
}

export async function call(upstream, url) {
  let held = await token(upstream);
  // A redirect could lead to another origin, which must not see the token.
  const show = () => fetch(url, { headers: { Authorization: `Bearer ${held}` }, redirect: "manual" });
  let reply = await show();
  if (reply.status === 401) {
    await invalidate(upstream, held);
    held = await token(upstream);
    reply = await show();
  }
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return reply.text();
}

const [upstream, url] = process.argv.slice(2);
process.stdout.write(await call(upstream, url));
