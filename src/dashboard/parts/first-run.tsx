/** What there is to see before the first run: how to make one. The script replaces it by the list once there is one. */
export function FirstRun({ origin }: { origin: string }) {
  return (
    <section id="runs" data-part data-list="/?part=list" data-refresh="" class="card first">
      <h2>No runs yet</h2>
      <p>
        A run carries out one command in a container, on a machine that lives only for that run. Start the
        first one:
      </p>
      <pre>
        <code>{`npx mayfly run --image debian:12 -- sh -c 'echo "hello from $(uname -sr)"'`}</code>
      </pre>
      <p>or over HTTP, with your API token:</p>
      <pre>
        <code>{`curl ${origin}/v1/runs \\
  -H "Authorization: Bearer $MAYFLY_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"image": "debian:12", "command": ["echo", "hello"]}'`}</code>
      </pre>
    </section>
  );
}
