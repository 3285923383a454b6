using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>
/// Gets values back that were damaged on the disk, from the other holders. Of keys that nobody knows, the holders' hourly republishing
/// brings them back (Kademlia §2.5).
/// </summary>
internal sealed class LostValues(DhtNode node, IKeyStore store, NodeEnvironment environment)
{
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<LostValues>();
    private readonly TimeProvider _time = environment.Time;

    /// <summary>Waits for a contact and asks for one key after the other, within the rate of republishing.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var keys = store.LostKeys;
        while (keys.Count > 0 && !node.HasGoodContact)
        {
            await Task.Delay(LookPause, _time, cancellationToken);
        }

        var pause = TimeSpan.FromSeconds(1 / node.Options.RepublishRate);
        var found = 0;
        foreach (var key in keys)
        {
            found += await TryGetAsync(key, cancellationToken) ? 1 : 0;
            await Task.Delay(pause, _time, cancellationToken);
        }

        if (keys.Count > 0)
        {
            _logger.LostValuesFound(found, keys.Count);
        }
    }

    private async Task<bool> TryGetAsync(NodeId key, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.GetAsync(key, _time.GetUtcNow(), cancellationToken) is not null)
            {
                return true;
            }

            var outcome = await node.AskAllHoldersAsync(key, cancellationToken);
            if (outcome.Value is not { } value)
            {
                return false;
            }

            var (now, most) = (_time.GetUtcNow(), node.Kademlia.ValueTimeToLive);
            var life = outcome.ValueLife ?? RemainingLife.WhenUnstated;
            var copy = new StoredValue(value, now, now + (life < most ? life : most), SourceNetwork.Trusted);
            return await store.PutCopyAsync(key, copy, cancellationToken) == StoreResult.Stored;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.MaintenanceFailed(nameof(LostValues), e);
            return false;
        }
    }
}
