using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Values;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Handles each kind of request and writes its response. The writing methods return the response's length; 0 means no response.
/// </summary>
/// <param name="ownId">The node's id.</param>
/// <param name="table">Where contacts come from.</param>
/// <param name="store">Where values are.</param>
/// <param name="options">k, and how long a value lives.</param>
/// <param name="time">The clock of lives.</param>
internal sealed class RequestHandlers(
    NodeId ownId, IRoutingTable table, IKeyStore store, KademliaOptions options, TimeProvider time)
{
    /// <summary>Responds to PING with our id.</summary>
    public int WritePong(Span<byte> response, in RequestContext context) => ResponseWriter.WritePong(response, context.Id, ownId);

    /// <summary>Responds to STUN with the address that the request came from.</summary>
    public static int WriteStun(Span<byte> response, in RequestContext context) =>
        ResponseWriter.WriteStun(response, context.Id, context.Source);

    /// <summary>
    /// Responds to FIND_NODE with the k nearest contacts, nearest first. As other nodes do, it leaves out the sender (by its endpoint) and
    /// the target itself.
    /// </summary>
    public int WriteNodes(Span<byte> response, NodeId target, in RequestContext context)
    {
        Span<Contact> nearest = stackalloc Contact[options.BucketSize];
        var count = table.Snapshot.FindClosest(target, nearest, context.Source);
        return ResponseWriter.WriteNodes(response, context.Id, nearest[..count]);
    }

    /// <summary>Writes as many of the nearest contacts as fit into a number of bytes. Returns 0 if not even an empty list fits.</summary>
    public int WriteNodesWithin(int maxLength, Span<byte> response, NodeId target, in RequestContext context)
    {
        Span<Contact> nearest = stackalloc Contact[options.BucketSize];
        var count = table.Snapshot.FindClosest(target, nearest, context.Source);
        var fitting = -1;

        // Of twenty, two or three fit into twice a request: so counting up is shorter.
        while (fitting < count && ResponseWriter.WriteNodes(response, context.Id, nearest[..(fitting + 1)]) <= maxLength)
        {
            fitting++;
        }

        return fitting < 0 ? 0 : ResponseWriter.WriteNodes(response, context.Id, nearest[..fitting]);
    }

    /// <summary>Reads the value for a FIND_VALUE.</summary>
    public ValueTask<StoredValue?> FindValueAsync(NodeId key) => store.FindAsync(key, time.GetUtcNow());

    /// <summary>The value of a key, or that it is not held, if that takes no read from storage.</summary>
    public bool TryFindValue(NodeId key, out StoredValue? stored) => store.TryFind(key, time.GetUtcNow(), out stored);

    /// <summary>Responds to FIND_VALUE with the value if it is held here, else as to FIND_NODE.</summary>
    public int WriteValue(Span<byte> response, NodeId key, StoredValue? stored, in RequestContext context) => stored is null
        ? WriteNodes(response, key, context)
        : ResponseWriter.WriteValue(response, context.Id, stored.Value, RemainingLife.InSeconds(stored.LifeLeft(time.GetUtcNow())));

    /// <summary>Stores the value of a STORE, unless rules or quotas refuse it. Durable if the store is.</summary>
    public ValueTask<StoreResult> StoreAsync(in StoreRequest request, in RequestContext context)
    {
        var now = time.GetUtcNow();
        var source = context.IsTrusted ? SourceNetwork.Trusted : SourceNetwork.Of(context.Source);
        TimeSpan? life = request.SecondsLeft is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        return store.PutAsync(
            request.Key,
            new StoredValue(request.Value, now, now + options.Bound(life), source),
            life is null ? PutKind.Publication : request.IsChosen ? PutKind.WithLife : PutKind.Copy);
    }

    /// <summary>
    /// Responds to STORE with true if the value is held, and with false if it was refused or a newer one is held. If it was not decided, as
    /// storage failed, there is no response, so the sender may retry.
    /// </summary>
    public static int WriteStored(Span<byte> response, StoreResult result, in RequestContext context) =>
        result.IsUndecided()
            ? 0
            : ResponseWriter.WriteStored(response, context.Id, result == StoreResult.Stored);

    /// <summary>
    /// Responds for a client, which has no id and no contacts and stores nothing. It responds so that nodes which took it for a node do not
    /// wait for it.
    /// </summary>
    public static int WriteAsClient(Span<byte> response, RequestKind kind, in RequestContext context) => kind switch
    {
        RequestKind.Ping => ResponseWriter.WriteEmptyPong(response, context.Id),
        RequestKind.Stun => WriteStun(response, context),
        RequestKind.Store => ResponseWriter.WriteStored(response, context.Id, false),
        _ => ResponseWriter.WriteNodes(response, context.Id, []),
    };
}
