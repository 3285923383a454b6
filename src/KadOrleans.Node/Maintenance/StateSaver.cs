using KadOrleans.Core;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>
/// Saves the node's id and contacts: at an interval, soon after they changed, and when the node stops. An empty table
/// never replaces saved contacts: after an outage they are the way back.
/// </summary>
internal sealed class StateSaver(DhtNode node, INodeStateStore states, KadNodeOptions options, NodeEnvironment environment)
{
    /// <summary>Contacts saved, nearest first: a few buckets' worth is plenty to come back with.</summary>
    private const int MaxContacts = 1_000;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<StateSaver>();
    private long _savedVersion = -1;

    /// <summary>The contacts saved last, or taken over: the way back into the network.</summary>
    public IReadOnlyList<Contact> LastContacts { get; private set; } = [];

    /// <summary>Takes over what was saved by an earlier run.</summary>
    public void Begin(NodeState? saved) => LastContacts = saved?.Contacts ?? [];

    /// <summary>Saves until cancelled; a failure is logged and tried again next time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(
            options.StateChangeSaveDelay < options.StateSaveInterval ? options.StateChangeSaveDelay : options.StateSaveInterval,
            environment.Time);
        var savedAt = environment.Time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var isDue = environment.Time.GetElapsedTime(savedAt) >= options.StateSaveInterval;
            if (!isDue && node.RoutingTable.Version == _savedVersion)
            {
                continue;
            }

            try
            {
                await SaveAsync(cancellationToken);
                savedAt = environment.Time.GetTimestamp();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                _logger.StateNotSaved(e);
            }
        }
    }

    /// <summary>Saves now.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        var version = node.RoutingTable.Version;
        var contacts = node.Nearest(node.Id, MaxContacts);
        if (contacts.Count > 0)
        {
            LastContacts = contacts;
        }

        await states.SaveAsync(new NodeState(node.Id, LastContacts), cancellationToken);
        _savedVersion = version;
    }
}
