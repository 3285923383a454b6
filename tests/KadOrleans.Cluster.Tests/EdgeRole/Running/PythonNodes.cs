using System.Diagnostics;
using System.Globalization;
using System.Net;

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

    private PythonNodes(Process process, IReadOnlyList<NodeId> ids) => (_process, Ids) = (process, ids);

    public IReadOnlyList<NodeId> Ids { get; }

    /// <summary>Starts them and waits until each has joined.</summary>
    public static async Task<PythonNodes> StartAsync(IPEndPoint bootstrap, int count, CancellationToken cancellationToken)
    {
        var process = Process.Start(new ProcessStartInfo(
            Machine.KademliaPython,
            ["-c", Script, $"{bootstrap.Address}", bootstrap.Port.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var ids = new List<NodeId>();
            while (ids.Count < count)
            {
                ids.Add(NodeId.Parse(await process.StandardOutput.ReadLineAsync(cancellationToken)
                    ?? throw new InvalidOperationException($"{Machine.KademliaPython} ended after {ids.Count} nodes.")));
            }

            return new PythonNodes(process, ids);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
