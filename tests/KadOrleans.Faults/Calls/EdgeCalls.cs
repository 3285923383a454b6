using System.Net;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Testing.Clusters;
using KadOrleans.Wire;

namespace KadOrleans.Faults.Calls;

/// <summary>Calls of one client to one edge, each sent once. A task ends with the answer, however late, or never.</summary>
internal sealed class EdgeCalls(IPEndPoint edge, byte source) : IAsyncDisposable
{
    private readonly UdpAsker _asker = new(edge, source, answersPings: true);
    private readonly CryptographicRandomSource _random = new();

    public Task PingAsync() => _asker.Ask((destination, id) => RequestWriter.WritePing(destination, id, new PingRequest(DhtNode.ClientId)));

    public Task FindNodeAsync()
    {
        var target = NodeId.Random(_random);
        return _asker.Ask((destination, id) => RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(DhtNode.ClientId, target)));
    }

    public async Task<DhtValue> FindValueAsync(NodeId key)
    {
        var body = await _asker.Ask((destination, id) =>
            RequestWriter.WriteFindValue(destination, id, new FindValueRequest(DhtNode.ClientId, key)));
        return ResponseReader.TryReadFindValue(body, [], out _, out var value) ? value : default;
    }

    public async Task<bool> StoreAsync(NodeId key, DhtValue value)
    {
        var body = await _asker.Ask((destination, id) =>
            RequestWriter.TryWriteStore(destination, id, new StoreRequest(DhtNode.ClientId, key, value), out var length) ? length : 0);
        return ResponseReader.TryReadStored(body, out var stored) && stored;
    }

    public ValueTask DisposeAsync() => _asker.DisposeAsync();
}

/// <summary>The protocol's calls, in the order of reports.</summary>
internal enum CallKind
{
    Ping,

    FindNode,

    FindValue,

    Store,
}

/// <summary>All calls, and their names in reports.</summary>
internal static class CallKinds
{
    public static IReadOnlyList<CallKind> All { get; } = Enum.GetValues<CallKind>();

    public static string NameOf(CallKind kind) => kind switch
    {
        CallKind.Ping => "PING",
        CallKind.FindNode => "FIND_NODE",
        CallKind.FindValue => "FIND_VALUE",
        _ => "STORE",
    };
}
