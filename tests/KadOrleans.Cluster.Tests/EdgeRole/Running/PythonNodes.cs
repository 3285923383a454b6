namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Nodes of the Python library <c>kademlia</c> in one process, which have joined a network on loopback.</summary>
internal sealed class PythonNodes(UdpEndpoint bootstrap, int count) : IAsyncDisposable
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

    private readonly List<NodeId> _ids = [];

    private readonly ChildProcess _process =
        ChildProcess.Start(new ProcessStartInfo(Machine.KademliaPython, ["-c", Script, "127.0.0.1", $"{bootstrap.Port}", $"{count}"]));

    public IReadOnlyList<NodeId> Ids => _ids;

    public async Task JoinedAsync()
    {
        while (_ids.Count < count)
        {
            _ids.Add(NodeId.Parse(await _process.NextLineAsync()));
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
