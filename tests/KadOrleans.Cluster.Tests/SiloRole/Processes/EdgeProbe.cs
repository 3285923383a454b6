using System.Net;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Asks an edge single requests over UDP.</summary>
internal sealed class EdgeProbe(IPEndPoint edge) : IAsyncDisposable
{
    // Loopback loses nothing unless a buffer is full; whoever answers from memory does so at once.
    private const int Attempts = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CryptographicRandomSource _random = new();
    private readonly UdpAsker _asker = new(edge, 30);

    /// <summary>The id that answers a PING.</summary>
    public async Task<string> PingAsync()
    {
        var body = await AskAsync((destination, id) => RequestWriter.WritePing(destination, id, new PingRequest(NodeId.MaxValue)));
        Assert.True(ResponseReader.TryReadPong(body, out var node));
        return node.ToString();
    }

    /// <summary>Asks by FIND_NODE; what is answered must be readable.</summary>
    public async Task FindNodeAsync()
    {
        var target = NodeId.Random(_random);
        var body = await AskAsync((destination, id) => RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(NodeId.MaxValue, target)));
        Assert.True(ResponseReader.TryReadNodes(body, new Contact[64], out _));
    }

    /// <summary>Sends a STORE of <see cref="StoreLoad.ValueOf"/> once. The task ends with its answer, which may never come.</summary>
    public Task<byte[]> SendStore(NodeId key) => _asker.Ask((destination, id) =>
    {
        var request = new StoreRequest(NodeId.MaxValue, key, StoreLoad.ValueOf(key));
        return RequestWriter.TryWriteStore(destination, id, request, out var length) ? length : 0;
    });

    public ValueTask DisposeAsync() => _asker.DisposeAsync();

    private async Task<byte[]> AskAsync(UdpAsker.RequestWriting write)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _asker.Ask(write).WaitAsync(Patience);
            }
            catch (TimeoutException) when (attempt < Attempts)
            {
                // Asked again.
            }
        }
    }
}
