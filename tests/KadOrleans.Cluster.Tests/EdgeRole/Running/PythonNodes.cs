namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Nodes of the Python library <c>kademlia</c> in one process, which have joined a network on loopback.</summary>
internal sealed class PythonNodes : IDisposable
{
    private const string Script =
        """
        import asyncio, logging, sys
        from kademlia.network import Server

        async def main():
            host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
            nodes = []
            for _ in range(count):
                node = Server()
                nodes.append(node)
                await node.listen(0, interface="127.0.0.1")
                await node.bootstrap([(host, port)])
                print(node.node.id.hex(), flush=True)
            await asyncio.Event().wait()

        logging.disable(logging.CRITICAL)
        asyncio.run(main())
        """;

    private readonly Process _process;
    private readonly int _count;
    private readonly List<NodeId> _ids = [];

    public PythonNodes(UdpEndpoint bootstrap, int count)
    {
        _count = count;
        _process = Process.Start(new ProcessStartInfo(Machine.KademliaPython, ["-c", Script, "127.0.0.1", $"{bootstrap.Port}", $"{count}"])
        {
            RedirectStandardOutput = true,
        })!;
    }

    public IReadOnlyList<NodeId> Ids => _ids;

    /// <summary>Waits until each has joined.</summary>
    public async Task JoinedAsync()
    {
        while (_ids.Count < _count)
        {
            _ids.Add(NodeId.Parse(await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
                ?? throw new InvalidOperationException($"{Machine.KademliaPython} ended after {_ids.Count} nodes.")));
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
