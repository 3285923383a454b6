using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Maintenance;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Values;

/// <summary>Sets values that a standalone node publishes from then on, by either acknowledgement.</summary>
internal sealed class OwnPublications(IPublicationStore store, TimeProvider time, ILogger logger)
{
    /// <summary>Stores a value in the network, and remembers the publication once a copy exists.</summary>
    public Task<SetResult> SetAsync(DhtNode node, NodeId key, DhtValue value, CancellationToken cancellationToken) =>
        node.Turns.RunAsync(key, async () =>
        {
            var result = await node.SetAsync(key, value, cancellationToken);
            return !result.Succeeded
                ? result
                : result with { Publication = await RememberAsync(key, new Publication(value, time.GetUtcNow()), cancellationToken) };
        });

    /// <summary>Stores a value in the network for a time, unless another value of the key is published.</summary>
    public Task<SetResult> SetForAsync(DhtNode node, NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken) =>
        node.Turns.RunAsync(key, async () =>
            await store.GetAsync(key, cancellationToken) is { } published && published.Value != value
                ? new SetResult { Local = StoreResult.Outdated }
                : await node.SetAsync(key, value, life, cancellationToken));

    /// <summary>Remembers the publication and sends it afterwards, if need be after the node's next start.</summary>
    /// <exception cref="ArgumentException">The value can't be stored anywhere; nothing is remembered.</exception>
    public async Task<SetResult> SetSoonAsync(
        MaintenanceRunner maintenance, NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var remembered = await RememberAsync(key, new Publication(value, time.GetUtcNow()) { IsPending = true }, cancellationToken);
        if (remembered == StoreResult.Stored)
        {
            maintenance.PublishSoon(key);
        }

        return new SetResult { Publication = remembered };
    }

    private async Task<StoreResult> RememberAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        var remembered = await store.PutAsync(key, publication, cancellationToken);
        if (remembered != StoreResult.Stored)
        {
            logger.NotRemembered(key, remembered);
        }

        return remembered;
    }
}
