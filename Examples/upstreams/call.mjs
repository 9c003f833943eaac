// Calls an API with a token that a Mintmark on this host keeps fresh:  node call.mjs UPSTREAM URL
//   UPSTREAM  such as http://127.0.0.1:8080/upstreams/crm
// Node 18 or later, no packages. A token that the API refuses is given up, and the call is made once more.

async function token(upstream) {
  const reply = await fetch(`${upstream}/token`);
  if (!reply.ok) throw new Error(`no token: ${reply.status}, come again in ${reply.headers.get("retry-after") ?? "?"} s`);
  return (await reply.json()).access_token;
}

async function invalidate(upstream, refused) {
  const body = JSON.stringify({ access_token: refused });
  await fetch(`${upstream}/invalidate`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

export async function call(upstream, url) {
  let held = await token(upstream);
  // A redirect could lead to another origin, which must not see the token.
  const ask = () => fetch(url, { headers: { Authorization: `Bearer ${held}` }, redirect: "manual" });
  let reply = await ask();
  if (reply.status === 401) {
    await invalidate(upstream, held);
    held = await token(upstream);
    reply = await ask();
  }
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return reply.text();
}

const [upstream, url] = process.argv.slice(2);
process.stdout.write(await call(upstream, url));
