using System.Net;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Testing.Clusters;
using KadOrleans.Wire;

namespace KadOrleans.Faults.Calls;

/// <summary>Calls of one client to one edge, each sent once. A task ends with the answer, however late, or never.</summary>
/// <param name="edge">Who is asked.</param>
/// <param name="source">The last number of the client's address 127.0.0.x.</param>
internal sealed class EdgeCalls(IPEndPoint edge, byte source) : IAsyncDisposable
{
    private readonly UdpAsker _asker = new(edge, source, answersPings: true);
    private readonly CryptographicRandomSource _random = new();

    /// <summary>PING.</summary>
    public Task PingAsync() => _asker.Ask((destination, id) => RequestWriter.WritePing(destination, id, new PingRequest(DhtNode.ClientId)));

    /// <summary>FIND_NODE of a random target.</summary>
    public Task FindNodeAsync()
    {
        var target = NodeId.Random(_random);
        return _asker.Ask((destination, id) => RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(DhtNode.ClientId, target)));
    }

    /// <summary>FIND_VALUE; without content where contacts were answered.</summary>
    public async Task<DhtValue> FindValueAsync(NodeId key)
    {
        var body = await _asker.Ask((destination, id) =>
            RequestWriter.WriteFindValue(destination, id, new FindValueRequest(DhtNode.ClientId, key)));
        return ResponseReader.TryReadFindValue(body, [], out _, out var value) ? value : default;
    }

    /// <summary>STORE; whether the edge says that it is stored.</summary>
    public async Task<bool> StoreAsync(NodeId key, DhtValue value)
    {
        var body = await _asker.Ask((destination, id) =>
            RequestWriter.TryWriteStore(destination, id, new StoreRequest(DhtNode.ClientId, key, value), out var length) ? length : 0);
        return ResponseReader.TryReadStored(body, out var stored) && stored;
    }

    public ValueTask DisposeAsync() => _asker.DisposeAsync();
}
