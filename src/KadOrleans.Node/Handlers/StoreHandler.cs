using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Answers STORE with true once the value is held (durably, where the store is), with false if the rules or quotas
/// refuse it or something newer is held, and not at all if the storage failed: nothing was promised, and the peer may try again.
/// </summary>
internal sealed class StoreHandler(IKeyStore store, KademliaOptions options, TimeProvider time)
{
    public ValueTask<StoreResult> StoreAsync(StoreRequest request, RequestContext context)
    {
        var rule = StoreRules.Check(request.Value);
        if (rule != StoreResult.Stored)
        {
            return ValueTask.FromResult(rule);
        }

        var now = time.GetUtcNow();
        var source = context.IsTrusted ? SourceNetwork.Trusted : SourceNetwork.Of(context.Source);
        if (request.SecondsLeft is not { } seconds)
        {
            return store.PutAsync(request.Key, new StoredValue(request.Value, now, now + options.ValueTimeToLive, source));
        }

        var life = TimeSpan.FromSeconds(seconds);
        var expiresAt = now + (life < options.ValueTimeToLive ? life : options.ValueTimeToLive);
        return store.PutCopyAsync(request.Key, new StoredValue(request.Value, now, expiresAt, source));
    }

    /// <summary>Writes the answer and returns its length: 0 for silence.</summary>
    public static int Answer(Span<byte> answer, StoreResult result, RequestContext context) =>
        result == StoreResult.StorageFailed
            ? 0
            : ResponseWriter.WriteStored(answer, context.Id, result == StoreResult.Stored);
}
