using KadOrleans.Core;
using KadOrleans.Core.Clocks;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>Moves the times of values that were stored or published while the system's clock was behind.</summary>
internal sealed class TimeCorrector(IKeyStore store, IPublicationStore publications, TimeSpan timeToLive, ILogger logger)
{
    // The number of values written together, which share a transaction. Far below a store's queue.
    private const int Together = 1024;

    /// <summary>Runs the correction. Values whose write fails expire early.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public async Task RunAsync(ClockCorrection correction, CancellationToken cancellationToken)
    {
        var moved = 0;
        await foreach (var chunk in store.ScanAsync(cancellationToken).Chunk(Together).WithCancellation(cancellationToken))
        {
            var puts = chunk.Select(entry => MoveAsync(entry.Key, correction.Move(entry.Value, timeToLive), cancellationToken)).ToList();
            foreach (var put in puts)
            {
                moved += await put ? 1 : 0;
            }
        }

        await foreach (var (key, publication) in publications.ScanAsync(cancellationToken))
        {
            if (correction.Move(publication.PublishedAt) is { } publishedAt)
            {
                await publications.PutAsync(key, publication with { PublishedAt = publishedAt }, cancellationToken);
            }
        }

        logger.TimesCorrected(moved, correction.By.TotalSeconds);
    }

    // The same value with a later end of life is a renewal to every store.
    private async Task<bool> MoveAsync(NodeId key, StoredValue? value, CancellationToken cancellationToken) =>
        value is not null && await store.PutAsync(key, value, PutKind.Copy, cancellationToken) == StoreResult.Stored;
}
